import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { boundsOf } from './bounds.ts'
import { planRollingUpdate, sizeOfNewest } from './plan_rolling_update.ts'
import { deployment, replicaSet, type AboutDeployment, type AboutReplicaSet } from './testing/drafts.ts'

/** A size, or a size and how many of it are available, and how many there are while it has not acted on its size yet. */
type Set = number | readonly [size: number, available: number, there?: number]

const setOf = (set: Set, more: AboutReplicaSet) =>
  typeof set === 'number' ? replicaSet({ size: set, ...more }) : replicaSet({ size: set[0], available: set[1], there: set[2] ?? set[0], ...more })

/** What the step makes of them: the newest first, then the older ones, the oldest first. */
function step(about: AboutDeployment, newest: Set, ...older: Set[]): number[] {
  const rollout = {
    deployment: deployment({ image: 'nginx:2', ...about }),
    newest: setOf(newest, { name: 'new', image: 'nginx:2', age: 0 }),
    older: older.map((set, index) => setOf(set, { name: `old-${index}`, age: 100 - index })),
  }
  const resizes = planRollingUpdate(rollout)
  return [rollout.newest, ...rollout.older].map(set => resizes.find(resize => resize.replicaSet === set)?.replicas ?? set.spec.replicas)
}

test('planRollingUpdate takes one step', () => {
  const half: AboutDeployment = { replicas: 4, maxSurge: 1, maxUnavailable: 1 }
  const surge: AboutDeployment = { replicas: 4, maxSurge: 1, maxUnavailable: 0 }
  const missing: AboutDeployment = { replicas: 4, maxSurge: 0, maxUnavailable: 1 }
  const cases: [rule: string, about: AboutDeployment, sets: [Set, ...Set[]], expected: number[]][] = [
    ['the newest grows up to replicas + surge', surge, [0, 4], [1, 4]],
    ['and only then the older shrink', surge, [[1, 0], 4], [1, 4]],
    ['when the new Pod is available, an old one may go', surge, [1, 4], [1, 3]],
    ['then there is room for the next', surge, [1, 3], [2, 3]],
    ['the last old one goes', surge, [4, 1], [4, 0]],
    ['nothing is left to do', surge, [4, 0], [4, 0]],
    ['what may be missing is taken while the new one starts', half, [[1, 0], 4], [1, 3]],
    ['and no more than that', half, [[2, 0], 3], [2, 3]],
    ['without surge the older go first', missing, [0, 4], [0, 3]],
    ['and then the newest grows', missing, [0, 3], [1, 3]],
    ['never beyond what is wanted', { replicas: 2, maxSurge: 5, maxUnavailable: 0 }, [0, 2], [2, 2]],
    ['all at once, in percents', { replicas: 4, maxSurge: '100%', maxUnavailable: '100%' }, [[4, 0], 4], [4, 0]],
    ['a newest with too many loses them', surge, [6, 1], [4, 1]],
    ['the oldest shrinks first', { replicas: 10, maxSurge: 2, maxUnavailable: 2 }, [5, 3, 4], [5, 0, 3]],
    ['unavailable old Pods go first, whichever revision has them', { replicas: 10, maxSurge: 0, maxUnavailable: 3 }, [0, 5, [5, 3]], [0, 4, 3]],
    ['also when there are too few available Pods', { replicas: 10, maxSurge: 0, maxUnavailable: 2 }, [0, [10, 3]], [0, 8]],
    [
      'but an old Pod that serves stays while they are too few',
      surge,
      [
        [1, 0],
        [4, 3],
      ],
      [1, 4],
    ],
    [
      'unavailable old Pods make way when that costs nothing',
      surge,
      [
        [1, 1],
        [4, 3],
      ],
      [1, 3],
    ],
    [
      'a ReplicaSet that has not shrunk yet does not count for more than it will have',
      { replicas: 10, maxSurge: 3, maxUnavailable: 2 },
      [
        [4, 4],
        [1, 4, 4],
        [6, 1],
      ],
      [4, 1, 3],
    ],
    ['nobody is wanted', { replicas: 0, maxSurge: 1, maxUnavailable: 0 }, [0, 3], [0, 0]],
  ]
  for (const [rule, about, sets, expected] of cases) assert.deepEqual(step(about, ...sets), expected, rule)
})

