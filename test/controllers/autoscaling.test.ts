/** An autoscaler over a whole cluster in virtual time: real metrics of simulated containers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Event } from '../../src/api/kinds/event.ts'
import { HorizontalPodAutoscaler } from '../../src/api/kinds/horizontal_pod_autoscaler.ts'
import { HorizontalPodAutoscalerV1 } from '../../src/api/kinds/horizontal_pod_autoscaler_v1.ts'
import { ReplicaSet } from '../../src/api/kinds/replica_set.ts'
import { isReason } from '../../src/api/status.ts'
import type { Draft } from '../../src/client/client.ts'
import { startVirtualCluster } from '../../src/launch/virtual_cluster.ts'

const namespace = 'default'
const labels = { app: 'busy' }

const replicaSet = (script: string, requests: object = { cpu: '500m' }) =>
  ({
    metadata: { name: 'busy', namespace },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [{ name: 'main', image: 'stress-ng:1', command: ['sh', '-c', script], resources: { requests } }],
          terminationGracePeriodSeconds: 0,
        },
      },
    },
  }) as unknown as Draft<ReplicaSet>

const autoscaler = (spec: object = {}) =>
  ({
    metadata: { name: 'busy', namespace },
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'busy' }, maxReplicas: 6, ...spec },
  }) as unknown as Draft<HorizontalPodAutoscaler>

async function begin(seed: number) {
  const cluster = await startVirtualCluster({ seed, nodes: 2 })
  const { client, run } = cluster
  return {
    cluster,
    client,
    run,
    get: () => run(client.get(HorizontalPodAutoscaler, { namespace, name: 'busy' })),
    size: async () => (await run(client.get(ReplicaSet, { namespace, name: 'busy' }))).spec.replicas,
    async condition(type: string) {
      const found = (await this.get()).status?.conditions?.find(condition => condition.type === type)
      return found && `${found.status} ${found.reason}: ${found.message}`
    },
    async said(reason: string) {
      const { items } = await run(client.list(Event, { namespace }))
      return items.filter(event => event.reason === reason && event.involvedObject.kind === 'HorizontalPodAutoscaler').map(({ message }) => message)
    },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  }
}

test('busy Pods become more, up to the most there may be, and fewer five minutes after they have come to rest', async () => {
  await using story = await begin(1)
  // Each is busy for its first ten minutes.
  await story.run(story.client.create(ReplicaSet, replicaSet('stress-ng --cpu 1 --timeout 600s; sleep 100000')))
  await story.run(story.client.create(HorizontalPodAutoscaler, autoscaler()))
  await story.cluster.advance(5_000)
  assert.match(
    (await story.condition('ScalingActive'))!,
    /^False FailedGetResourceMetric: the HPA was unable to compute the replica count: failed to get cpu utilization: /,
  )
  await story.cluster.advance(115_000)
  // 200 % of what they ask for, and 80 % are wanted: doubled to at most four, then as many as there may be.
  assert.equal(await story.size(), 6)
  assert.deepEqual(await story.said('SuccessfulRescale'), [
    'New size: 3; reason: cpu resource utilization (percentage of request) above target',
    'New size: 6; reason: cpu resource utilization (percentage of request) above target',
  ])
  await story.cluster.advance(120_000)
  assert.equal(await story.condition('ScalingLimited'), 'True TooManyReplicas: the desired replica count is more than the maximum replica count')
  assert.equal(await story.condition('AbleToScale'), 'True ReadyForNewScale: recommended size matches current size')
  const { status } = await story.get()
  assert.deepEqual([status?.currentReplicas, status?.desiredReplicas, status?.currentMetrics?.[0]?.resource?.current.averageUtilization], [6, 6, 200])
  await story.cluster.advance(600_000)
  assert.match((await story.condition('AbleToScale'))!, /^True ScaleDownStabilized: /)
  await story.cluster.advance(360_000)
  assert.equal(await story.size(), 1)
  assert.equal((await story.said('SuccessfulRescale')).at(-1), 'New size: 1; reason: All metrics below target')
})

test('what a new autoscaler finds stays for five minutes, however little it does', async () => {
  await using story = await begin(7)
  await story.run(story.client.create(ReplicaSet, replicaSet('sleep 100000')))
  await story.run(story.client.patch(ReplicaSet, { namespace, name: 'busy' }, { type: 'merge', body: { spec: { replicas: 3 } } }))
  await story.cluster.advance(60_000)
  await story.run(story.client.create(HorizontalPodAutoscaler, autoscaler()))
  await story.cluster.advance(299_000)
  assert.equal(await story.size(), 3)
  assert.match((await story.condition('AbleToScale'))!, /^True ScaleDownStabilized: /)
  await story.cluster.advance(20_000)
  assert.equal(await story.size(), 1)
})

test('what is outside the bounds is brought back without asking for metrics; nobody scales what is switched off', async () => {
  await using story = await begin(2)
  await story.run(story.client.create(ReplicaSet, { ...replicaSet('sleep 100000', {}) }))
  await story.run(story.client.create(HorizontalPodAutoscaler, autoscaler({ minReplicas: 3 })))
  await story.cluster.advance(100)
  assert.equal(await story.size(), 3)
  assert.deepEqual(await story.said('SuccessfulRescale'), ['New size: 3; reason: Current number of replicas below Spec.MinReplicas'])
  await story.run(story.client.patch(ReplicaSet, { namespace, name: 'busy' }, { type: 'merge', body: { spec: { replicas: 0 } } }))
  await story.cluster.advance(60_000)
  assert.equal(await story.size(), 0)
  assert.equal(await story.condition('ScalingActive'), 'False ScalingDisabled: scaling is disabled since the replica count of the target is zero')
})

test('what cannot be scaled is said', async () => {
  await using story = await begin(3)
  await story.run(story.client.create(HorizontalPodAutoscaler, autoscaler()))
  await story.cluster.advance(100)
  assert.equal(
    await story.condition('AbleToScale'),
    'False FailedGetScale: the HPA controller was unable to get the target\'s current scale: replicasets.apps "busy" not found',
  )
  await story.run(story.client.create(ReplicaSet, replicaSet('sleep 100000', {})))
  await story.cluster.advance(60_000)
  assert.match(
    (await story.condition('ScalingActive'))!,
    /^False FailedGetResourceMetric: .*missing request for cpu in container main of Pod busy-[a-z0-9]{5}$/,
  )
  await story.run(
    story.client.patch(
      HorizontalPodAutoscaler,
      { namespace, name: 'busy' },
      {
        type: 'merge',
        body: { spec: { metrics: [{ type: 'Pods', pods: { metric: { name: 'hits' }, target: { type: 'AverageValue', averageValue: '10' } } }] } },
      },
    ),
  )
  await story.cluster.advance(100)
  assert.match(
    (await story.condition('ScalingActive'))!,
    /^False FailedGetPodsMetric: .*the server could not find the requested resource \(get pods\.custom\.metrics\.k8s\.io\)$/,
  )
})

test('each metric has its place in the status, also one that cannot be had; with it Pods never become fewer', async () => {
  await using story = await begin(6)
  const { client, run, cluster } = story
  await run(client.create(ReplicaSet, replicaSet('sleep 100000', { cpu: '500m', memory: '64Mi' })))
  await run(client.patch(ReplicaSet, { namespace, name: 'busy' }, { type: 'merge', body: { spec: { replicas: 4 } } }))
  const metrics = [
    { type: 'Pods', pods: { metric: { name: 'hits' }, target: { type: 'AverageValue', averageValue: '10' } } },
    { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } } },
  ]
  await run(client.create(HorizontalPodAutoscaler, autoscaler({ metrics })))
  await cluster.advance(600_000)
  const { status } = await story.get()
  assert.deepEqual(
    status?.currentMetrics?.map(({ type, resource }) => [type, resource?.name]),
    [
      ['', undefined],
      ['Resource', 'memory'],
    ],
  )
  assert.match(status?.currentMetrics?.[1]?.resource?.current.averageValue ?? '', /^[0-9]+[kM]?$/)
  assert.deepEqual([status?.currentReplicas, status?.desiredReplicas], [4, 0], 'nothing was decided yet')
  assert.match(
    (await story.said('FailedComputeMetricsReplicas')).at(-1)!,
    /^invalid metrics \(1 invalid out of 2\), first error is: failed to get pods metric value: unable to get metric hits: unable to fetch metrics from custom metrics API: /,
  )
  assert.equal(await story.size(), 4)
})

test('two autoscalers of the same Pods scale nothing, and say so', async () => {
  await using story = await begin(7)
  const { client, run, cluster } = story
  await run(client.create(ReplicaSet, replicaSet('stress-ng --cpu 1')))
  await run(client.create(HorizontalPodAutoscaler, autoscaler()))
  await run(client.create(HorizontalPodAutoscaler, { ...autoscaler(), metadata: { name: 'rival', namespace } }))
  await cluster.advance(300_000)
  const message = 'pods by selector app=busy are controlled by multiple HPAs: [default/busy default/rival]'
  assert.equal(await story.condition('ScalingActive'), `False AmbiguousSelector: ${message}`)
  assert.equal((await story.said('AmbiguousSelector')).at(-1), message)
  assert.equal(await story.size(), 1)
  await run(client.delete(HorizontalPodAutoscaler, { namespace, name: 'rival' }))
  await cluster.advance(60_000)
  assert.ok((await story.size()) > 1)
})

test('a kind that has no size cannot be scaled', async () => {
  await using story = await begin(8)
  await story.run(story.client.create(HorizontalPodAutoscaler, autoscaler({ scaleTargetRef: { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'busy' } })))
  await story.cluster.advance(100)
  assert.match((await story.condition('AbleToScale'))!, /: the server could not find the requested resource/)
})

test('autoscaling/v1 is the same object, and what it has no field for outlives its updates', async () => {
  await using story = await begin(4)
  const { client, run } = story
  const key = { namespace, name: 'busy' }
  const target = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'busy' }
  await run(
    client.create(HorizontalPodAutoscalerV1, {
      metadata: key,
      spec: { scaleTargetRef: target, minReplicas: 1, maxReplicas: 5, targetCPUUtilizationPercentage: 70 },
    }),
  )
  assert.deepEqual((await story.get()).spec.metrics, [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } }])
  const memory = { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '10Mi' } } }
  const behavior = { scaleDown: { stabilizationWindowSeconds: 10 } }
  const { metrics } = (await story.get()).spec
  await run(client.patch(HorizontalPodAutoscaler, key, { type: 'merge', body: { spec: { metrics: [...metrics!, memory], behavior } } }))
  await run(client.patch(HorizontalPodAutoscalerV1, key, { type: 'merge', body: { spec: { maxReplicas: 9, targetCPUUtilizationPercentage: 60 } } }))
  const { spec } = await story.get()
  assert.deepEqual(
    [spec.maxReplicas, spec.metrics?.map(({ resource }) => resource?.target.averageUtilization ?? resource?.target.averageValue)],
    [9, [60, '10Mi']],
  )
  assert.equal(spec.behavior?.scaleDown?.stabilizationWindowSeconds, 10)
})

test('what is wrong with an autoscaler is named by its field', async () => {
  await using story = await begin(5)
  const refusal = async (spec: object) => {
    const error = await story.run(story.client.create(HorizontalPodAutoscaler, autoscaler(spec)).catch((thrown: unknown) => thrown))
    assert.ok(isReason(error, 'Invalid'), String(error))
    return error.message
  }
  assert.match(await refusal({ maxReplicas: undefined }), /spec\.maxReplicas: Invalid value: 0: must be greater than 0/)
  assert.match(await refusal({ maxReplicas: 0 }), /spec\.maxReplicas: Invalid value: 0: must be greater than 0/)
  assert.match(await refusal({ minReplicas: 7 }), /spec\.maxReplicas: Invalid value: 6: must be greater than or equal to `minReplicas`/)
  assert.match(await refusal({ minReplicas: 0 }), /spec\.minReplicas: Invalid value: 0: must be greater than or equal to 1/)
  assert.match(await refusal({ scaleTargetRef: { kind: 'Deployment', name: '' } }), /spec\.scaleTargetRef\.name: Required value/)
  assert.match(
    await refusal({ metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization' } } }] }),
    /spec\.metrics\[0\]\.resource\.target\.averageUtilization: Required value: must set either a target raw value or a target utilization/,
  )
  const target = { type: 'Half', value: '1' }
  const refused = await refusal({
    metrics: [
      { type: 'Pods', pods: { metric: { name: 'hits' }, target } },
      { type: 'External', external: { metric: { name: 'hits' }, target: { type: 'Value', value: '1', averageValue: '1' } } },
      { type: 'ContainerResource', containerResource: { name: 'cpu', container: 'No', target: { averageValue: '1' } } },
    ],
    behavior: { scaleDown: { selectPolicy: 'Most', policies: [{ type: 'Apples', value: 1, periodSeconds: 1 }] } },
  })
  for (const part of [
    'spec.metrics[0].pods.target.type: Invalid value: "Half": must be either Utilization, Value, or AverageValue',
    'spec.metrics[0].pods.target.averageValue: Required value: must specify a positive target averageValue',
    'spec.metrics[1].external.target.value: Forbidden: may not set both a target value for metric and a per-pod target',
    'spec.metrics[2].containerResource.container: Invalid value: "No": a lowercase RFC 1123 label must consist of',
    'spec.metrics[2].containerResource.target.type: Required value: must specify a metric target type',
    'spec.behavior.scaleDown.selectPolicy: Unsupported value: "Most": supported values: "Disabled", "Max", "Min"',
    'spec.behavior.scaleDown.policies[0].type: Unsupported value: "Apples": supported values: "Percent", "Pods"',
  ])
    assert.ok(refused.includes(part), `${part}\n in \n${refused}`)
  assert.match(
    await refusal({ behavior: { scaleUp: { policies: [{ type: 'Pods', value: 0, periodSeconds: 1801 }] } } }),
    /policies\[0\]\.value: Invalid value: 0: must be greater than zero.*periodSeconds: Invalid value: 1801: must be less than or equal to 1800/,
  )
})
