/** What DELETE does to a Pod, and what the kubelet makes of it. The API's own rules are told in test/apiserver/delete.test.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod } from '../../src/api/kinds/pod.ts'
import { beginStory, isAt, isReady, simulated, web, type Story } from './story.ts'

async function running(spec: object = {}, settings = 'term=ignore', container: object = {}): Promise<Story> {
  const story = await beginStory()
  story.run({ metadata: simulated(settings), spec: web(container, spec) })
  await story.until(isReady)
  await story.at(10)
  return story
}

test('§ deletion: the Pod is marked with the time its grace ends, and stays until its kubelet has stopped it', async () => {
  const story = await running({ terminationGracePeriodSeconds: 20 })
  await story.delete()
  const { metadata } = story.pod()!
  assert.equal(Date.parse(metadata.deletionTimestamp!), Math.floor((story.epochMs + 30_000) / 1000) * 1000)
  assert.deepEqual([metadata.deletionGracePeriodSeconds, metadata.generation], [20, 2])
  await story.gone()
  isAt(story.seconds(), 30)
})

test('§ deletion: the grace of the request goes before that of the Pod, be it shorter or longer', async () => {
  const short = await running({ terminationGracePeriodSeconds: 20 })
  await short.delete('web', 3)
  await short.gone()
  isAt(short.seconds(), 13)
  const long = await running({ terminationGracePeriodSeconds: 5 })
  await long.delete('web', 15)
  await long.gone()
  isAt(long.seconds(), 25)
})

test('§ deletion: watchers see it marked, then with its containers ended and a terminal phase, then gone; the kubelet removes it by its uid', async () => {
  const story = await running({}, 'term=fast')
  const removals: unknown[] = []
  const { client } = story.api
  const remove = client.delete.bind(client)
  Object.assign(client, {
    delete: (kind: never, key: never, options: { gracePeriodSeconds?: number; uid?: string }) => {
      removals.push(options)
      return remove(kind, key, options)
    },
  })
  const { uid } = story.pod()!.metadata
  await story.delete()
  await story.gone()
  assert.deepEqual(removals.at(-1), { gracePeriodSeconds: 0, uid })
  const seen = story.api.writes.filter(({ kind }) => kind === 'Pod').slice(-4)
  assert.deepEqual(
    seen.map(({ object }) => object && [object.metadata.deletionTimestamp !== undefined, (object as Pod).status.phase]),
    [[true, 'Running'], [true, 'Running'], [true, 'Succeeded'], undefined],
  )
})

test('§ second deletion: without a value, or with a longer one, nothing changes', async () => {
  const story = await running({ terminationGracePeriodSeconds: 20 })
  await story.delete()
  await story.at(15)
  await story.delete()
  await story.delete('web', 60)
  await story.gone()
  isAt(story.seconds(), 30)
  assert.equal(story.calls.stops.length, 1)
})

test('§ second deletion: a shorter one begins anew from now on, with the shorter time', async () => {
  const story = await running({ terminationGracePeriodSeconds: 100 })
  await story.delete()
  await story.at(14)
  await story.delete('web', 10)
  await story.gone()
  assert.deepEqual(
    story.calls.stops.map(({ timeoutMs }) => timeoutMs),
    [100_000, 10_000],
    'it gets its signal again',
  )
  isAt(story.seconds(), 24)
})

test('§ second deletion: one whose end would lie in the past leaves the least there is', async () => {
  const story = await running({ terminationGracePeriodSeconds: 100 })
  await story.delete()
  await story.at(20)
  await story.delete('web', 5)
  assert.equal(story.pod()?.metadata.deletionGracePeriodSeconds, 1)
  await story.gone()
  isAt(story.seconds(), 22)
})

test('§ second deletion: a preStop hook that runs is not begun again, and has the shorter time', async () => {
  const story = await running({ terminationGracePeriodSeconds: 100 }, 'term=ignore', { lifecycle: { preStop: { exec: { command: ['sleep', '90'] } } } })
  await story.delete()
  await story.at(14)
  await story.delete('web', 10)
  await story.gone()
  assert.equal(story.calls.execs.length, 1)
  isAt(story.calls.stops[0]!.at, 24)
  isAt(story.seconds(), 26)
})

test('§ force deletion: the object goes at once; the containers run until the kubelet has seen it, and then get the grace of their spec', async () => {
  const story = await running({ terminationGracePeriodSeconds: 6 })
  await story.delete('web', 0)
  assert.equal(story.pod(), undefined)
  await story.at(15.9)
  assert.equal((await story.instances('web'))[0]?.state, 'running')
  isAt(story.calls.stops[0]!.at, 10)
  await story.at(17)
  assert.deepEqual([await story.instances('web'), await story.sandboxes()], [[], 0])
  assert.equal(story.api.writes.findLast(({ kind }) => kind === 'Pod')?.verb, 'remove', 'no status is written for what is gone')
})

test('§ force deletion: its preStop hook runs all the same', async () => {
  const story = await running({}, 'term=fast', { lifecycle: { preStop: { exec: { command: ['sleep', '2'] } } } })
  await story.delete('web', 0)
  await story.at(20)
  assert.deepEqual([story.calls.execs.length, await story.sandboxes()], [1, 0])
  isAt(story.calls.stops[0]!.at, 12)
})

test('§ force deletion: of a Pod that is leaving already what is left of its grace stands', async () => {
  const story = await running({ terminationGracePeriodSeconds: 20 })
  await story.delete()
  await story.at(15)
  await story.delete('web', 0)
  assert.equal(story.pod(), undefined)
  await story.at(29.9)
  assert.equal((await story.instances('web'))[0]?.state, 'running')
  await story.at(31)
  assert.deepEqual(await story.instances('web'), [])
})

test('§ force deletion: a Pod of the same name that comes at once is another one, and runs beside what is left', async () => {
  const story = await running({ terminationGracePeriodSeconds: 6 })
  await story.delete('web', 0)
  story.run({ spec: web() })
  await story.until(isReady, 2)
  await story.at(20)
  assert.ok(isReady(story.pod()!))
  assert.equal(await story.sandboxes(), 1)
})

test('§ deletion: a Pod that has ended goes at once, without another status', async () => {
  const story = await running({ activeDeadlineSeconds: 12 }, 'term=fast')
  await story.until(({ status }) => status.phase === 'Failed', 10)
  const writes = story.api.writes.filter(({ kind }) => kind === 'Pod').length
  await story.delete()
  assert.equal(story.pod(), undefined)
  assert.equal(story.api.writes.filter(({ kind }) => kind === 'Pod').length, writes + 1)
  await story.world.advance(1000)
  assert.equal(await story.sandboxes(), 0)
})

test('§ deletion: finalizers hold the object after its containers have stopped; taking them off lets it go', async () => {
  const story = await beginStory()
  story.run({ metadata: { ...simulated('term=fast'), finalizers: ['example.com/hold'] }, spec: web() })
  await story.until(isReady)
  await story.delete()
  await story.at(10)
  assert.equal(story.pod()?.status.phase, 'Succeeded')
  assert.deepEqual(story.pod()?.metadata.finalizers, ['example.com/hold'])
  assert.equal((await story.instances('web')).filter(({ state }) => state === 'running').length, 0)
})
