/** A machine that is about to go: everybody ends in the time there is, critical Pods last. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Node } from '../../src/api/kinds/node.ts'
import { beginStory, sh, type Story } from './story.ts'

/** Stops this long after it was told to; on 0 it stops at once. */
const lingers = (seconds: number) => sh(`trap "sleep ${seconds}; exit 0" TERM; sleep 3600 & wait`)
const run = (story: Story, name: string, command: string[], spec: object = {}) =>
  story.run({ metadata: { name }, spec: { containers: [{ name, image: 'busybox:1', command }], ...spec } })
const CRITICAL = { priority: 2_000_000_000 }
const runs = (story: Story, name: string) => story.world.until(() => story.pod(name)?.status.phase === 'Running', 60_000, `${name} runs`)
/** When each Pod was shown as Failed, in seconds after the shutdown began. */
async function shutDown(story: Story, names: readonly string[], grace = { graceMs: 30_000, criticalMs: 10_000 }) {
  const at = story.seconds()
  const ended: Record<string, number> = {}
  const over = story.kubelet.shutDown(grace)
  await story.world.until(
    () => {
      for (const name of names) if (story.pod(name)?.status.phase === 'Failed') ended[name] ??= story.seconds() - at
      return names.every(name => ended[name] !== undefined)
    },
    60_000,
    'all ended',
  )
  await story.world.finish(over)
  return { ended, took: story.seconds() - at }
}
const isAbout = (actual: number | undefined, wanted: number) => assert.ok(actual! >= wanted && actual! < wanted + 0.3, `${actual} s, not ${wanted} s`)

test('§ node shutdown: critical Pods begin to stop when the others have', async () => {
  const story = await beginStory()
  run(story, 'web', lingers(4))
  run(story, 'critical', lingers(2), CRITICAL)
  await runs(story, 'web')
  await runs(story, 'critical')
  const { ended, took } = await shutDown(story, ['web', 'critical'])
  isAbout(ended['web'], 4)
  isAbout(ended['critical'], 6)
  isAbout(took, 6)

  const { status } = story.pod('web')!
  assert.deepEqual([status.phase, status.reason, status.message], ['Failed', 'Terminated', 'Pod was terminated in response to imminent node shutdown.'])
  assert.equal(status.containerStatuses?.[0]?.state?.terminated?.exitCode, 0, 'it had its time')
  const condition = status.conditions?.find(({ type }) => type === 'DisruptionTarget')
  assert.deepEqual([condition?.reason, condition?.message], ['TerminationByKubelet', 'Pod was terminated in response to imminent node shutdown.'])
})

test('§ node shutdown: a Pod gets what its group has, and no more than it asks for itself', async () => {
  const story = await beginStory()
  run(story, 'stubborn', lingers(1000))
  run(story, 'modest', lingers(1000), { terminationGracePeriodSeconds: 5 })
  run(story, 'critical', lingers(1000), CRITICAL)
  for (const name of ['stubborn', 'modest', 'critical']) await runs(story, name)
  const { ended } = await shutDown(story, ['stubborn', 'modest', 'critical'], { graceMs: 30_000, criticalMs: 10_000 })
  isAbout(ended['modest'], 5)
  isAbout(ended['stubborn'], 20)
  isAbout(ended['critical'], 30)
})

test('§ node shutdown: the Node says why it is not Ready, and new Pods are refused', async () => {
  const story = await beginStory()
  run(story, 'web', lingers(5))
  await runs(story, 'web')
  const over = story.kubelet.shutDown({ graceMs: 30_000, criticalMs: 10_000 })
  await story.world.advance(1_000)
  const ready = story.api.get(Node, 'node-a')!.status.conditions!.find(({ type }) => type === 'Ready')!
  assert.deepEqual([ready.status, ready.reason, ready.message], ['False', 'KubeletNotReady', 'node is shutting down'])
  assert.ok(story.nodeEvents.some(({ reason, message }) => reason === 'Shutdown' && message === 'Shutdown manager detected shutdown event'))
  run(story, 'late', lingers(0))
  await story.world.advance(1_000)
  const { status } = story.pod('late')!
  assert.deepEqual(
    [status.phase, status.reason, status.message],
    ['Failed', 'NodeShutdown', 'Pod was rejected: Pod was rejected as the node is shutting down.'],
  )
  await story.world.finish(over)
})

test('§ node shutdown: preStop hooks run within the grace, and what has completed stays Succeeded', async () => {
  const story = await beginStory()
  run(story, 'done', ['true'], { restartPolicy: 'Never' })
  story.run({
    metadata: { name: 'hooked' },
    spec: { containers: [{ name: 'hooked', image: 'busybox:1', command: lingers(0), lifecycle: { preStop: { exec: { command: ['sleep', '3'] } } } }] },
  })
  await runs(story, 'hooked')
  await story.world.until(() => story.pod('done')?.status.phase === 'Succeeded', 60_000, 'done')
  const { ended } = await shutDown(story, ['hooked'])
  isAbout(ended['hooked'], 3)
  assert.equal(story.pod('done')!.status.phase, 'Succeeded')
})
