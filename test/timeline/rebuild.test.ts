/** One simulated run, seen twice: as the cluster recorded it, and as its API alone still tells it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EndpointSlice } from '../../src/api/kinds/endpoint_slice.ts'
import { Event } from '../../src/api/kinds/event.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { PodTimeline } from '../../src/api/kinds/pod_timeline.ts'
import { Service } from '../../src/api/kinds/service.ts'
import { isReady } from '../../src/api/pod.ts'
import type { TimelineSpan } from '../../src/api/types/pod_timeline.ts'
import { startVirtualCluster, type VirtualCluster } from '../../src/launch/virtual_cluster.ts'
import { lanesOf, timelineModel } from '../../src/timeline/model.ts'
import { rebuildTimelines } from '../../src/timeline/rebuild.ts'

const NAMESPACE = 'default'

async function observe(cluster: VirtualCluster): Promise<{ recorded: readonly PodTimeline[]; rebuilt: readonly PodTimeline[] }> {
  const { client } = cluster
  const list = async <T extends Pod>(kind: unknown) =>
    (await cluster.run(client.list(kind as typeof Pod, { namespace: NAMESPACE }))).items as unknown as readonly T[]
  const [pods, endpointSlices, events, recorded] = [await list(Pod), await list(EndpointSlice), await list(Event), await list(PodTimeline)]
  const objects = { pods, endpointSlices, events } as unknown as Parameters<typeof rebuildTimelines>[0]
  return { recorded: recorded as unknown as readonly PodTimeline[], rebuilt: rebuildTimelines(objects) }
}

async function runs(cluster: VirtualCluster, pod: object): Promise<void> {
  await cluster.run(cluster.client.create(Pod, pod as never))
}

const podOf = async (cluster: VirtualCluster, name: string) => cluster.run(cluster.client.get(Pod, { namespace: NAMESPACE, name }).catch(() => undefined))

async function reaches(cluster: VirtualCluster, name: string, holds: (pod: Pod) => boolean): Promise<void> {
  for (let second = 0; second < 240; second++) {
    const pod = await podOf(cluster, name)
    if (pod && holds(pod)) return
    await cluster.advance(1_000)
  }
  assert.fail(`${name} is not as it should be`)
}

const timelineOf = (timelines: readonly PodTimeline[], name: string): PodTimeline => timelines.find(({ pod }) => pod.name === name)!
/** Which life of a container a probe asked, or a hook belonged to, the API does not tell. */
const nameOf = ({ type, container, probe, service, restart, result }: TimelineSpan): string =>
  [type, container, probe, service, restart, result].filter(one => one !== undefined).join(' ')

/** What both know must be within a second; objects cut the fraction off. */
function compare(recorded: PodTimeline, rebuilt: PodTimeline): string[] {
  const agreed: string[] = []
  for (const span of rebuilt.spans) {
    const matching = recorded.spans.filter(
      other =>
        nameOf(span.restart === undefined ? ({ ...other, restart: undefined } as never) : other) === nameOf(span) &&
        (span.type !== 'Endpoint' || other.reason === span.reason),
    )
    for (const field of ['startAt', 'finishAt'] as const) {
      const told = span[field]
      if (!told || matching.length === 0) continue
      const nearest = Math.min(...matching.flatMap(other => (other[field] ? [Math.abs(Date.parse(other[field]!) - Date.parse(told))] : [])))
      assert.ok(nearest <= 1_000, `${nameOf(span)} ${field}: rebuilt ${told}, recorded ${matching.map(other => other[field]).join(', ')}`)
      agreed.push(`${nameOf(span)} ${field}`)
    }
  }
  return agreed
}

const web = {
  metadata: {
    namespace: NAMESPACE,
    name: 'web',
    labels: { app: 'web' },
    annotations: { 'simulate.poise.dev/web': 'start=3s, listen=8080, drain=2500ms', 'simulate.poise.dev/prepare': 'after=4s' },
  },
  spec: {
    initContainers: [{ name: 'prepare', image: 'prepare:1' }],
    containers: [
      {
        name: 'web',
        image: 'web:1',
        readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
        lifecycle: { preStop: { sleep: { seconds: 4 } } },
      },
    ],
  },
}

