import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../api/kinds/pod.ts'
import { allocationOf, inOrderOfResize, judgeResize, withAllocation } from './allocation.ts'
import { resizeCompleted } from './resize_message.ts'

const resources = (cpu: string, memory = '1Gi') => ({ requests: { cpu, memory }, limits: { cpu, memory } })
const podOf = (name: string, cpu: string, spec: object = {}): Pod =>
  ({ metadata: { name }, spec: { containers: [{ name: 'a', resources: resources(cpu) }], ...spec }, status: {} }) as unknown as Pod

test('what a Pod was given takes the place of what it asks for', () => {
  const init = { name: 'i', resources: resources('1') }
  const before = podOf('p', '1', { initContainers: [init, { ...init, name: 's', restartPolicy: 'Always' }] })
  const after = podOf('p', '2', { initContainers: [init, { name: 's', restartPolicy: 'Always', resources: resources('3') }] })
  assert.deepEqual(Object.keys(allocationOf(before)), ['s', 'a'], 'a plain init container cannot be changed')
  assert.deepEqual(withAllocation(after, allocationOf(before)), before)
  assert.equal(withAllocation(after, allocationOf(after)), after, 'the very same object where nothing differs')
  assert.equal(withAllocation(podOf('p', '1000m'), allocationOf(podOf('p', '1'))).spec.containers[0]!.resources.requests?.cpu, '1000m', 'amounts, not texts')
})

test('a resize fits, waits, or can never be', () => {
  const node = { cpuMilli: 4000, memoryBytes: 2 ** 31 }
  const full = () => ({ message: 'full' })
  assert.deepEqual(
    judgeResize(podOf('p', '4'), node, () => undefined),
    { fits: true },
  )
  assert.deepEqual(judgeResize(podOf('p', '4'), node, full), { fits: false, reason: 'Deferred', message: 'full' })
  assert.deepEqual(judgeResize(podOf('p', '5'), node, full), {
    fits: false,
    reason: 'Infeasible',
    message: "Node didn't have enough capacity: cpu, requested: 5000, capacity: 4000",
  })
  const tooLarge = podOf('p', '5', { containers: [{ name: 'a', resources: resources('5', '4Gi') }] })
  assert.match((judgeResize(tooLarge, node, full) as { message: string }).message, /memory, requested: 4294967296, capacity: 2147483648$/)
})

test('who waits is served in order: no more than before, priority, Guaranteed, longest', () => {
  const wish = (name: string, pod: Pod, since: number) => ({ pod: { ...pod, metadata: { name } }, allocated: podOf(name, '1'), since })
  const burstable = podOf('', '2', { containers: [{ name: 'a', resources: { requests: { cpu: '2' } } }] })
  const order = inOrderOfResize([
    wish('late', podOf('', '2'), 2),
    wish('burstable', burstable, 0),
    wish('early', podOf('', '2'), 1),
    wish('important', podOf('', '2', { priority: 5 }), 9),
    wish('shrinks', podOf('', '500m', { priority: -5 }), 9),
  ])
  assert.deepEqual(
    order.map(({ pod }) => pod.metadata.name),
    ['shrinks', 'important', 'early', 'late', 'burstable'],
  )
})

test('the end of a resize is told with all resources, in the order that Kubernetes writes them', () => {
  const pod = podOf('p', '1', {
    containers: [
      { name: 'a', resources: { requests: { memory: '1Gi', cpu: '1' } } },
      { name: 'b', resources: {} },
    ],
  })
  assert.equal(
    resizeCompleted(pod, 3),
    'Pod resize completed: {"containers":[{"name":"a","resources":{"requests":{"cpu":"1","memory":"1Gi"}}},{"name":"b","resources":{}}],"generation":3}',
  )
})
