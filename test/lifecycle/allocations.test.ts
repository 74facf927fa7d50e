/** What a node has given to its Pods, by itself: when it is tried again, and what a new kubelet reads back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../src/api/kinds/pod.ts'
import { createAllocations, type Allocations } from '../../src/kubelet/allocation/allocations.ts'
import { createDirectories } from '../../src/kubelet/directories.ts'
import { createWorld } from '../../src/sim/world.ts'

const podOf = (cpu: string, generation: number): Pod =>
  ({
    metadata: { name: 'web', uid: 'u', generation },
    spec: { containers: [{ name: 'web', resources: { requests: { cpu } } }] },
    status: { phase: 'Running', qosClass: 'Burstable' },
  }) as unknown as Pod

function begin(seed: number) {
  const world = createWorld({ seed, periodic: /^every/ })
  const host = world.host('node')
  const directories = createDirectories('/poise')
  const node = { isFull: false, changed: [] as number[] }
  const start = (seen: Pod): Allocations => {
    let pod = seen
    const allocations = createAllocations({
      context: { host, directories },
      allocatable: () => ({ cpuMilli: 4000, memoryBytes: 2 ** 30 }),
      active: () => [pod],
      admit: () => (node.isFull ? { message: 'full' } : undefined),
      changed: () => node.changed.push(world.now()),
    })
    return { ...allocations, see: next => allocations.see((pod = next)) }
  }
  const cpuOf = (allocations: Allocations, pod: Pod) => allocations.given(pod).spec.containers[0]!.resources.requests?.['cpu']
  return { world, host, directories, node, start, cpuOf }
}

test('a resize that was put off is tried again every three minutes, to the instant', async () => {
  const { world, host, node, start, cpuOf } = begin(1)
  const allocations = start(podOf('1', 1))
  allocations.see(podOf('1', 1))
  host.spawn('pending resizes', allocations.run)
  await world.advance(1000)
  node.isFull = true
  const wish = podOf('2', 2)
  allocations.see(wish)
  assert.deepEqual([allocations.pending('u')?.reason, allocations.generation('u'), cpuOf(allocations, wish)], ['Deferred', 1, '1'])
  await world.advance(180_000)
  assert.deepEqual(node.changed, [], 'still full, and nothing new to say')
  node.isFull = false
  await world.advance(180_000)
  assert.deepEqual(node.changed, [360_000])
  assert.deepEqual([allocations.pending('u'), allocations.generation('u'), cpuOf(allocations, wish)], [undefined, 2, '2'])
})

test('what was given is read back whatever the spec says by then; nothing is decided before every Pod has been seen', async () => {
  const { world, host, directories, node, start, cpuOf } = begin(2)
  const first = start(podOf('1', 1))
  first.see(podOf('1', 1))
  await world.finish(first.saved('u'))
  assert.deepEqual(await world.finish(host.disk.list(directories.pod('u'))), ['allocation'], 'nothing half written stays')

  const wish = podOf('2', 2)
  const second = start(wish)
  await world.finish(second.load())
  second.see(wish)
  assert.equal(cpuOf(second, wish), '1')
  host.spawn('pending resizes', second.run)
  await world.advance(1)
  assert.equal(cpuOf(second, wish), '2')
  assert.equal(node.changed.length, 1)
})

test('a file that cannot be read is told of, and the spec stands for it', async () => {
  const { world, host, directories, start, cpuOf } = begin(3)
  await world.finish(host.disk.makeDirectory(directories.pod('u')))
  await world.finish(host.disk.writeFile(`${directories.pod('u')}/allocation`, '{"given":'))
  const allocations = start(podOf('2', 2))
  await world.finish(allocations.load())
  allocations.see(podOf('2', 2))
  assert.equal(cpuOf(allocations, podOf('2', 2)), '2')
  assert.match(world.trace.lines.join('\n'), /what a Pod was given cannot be read/)
})