test('a Pod that starts, serves and leaves: what its API tells agrees with what was recorded', async () => {
  const cluster = await startVirtualCluster({ seed: 11, runtime: { pullMs: [1_700, 1_700] } })
  await cluster.run(
    cluster.client.create(Service, {
      metadata: { namespace: NAMESPACE, name: 'web' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
    } as never),
  )
  await runs(cluster, web)
  await reaches(cluster, 'web', isReady)
  await cluster.advance(20_000)
  const serving = await observe(cluster)
  const agreed = compare(timelineOf(serving.recorded, 'web'), timelineOf(serving.rebuilt, 'web'))
  for (const span of [
    'Scheduling startAt',
    'Scheduling finishAt',
    'Sandbox finishAt',
    'ImagePull prepare startAt',
    'ImagePull prepare finishAt',
    'ImagePull web startAt',
    'ImagePull web finishAt',
    'ContainerStart web 0 startAt',
    'ContainerStart web 0 finishAt',
    'InitContainer prepare 0 startAt',
    'InitContainer prepare 0 finishAt',
    'Container web 0 startAt',
    'Probe web readiness failure startAt',
    'Probe web readiness success startAt',
    'Ready startAt',
    'Endpoint web startAt',
  ]) {
    assert.ok(agreed.includes(span), `${span} is rebuilt; there are: ${agreed.join(', ')}`)
  }
  const stories = [serving.recorded, serving.rebuilt].map(timelines => lanesOf(timelineModel([timelineOf(timelines, 'web')]))[0]!.ready!)
  assert.ok(Math.abs(stories[0]!.toMs - stories[0]!.fromMs - (stories[1]!.toMs - stories[1]!.fromMs)) <= 1_000)

  await cluster.run(cluster.client.delete(Pod, { namespace: NAMESPACE, name: 'web' }))
  await cluster.advance(5_000)
  const leaving = await observe(cluster)
  const left = compare(timelineOf(leaving.recorded, 'web'), timelineOf(leaving.rebuilt, 'web'))
  for (const span of ['Deletion startAt', 'Terminating startAt', 'PreStop web 0 startAt', 'Endpoint web startAt'])
    assert.ok(left.includes(span) || left.includes(span.replace(' 0', '')), `${span} of ${left.join(', ')}`)
  await cluster.advance(30_000)
  const after = await observe(cluster)
  const gone = timelineOf(after.rebuilt, 'web')
  assert.equal(await podOf(cluster, 'web'), undefined)
  // Events outlive the Pod, and say that it was there.
  compare(timelineOf(after.recorded, 'web'), gone)
  assert.ok(gone.spans.some(({ type, origin }) => type === 'Deletion' && origin === 'unknown'))
  await cluster.stop()
})

test('restarts: the API keeps the last end, and says that there were more', async () => {
  const cluster = await startVirtualCluster({ seed: 12 })
  await runs(cluster, {
    metadata: { namespace: NAMESPACE, name: 'worker', annotations: { 'simulate.poise.dev/worker': 'after=2s, exit=3' } },
    spec: { containers: [{ name: 'worker', image: 'worker:1' }] },
  })
  await reaches(cluster, 'worker', ({ status }) => status.containerStatuses?.[0]?.restartCount === 3)
  const { recorded, rebuilt } = await observe(cluster)
  const agreed = compare(timelineOf(recorded, 'worker'), timelineOf(rebuilt, 'worker'))
  for (const span of ['Container worker 2 startAt', 'Container worker 2 finishAt', 'Container worker 3 startAt'])
    assert.ok(agreed.includes(span), `${span} of ${agreed.join(', ')}`)
  const earlier = timelineOf(rebuilt, 'worker').spans.find(({ type, origin }) => type === 'Container' && origin === 'unknown')
  assert.equal(earlier?.message, '2 earlier runs')
  assert.ok(timelineOf(rebuilt, 'worker').spans.every(({ origin, startMs }) => origin !== 'recorded' && startMs === undefined))
  await cluster.stop()
})

test('a Pod that no node will have waits, and why is told', async () => {
  const cluster = await startVirtualCluster({ seed: 13 })
  await runs(cluster, {
    metadata: { namespace: NAMESPACE, name: 'huge' },
    spec: { containers: [{ name: 'c', image: 'c:1', resources: { requests: { cpu: '100' } } }] },
  })
  await cluster.advance(3_000)
  const { rebuilt } = await observe(cluster)
  const { spans } = timelineOf(rebuilt, 'huge')
  assert.deepEqual(
    spans.map(({ type, origin, finishAt, reason }) => [type, origin, finishAt, reason]),
    [['Scheduling', 'derived', undefined, 'Unschedulable']],
  )
  assert.match(spans[0]!.message!, /Insufficient cpu/)
  await cluster.stop()
})
