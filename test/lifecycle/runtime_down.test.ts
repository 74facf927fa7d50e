import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lease } from '../../src/api/kinds/lease.ts'
import { Node } from '../../src/api/kinds/node.ts'
import { RuntimeError, type ContainerRuntime } from '../../src/runtime/runtime.ts'
import { beginStory, isReady, sh } from './story.ts'

test('§ node: while its runtime does not answer the node is not ready, and its Pods are left as they are', async () => {
  let isDown = false
  const between = (runtime: ContainerRuntime) =>
    Object.fromEntries(
      Object.entries(runtime).map(([name, call]) => [
        name,
        (...request: unknown[]) =>
          isDown && name !== 'events'
            ? Promise.reject(new RuntimeError('Unavailable', 'connect ECONNREFUSED'))
            : (call as (...request: unknown[]) => unknown)(...request),
      ]),
    ) as Partial<ContainerRuntime>
  const story = await beginStory(1, { between })
  const { run, until, world, api } = story
  const ready = () => api.get(Node, 'node-a')?.status.conditions?.find(({ type }) => type === 'Ready')
  run({ spec: { containers: [{ name: 'main', image: 'busybox:1', command: sh('sleep 100000') }] } })
  const before = await until(isReady)

  isDown = true
  await world.until(() => ready()?.status === 'False', 10_100, 'the node has said so')
  assert.deepEqual([ready()?.reason, ready()?.message], ['KubeletNotReady', 'container runtime is down'])
  await world.advance(120_000)
  assert.deepEqual(story.pod()?.status.containerStatuses, before.status.containerStatuses)
  assert.equal(story.events.filter(({ reason }) => reason === 'FailedSync').length, 1, 'once, and not every second')

  isDown = false
  await world.until(() => ready()?.status === 'True', 10_100, 'the node is ready again')
  await world.advance(120_000)
  assert.deepEqual(story.pod()?.status.containerStatuses, before.status.containerStatuses)
})

test('§ node: a runtime that hangs counts as down after half a minute, and the heartbeats go on meanwhile', async () => {
  let isHanging = false
  const hung = new Promise<never>(() => undefined)
  const between = (runtime: ContainerRuntime): Partial<ContainerRuntime> => ({
    status: () => (isHanging ? hung : runtime.status()),
    listImages: () => (isHanging ? hung : runtime.listImages()),
  })
  const { world, api } = await beginStory(1, { between })
  const ready = () => api.get(Node, 'node-a')?.status.conditions?.find(({ type }) => type === 'Ready')
  await world.advance(60_000)
  isHanging = true
  const hangsSince = world.now()
  await world.until(() => ready()?.status === 'False', 40_100, 'the node has said so')
  assert.ok(world.now() - hangsSince >= 30_000)
  assert.equal(ready()?.message, 'container runtime is down')
  const renewed = () => api.get(Lease, 'node-a', 'kube-node-lease')?.spec.renewTime ?? ''
  const before = renewed()
  await world.advance(20_000)
  assert.ok(renewed() > before)
  isHanging = false
  await world.until(() => ready()?.status === 'True', 40_100, 'the node is ready again')
})
