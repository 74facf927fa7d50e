/** What Kubernetes' conformance tests of sig-scheduling say, over a whole cluster in virtual time. Each test is called as it is there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod } from '../../src/api/kinds/pod.ts'
import { PriorityClass } from '../../src/api/kinds/priority_class.ts'
import { ReplicaSet } from '../../src/api/kinds/replica_set.ts'
import { podCondition } from '../../src/api/pod.ts'
import { isReason } from '../../src/api/status.ts'
import { begin, HOSTNAME, type Site } from './site.ts'

const DEVICE = 'scheduling.k8s.io/foo'

test('validates resource limits of pods that are allowed to run', async () => {
  const site = await begin({ seed: 1, nodes: 2 })
  for (const node of ['node-0', 'node-1'])
    await site.place(`filler-${node}`, { requests: { cpu: '2800m' }, limits: { cpu: '2800m' }, nodeSelector: { [HOSTNAME]: node } })
  const message = await site.failToPlace('additional-pod', { requests: { cpu: '2' }, limits: { cpu: '2' } })
  assert.match(message, /^0\/2 nodes are available: 2 Insufficient cpu\. /)
  await site.advance(100)
  const [event] = await site.said('additional-pod', 'FailedScheduling')
  assert.deepEqual([event?.type, event?.message], ['Warning', message])
  await site.cluster.stop()
})

test('validates that NodeSelector is respected if matching', async () => {
  const site = await begin({ seed: 2, nodes: 3 })
  await site.label('node-1', { 'kubernetes.io/e2e-1': '42' })
  assert.equal(await site.place('with-labels', { nodeSelector: { 'kubernetes.io/e2e-1': '42' } }), 'node-1')
  await site.cluster.stop()
})

test('validates that NodeSelector is respected if not matching', async () => {
  const site = await begin({ seed: 3, nodes: 2 })
  const message = await site.failToPlace('restricted-pod', { nodeSelector: { label: 'nonempty' } })
  assert.match(message, /^0\/2 nodes are available: 2 node\(s\) didn't match Pod's node affinity\/selector\. /)
  await site.cluster.stop()
})

test('validates that there exists conflict between pods with same hostPort and protocol but one using 0.0.0.0 hostIP', async () => {
  const site = await begin({ seed: 4 })
  const wishes = (hostIP: string | undefined) => ({
    containers: [{ name: 'main', image: 'nginx:1', ports: [{ containerPort: 8080, hostPort: 54322, protocol: 'TCP', ...(hostIP && { hostIP }) }] }],
  })
  await site.place('pod4', wishes(undefined))
  const message = await site.failToPlace('pod5', wishes('10.0.0.1'))
  assert.match(message, /^0\/1 nodes are available: 1 node\(s\) didn't have free ports for the requested pod ports\. /)
  await site.cluster.stop()
})

test('validates basic preemption works', async () => {
  const site = await beginWithDevices(5)
  await site.place('low', device('4', { priorityClassName: 'low-priority', terminationGracePeriodSeconds: 20, nodeSelector: { [HOSTNAME]: 'node-0' } }))
  await site.place('medium', device('4', { priorityClassName: 'medium-priority', nodeSelector: { [HOSTNAME]: 'node-1' } }))
  for (const name of ['low', 'medium']) await site.running(name)
  await site.place('preemptor-pod', device('3', { priorityClassName: 'high-priority' }))
  await assertPreempted(site, 'low')
  assert.equal((await site.get('medium')).metadata.deletionTimestamp, undefined)
  await site.cluster.stop()
})

test('validates lower priority pod preemption by critical pod', async () => {
  const site = await beginWithDevices(6)
  await site.place('low', device('4', { priorityClassName: 'low-priority', nodeSelector: { [HOSTNAME]: 'node-0' } }))
  await site.place('medium', device('4', { priorityClassName: 'medium-priority', nodeSelector: { [HOSTNAME]: 'node-1' } }))
  for (const name of ['low', 'medium']) await site.running(name)
  await site.create('critical-pod', device('3', { priorityClassName: 'system-cluster-critical', namespace: 'kube-system' }))
  await site.advance(10_000)
  assert.equal((await site.get('critical-pod', 'kube-system')).spec.nodeName, 'node-0')
  await assertPreempted(site, 'low')
  assert.equal((await site.get('medium')).metadata.deletionTimestamp, undefined)
  await site.cluster.stop()
})

test('validates pod disruption condition is added to the preempted pod', async () => {
  const site = await beginWithDevices(7, 1)
  await site.place('victim-pod', device('4', { priorityClassName: 'low-priority', finalizers: ['example.com/test-finalizer'] }))
  await site.running('victim-pod')
  await site.create('preemptor-pod', device('3', { priorityClassName: 'high-priority' }))
  await site.until('victim-pod', ({ metadata }) => metadata.deletionTimestamp !== undefined)
  const condition = podCondition(await site.get('victim-pod'), 'DisruptionTarget')
  assert.deepEqual([condition?.status, condition?.reason], ['True', 'PreemptionByScheduler'])
  await site.run(site.client.patch(Pod, { namespace: 'default', name: 'victim-pod' }, { type: 'merge', body: { metadata: { finalizers: null } } }))
  await site.gone('victim-pod')
  await site.until('preemptor-pod', ({ spec }) => spec.nodeName === 'node-0')
  await site.cluster.stop()
})

test('PreemptionExecutionPath runs ReplicaSets to verify preemption running path', async () => {
  const site = await begin({ seed: 8 })
  const { client, run } = site
  await site.changeNode('node-0', { status: { capacity: { 'example.com/fakecpu': '1000' }, allocatable: { 'example.com/fakecpu': '1000' } } }, 'status')
  const fakecpu = (amount: string) => ({ 'example.com/fakecpu': amount })
  for (const priority of [1, 2, 3, 4]) await site.priorityClass(`p${priority}`, priority)
  for (const [priority, amount] of [
    [1, '200'],
    [2, '300'],
    [3, '450'],
  ] as const) {
    const labels = { name: `pod${priority}` }
    const containers = [{ name: 'main', image: 'nginx:1', resources: { requests: fakecpu(amount), limits: fakecpu(amount) } }]
    const template = { metadata: { labels }, spec: { containers, priorityClassName: `p${priority}` } }
    await run(
      client.create(ReplicaSet, {
        metadata: { name: `rs-pod${priority}`, namespace: 'default' },
        spec: { replicas: 1, selector: { matchLabels: labels }, template },
      } as never),
    )
    await site.advance(5_000)
  }
  await site.place('pod4', { requests: fakecpu('500'), limits: fakecpu('500'), priorityClassName: 'p4' })
  await site.advance(5_000)
  const { items } = await run(client.list(Pod, { namespace: 'default' }))
  const placed = items.filter(({ spec }) => spec.nodeName).map(({ metadata }) => metadata.labels?.['name'] ?? metadata.name!)
  assert.deepEqual(placed.toSorted(), ['pod3', 'pod4'])
  const preempted = await run(client.list(Pod, { namespace: 'default', labelSelector: 'name in (pod1,pod2)' }))
  assert.deepEqual(
    preempted.items.map(({ status }) => status.phase),
    ['Pending', 'Pending'],
    'made anew by their ReplicaSets, and waiting',
  )
  await site.cluster.stop()
})

test('PriorityClass endpoints verify PriorityClass endpoints can be operated with different HTTP methods', async () => {
  const site = await begin({ seed: 9 })
  const { client, run } = site
  await site.priorityClass('p1', 1)
  await site.priorityClass('p2', 2)
  const key = { namespace: '', name: 'p1' }
  const list = await run(client.list(PriorityClass))
  assert.ok(['p1', 'p2'].every(name => list.items.some(({ metadata }) => metadata.name === name)))
  const described = await run(client.patch(PriorityClass, key, { type: 'merge', body: { description: 'patched' } }))
  assert.equal(described.description, 'patched')
  assert.equal((await run(client.update(PriorityClass, { ...described, description: 'updated' }))).description, 'updated')
  await assert.rejects(run(client.patch(PriorityClass, key, { type: 'merge', body: { value: 10 } })), (error: unknown) => isReason(error, 'Invalid'))
  assert.equal((await run(client.get(PriorityClass, key))).value, 1)
  await run(client.delete(PriorityClass, key))
  await assert.rejects(run(client.get(PriorityClass, key)), (error: unknown) => isReason(error, 'NotFound'))
  await site.cluster.stop()
})

/** Five devices on each node, as the suite adds them. */
async function beginWithDevices(seed: number, nodes = 2): Promise<Site> {
  const site = await begin({ seed, nodes })
  for (let i = 0; i < nodes; i++) await site.changeNode(`node-${i}`, { status: { capacity: { [DEVICE]: '5' }, allocatable: { [DEVICE]: '5' } } }, 'status')
  await site.priorityClass('low-priority', 1)
  await site.priorityClass('medium-priority', 100)
  await site.priorityClass('high-priority', 1_000)
  return site
}

const device = (amount: string, more: object) => ({ requests: { [DEVICE]: amount }, limits: { [DEVICE]: amount }, ...more })

/** Gone, or on its way. */
async function assertPreempted(site: Site, name: string): Promise<void> {
  const pod = await site.find(name)
  assert.ok(!pod || pod.metadata.deletionTimestamp, `${name} is still there`)
}