/** A whole rolling update when every new Pod becomes available at once: the sizes after each step, newest and old. */
function rollOut(about: AboutDeployment): string {
  const { replicas } = deployment(about).spec
  let sizes: number[] = [0, replicas]
  const steps = [sizes]
  for (;;) {
    const next = step(about, sizes[0]!, sizes[1]!)
    if (String(next) === String(sizes)) return steps.map(([newest, old]) => `${newest}+${old}`).join(' ')
    steps.push(next)
    sizes = next
  }
}

test('planRollingUpdate goes from old to new in the steps that the bounds allow', () => {
  assert.equal(rollOut({ replicas: 4, maxSurge: 1, maxUnavailable: 0 }), '0+4 1+4 1+3 2+3 2+2 3+2 3+1 4+1 4+0')
  assert.equal(rollOut({ replicas: 4, maxSurge: 0, maxUnavailable: 1 }), '0+4 0+3 1+3 1+2 2+2 2+1 3+1 3+0 4+0')
  assert.equal(rollOut({ replicas: 4, maxSurge: '25%', maxUnavailable: '25%' }), '0+4 1+4 1+2 3+2 3+0 4+0')
  assert.equal(rollOut({ replicas: 3 }), '0+3 1+3 1+2 2+2 2+1 3+1 3+0')
  assert.equal(rollOut({ replicas: 10, maxSurge: '100%', maxUnavailable: 0 }), '0+10 10+10 10+0')
  assert.equal(rollOut({ replicas: 1 }), '0+1 1+1 1+0')
})

// ── whatever happens around it ───────────────────────────────────────────────────────────────────

/** A ReplicaSet whose controller and whose Pods take their time. */
interface ModelSet {
  revision: number
  size: number
  /** How often it was given another size. */
  generation: number
  /** What is true: its Pods, and which of them are available. */
  pods: boolean[]
  /** What it said last, and about which size. */
  said: { there: number; available: number; observed: number }
}

type Happening =
  | { readonly is: 'plan' }
  /** The controller of a ReplicaSet makes or deletes Pods, and does or does not come to say so. */
  | { readonly is: 'act'; readonly which: number; readonly says: boolean }
  | { readonly is: 'serve'; readonly which: number; readonly count: number }
  | { readonly is: 'crash'; readonly which: number }
  | { readonly is: 'new revision' }

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ is: fc.constant('plan' as const) }) },
  { weight: 4, arbitrary: fc.record({ is: fc.constant('act' as const), which: fc.nat(5), says: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ is: fc.constant('serve' as const), which: fc.nat(5), count: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('crash' as const), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('new revision' as const) }) },
)

const share = fc.oneof(
  fc.integer({ min: 0, max: 12 }),
  fc.integer({ min: 0, max: 100 }).map(percent => `${percent}%`),
)

class Model {
  readonly about: AboutDeployment
  readonly sets: ModelSet[] = []
  /** Pods that were lost by themselves: nobody promises anything for them. */
  crashed = 0

  constructor(about: AboutDeployment) {
    this.about = about
    const replicas = about.replicas!
    const pods = Array.from({ length: replicas }, () => true)
    this.sets.push({ revision: 1, size: replicas, generation: 1, pods, said: { there: replicas, available: replicas, observed: 1 } })
  }

  get newest(): ModelSet {
    return this.sets.at(-1)!
  }

