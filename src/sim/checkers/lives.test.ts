import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore } from '../../store/memory_store.ts'
import type { ContainerHappening } from '../witness.ts'
import { createWorld } from '../world.ts'
import { checkStore } from './checker.ts'
import { createLives, type Lives } from './lives.ts'
import { endsAreWritten, phasesInOrder } from './pods.ts'

type Step = readonly [atSeconds: number, what: ContainerHappening['is'] | 'hook' | 'kubelet dies', attempt?: number, id?: string]

const POD = { metadata: { name: 'web', uid: 'u' }, spec: { containers: [{ name: 'main' }], terminationGracePeriodSeconds: 10 }, status: { phase: 'Running' } }

/** The Pod is stored first; then what happens to its container, each at its own instant. */
async function story(steps: readonly Step[]): Promise<Lives['seen']> {
  const world = createWorld({ seed: 1 })
  const store = createMemoryStore({ stamp: (value, revision) => Object.assign(value, { revision }) })
  const lives = createLives(world, { isPreStop: command => command.includes('hook') })
  checkStore(world, store, [lives.checker])
  world.schedule(0, () => void store.commit([{ key: '/pods/default/web', value: structuredClone(POD) }]))
  for (const [at, what, attempt = 0, id = `c${attempt}`] of steps)
    world.schedule(1 + at * 1000, () => {
      if (what === 'kubelet dies') return lives.kubeletDied()
      const container = { id, sandboxId: 's', podUid: 'u', name: 'main', attempt }
      lives.witness({ at: world.now(), container, what: happening(what) })
    })
  await world.advance(10_000_000)
  return lives.seen
}

function happening(what: ContainerHappening['is'] | 'hook'): ContainerHappening {
  if (what === 'hook' || what === 'exec') return { is: 'exec', command: ['hook'] }
  if (what === 'stopping') return { is: what, timeoutMs: 10_000 }
  return what === 'exited' ? { is: what, exitCode: 1 } : { is: what }
}

test('a life as it should be offends nobody', async () => {
  const crashes: Step[] = [
    [0, 'started', 0],
    [5, 'exited', 0],
    [5.1, 'started', 1],
    [6, 'exited', 1],
    [16, 'started', 2],
    [17, 'exited', 2],
    [37, 'started', 3],
    // Longer than ten minutes: the next crash counts as the first.
    [700, 'exited', 3],
    [700.1, 'started', 4],
  ]
  const seen = await story([...crashes, [800, 'hook', 4], [802, 'stopping', 4], [810, 'killed', 4], [810.1, 'exited', 4]])
  assert.deepEqual(seen, { starts: 5, backOffs: 2, kills: 1, hooks: 1 })
})

for (const [what, steps, complaint] of [
  [
    'two instances at once',
    [
      [0, 'started', 0],
      [1.1, 'started', 1],
    ],
    /main#1: it runs a second time/,
  ],
  [
    'a restart count that does not grow',
    [
      [0, 'started', 1],
      [1, 'exited', 1],
      [1.1, 'started', 1, 'other'],
    ],
    /start number 1 comes after 1/,
  ],
  [
    'a start before the back-off is over',
    [
      [0, 'started', 0],
      [1, 'exited', 0],
      [1.1, 'started', 1],
      [2, 'exited', 1],
      [11, 'started', 2],
    ],
    /it starts 1000 ms before its back-off is over/,
  ],
  [
    'a start long after it',
    [
      [0, 'started', 0],
      [1, 'exited', 0],
      [7, 'started', 1],
    ],
    /it starts 6000 ms after its back-off was over/,
  ],
  [
    'a hook that runs twice',
    [
      [0, 'started', 0],
      [1, 'hook', 0],
      [2, 'hook', 0],
    ],
    /its preStop hook runs 2 times/,
  ],
  [
    'a kill right after the signal',
    [
      [0, 'started', 0],
      [1, 'hook', 0],
      [12, 'stopping', 0],
      [13, 'killed', 0],
    ],
    /it is killed 1000 ms after its signal/,
  ],
  [
    'a kill before the grace is over',
    [
      [0, 'started', 0],
      [1, 'stopping', 0],
      [6, 'killed', 0],
    ],
    /it is killed after 5000 ms, and was promised 10000/,
  ],
] as const satisfies readonly (readonly [string, readonly Step[], RegExp])[]) {
  test(`found: ${what}`, () => assert.rejects(story(steps), complaint))
}

test('a kubelet that has died has forgotten back-offs, and may run a hook again', async () => {
  const before: Step[] = [
    [0, 'started', 0],
    [1, 'exited', 0],
    [1.1, 'started', 1],
    [2, 'exited', 1],
    [3, 'kubelet dies'],
  ]
  await story([...before, [4, 'started', 2], [5, 'hook', 2], [6, 'kubelet dies'], [7, 'hook', 2]])
})

test('phases that go back, and an object that goes before its end is written, are found', async () => {
  const stored = (status: object) => ({ value: { metadata: { uid: 'u' }, spec: { containers: [] }, status } })
  const change = (before: object | undefined, now: object | undefined) =>
    ({ key: '/pods/default/web', previous: before && stored(before), stored: now && stored(now) }) as never
  assert.match(phasesInOrder().see(change({ phase: 'Running' }, { phase: 'Pending' })) ?? '', /from Running to Pending/)
  assert.match(phasesInOrder().see(change(undefined, { phase: 'Unknown' })) ?? '', /is Unknown/)
  assert.match(endsAreWritten().see(change({ phase: 'Running', startTime: 'x' }, undefined)) ?? '', /is gone and was last seen Running/)
  assert.equal(endsAreWritten().see(change({ phase: 'Failed', startTime: 'x' }, undefined)), undefined)
  assert.equal(endsAreWritten().see(change({ phase: 'Pending' }, undefined)), undefined)
})