  rollout() {
    const seen = this.sets.map(({ revision, size, generation, said }) =>
      replicaSet({ name: `web-${revision}`, image: `nginx:${revision}`, size, generation, ...said, age: 1000 - revision }),
    )
    return { deployment: deployment({ ...this.about, image: `nginx:${this.newest.revision}` }), newest: seen.at(-1)!, older: seen.slice(0, -1) }
  }

  happen(event: Happening): void {
    const set = 'which' in event ? this.sets[event.which % this.sets.length]! : this.newest
    switch (event.is) {
      case 'plan': {
        const rollout = this.rollout()
        const seen = [...rollout.older, rollout.newest]
        for (const { replicaSet: resized, replicas } of planRollingUpdate(rollout)) {
          const changed = this.sets[seen.indexOf(resized)]!
          changed.size = replicas
          changed.generation++
        }
        return
      }
      case 'act':
        while (set.pods.length < set.size) set.pods.push(false)
        // What is not available is deleted first.
        while (set.pods.length > set.size) set.pods.splice(set.pods.includes(false) ? set.pods.indexOf(false) : 0, 1)
        if (event.says) set.said = { there: set.pods.length, available: set.pods.filter(Boolean).length, observed: set.generation }
        return
      case 'serve':
        for (let i = 0; i < event.count && set.pods.includes(false); i++) set.pods[set.pods.indexOf(false)] = true
        return
      case 'crash':
        if (!set.pods.includes(true)) return
        set.pods[set.pods.indexOf(true)] = false
        this.crashed++
        return
      case 'new revision': {
        this.sets.push({ revision: this.newest.revision + 1, size: 0, generation: 1, pods: [], said: { there: 0, available: 0, observed: 0 } })
        this.newest.size = sizeOfNewest(this.rollout())
      }
    }
  }

  get wanted(): number {
    return this.sets.reduce((total, { size }) => total + size, 0)
  }
  get there(): number {
    return this.sets.reduce((total, { pods }) => total + pods.length, 0)
  }
  /** Of the Pods there are, those available that no ReplicaSet will delete of those it has now. */
  get available(): number {
    return this.sets.reduce((total, { pods, size }) => total + Math.min(pods.filter(Boolean).length, size), 0)
  }
}

const setting = fc.record({ replicas: fc.integer({ min: 0, max: 12 }), maxSurge: share, maxUnavailable: share })

test('planRollingUpdate: there are never more Pods than replicas + surge, and never fewer available than promised', () => {
  fc.assert(
    fc.property(setting, fc.array(happening, { maxLength: 60 }), (about, story) => {
      const model = new Model(about)
      const { maxSurge, maxUnavailable } = boundsOf(deployment(about).spec)
      for (const event of story) {
        model.happen(event)
        assert.ok(model.wanted <= about.replicas + maxSurge, `${model.wanted} Pods are wanted, ${about.replicas} + ${maxSurge} are allowed`)
        assert.ok(model.there <= about.replicas + maxSurge, `${model.there} Pods are there, ${about.replicas} + ${maxSurge} are allowed`)
        assert.ok(
          model.available + model.crashed >= about.replicas - maxUnavailable,
          `${model.available} are available and ${model.crashed} crashed, ${about.replicas} - ${maxUnavailable} are promised`,
        )
      }
    }),
    { numRuns: 500 },
  )
})

test('planRollingUpdate arrives, whatever happened before, once Pods start again', () => {
  fc.assert(
    fc.property(setting, fc.array(happening, { maxLength: 40 }), (about, story) => {
      const model = new Model(about)
      for (const event of story) model.happen(event)
      for (let round = 0; round < 60; round++) {
        model.happen({ is: 'plan' })
        for (const which of model.sets.keys()) model.happen({ is: 'serve', which, count: 20 })
        for (const which of model.sets.keys()) model.happen({ is: 'act', which, says: true })
      }
      assert.equal(model.newest.size, about.replicas)
      assert.equal(model.wanted, about.replicas)
    }),
    { numRuns: 60 },
  )
})
