/** Whatever happens in whatever order: what is kept change by change is what a look at the whole cluster would find. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Node } from '../api/kinds/node.ts'
import type { Pod } from '../api/kinds/pod.ts'
import { seededRandom } from '../base/random.ts'
import { chooseNode } from './choose.ts'
import { demandOf } from './demand.ts'
import { filterNode } from './filter.ts'
import { planPreemption } from './preempt.ts'
import { podsMeetingAll, questionOf } from './question.ts'
import { createSnapshotKeeper, type SnapshotKeeper } from './snapshot.ts'

const NODES = ['n0', 'n1', 'n2', 'n3']
const UIDS = Array.from({ length: 8 }, (_, i) => `u${i}`)
const NAMESPACES = ['red', 'blue']

interface World {
  readonly nodes: Map<string, Node>
  readonly pods: Map<string, Pod>
  readonly namespaces: Map<string, Record<string, string>>
}

const keeperOf = ({ namespaces }: World): SnapshotKeeper => createSnapshotKeeper(name => namespaces.get(name))

/** Nothing but the end of the story, told at once. */
function toldAtOnce(world: World): SnapshotKeeper {
  const keeper = keeperOf(world)
  for (const [name, node] of world.nodes) keeper.setNode(name, node)
  for (const [uid, pod] of world.pods) keeper.setPod(uid, pod)
  return keeper
}

const some = <T>(...values: T[]) => fc.constantFrom(...values)

const nodeOf = fc.record({ zone: some('a', 'b', undefined), cpu: some('1', '4'), tainted: fc.boolean() }).map(
  ({ zone, cpu, tainted }) =>
    (name: string): Node =>
      ({
        metadata: { name, labels: { host: name, ...(zone && { zone }) } },
        spec: tainted ? { taints: [{ key: 'x', effect: 'NoSchedule' }] } : {},
        status: { allocatable: { cpu, memory: '8Gi', pods: '5' } },
      }) as unknown as Node,
)

const term = fc
  .record({ topologyKey: some('zone', 'host'), app: some('a', 'b'), namespaceSelector: some(undefined, {}, { matchLabels: { team: 'x' } }) })
  .map(({ topologyKey, app, namespaceSelector }) => ({ topologyKey, labelSelector: { matchLabels: { app } }, ...(namespaceSelector && { namespaceSelector }) }))
const terms = fc.record({
  requiredDuringSchedulingIgnoredDuringExecution: fc.array(term, { maxLength: 1 }),
  preferredDuringSchedulingIgnoredDuringExecution: fc.array(
    term.map(podAffinityTerm => ({ weight: 7, podAffinityTerm })),
    { maxLength: 1 },
  ),
})
const spread = fc
  .record({
    topologyKey: some('zone', 'host'),
    app: some('a', 'b'),
    nodeTaintsPolicy: some('Honor', 'Ignore'),
    whenUnsatisfiable: some('DoNotSchedule', 'ScheduleAnyway'),
  })
  .map(({ app, ...constraint }) => ({ maxSkew: 1, labelSelector: { matchLabels: { app } }, ...constraint }))

const podOf = fc
  .record({
    app: some('a', 'b'),
    namespace: some(...NAMESPACES),
    priority: some(0, 10),
    cpu: some('100m', '600m'),
    hostPort: some(undefined, 80),
    podAffinity: fc.option(terms, { nil: undefined }),
    podAntiAffinity: fc.option(terms, { nil: undefined }),
    topologySpreadConstraints: fc.array(spread, { maxLength: 1 }),
    tolerations: some([], [{ operator: 'Exists' }]),
  })
  .map(
    ({ app, namespace, cpu, hostPort, podAffinity, podAntiAffinity, ...spec }) =>
      (uid: string): Pod =>
        ({
          metadata: { uid, name: uid, namespace, labels: { app } },
          status: {},
          spec: {
            ...spec,
            affinity: { podAffinity, podAntiAffinity },
            containers: [{ name: 'main', image: 'nginx:1', resources: { requests: { cpu } }, ports: hostPort ? [{ hostPort, protocol: 'TCP' }] : [] }],
          },
        }) as unknown as Pod,
  )

const uid = some(...UIDS)
const nodeName = some(...NODES)

type Step = (keeper: SnapshotKeeper, world: World) => void

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(nodeName, nodeOf).map(([name, make]): Step => (keeper, { nodes }) => {
    const node = make(name)
    nodes.set(name, node)
    keeper.setNode(name, node)
  }),
  nodeName.map((name): Step => (keeper, { nodes }) => {
    nodes.delete(name)
    keeper.setNode(name, undefined)
  }),
  {
    weight: 3,
    arbitrary: fc.tuple(uid, nodeName, podOf).map(([id, node, make]): Step => (keeper, { pods }) => {
      // What a Pod is never changes while it has its uid.
      if (pods.has(id)) return
      const pod = make(id)
      pod.spec.nodeName = node
      pods.set(id, pod)
      keeper.setPod(id, pod)
    }),
  },
  fc.tuple(uid, some('a', 'b')).map(([id, app]): Step => (keeper, { pods }) => {
    const pod = pods.get(id)
    if (!pod) return
    const changed = { ...pod, metadata: { ...pod.metadata, labels: { app }, ...(app === 'b' && { deletionTimestamp: '2026-01-01T00:00:00Z' }) } }
    pods.set(id, changed)
    keeper.setPod(id, changed)
  }),
  uid.map((id): Step => (keeper, { pods }) => {
    pods.delete(id)
    keeper.setPod(id, undefined)
  }),
  some(...NAMESPACES).map((name): Step => (keeper, { namespaces }) => {
    namespaces.set(name, { team: namespaces.get(name)?.['team'] === 'x' ? 'y' : 'x' })
    keeper.namespacesChanged()
  }),
  // A whole decision: the one that finds a node is assumed there, and the one that finds none tries whom it could push out.
  {
    weight: 3,
    arbitrary: fc.tuple(uid, podOf, fc.boolean()).map(([id, make, forgets]): Step => (keeper, world) => {
      if (world.pods.has(id)) return
      decide(id, make(id), forgets, keeper, world)
    }),
  },
)

function decide(id: string, pod: Pod, forgets: boolean, keeper: SnapshotKeeper, world: World): void {
  const demand = demandOf(pod)
  const snapshot = keeper.snapshot()
  const choice = chooseNode(demand, snapshot, seededRandom(id))
  const anew = toldAtOnce(world)
  if (choice.is === 'none') {
    const plan = planPreemption(demand, choice, snapshot, { budgets: [], random: seededRandom(id) })
    if (plan.is === 'victims') assertFitsWithout(toldAtOnce(world), pod, plan)
    for (const [name, objection] of choice.objections) {
      assert.deepEqual(filterNode(questionOf(demand, anew.snapshot()), anew.node(name)!), objection)
    }
    return
  }
  assert.equal(filterNode(questionOf(demand, anew.snapshot()), anew.node(choice.name)!), undefined, 'the chosen node passes all filters')
  keeper.assume(demand, choice.name)
  if (forgets) return void keeper.forget(id)
  const bound = { ...pod, spec: { ...pod.spec, nodeName: choice.name } }
  world.pods.set(id, bound)
  keeper.setPod(id, bound)
}

function assertFitsWithout(
  anew: SnapshotKeeper,
  pod: Pod,
  { nodeName, victims }: { nodeName: string; victims: readonly { pod: Pod; priority: number }[] },
): void {
  for (const { pod: victim, priority } of victims) {
    assert.ok(priority < (pod.spec.priority ?? 0))
    anew.setPod(victim.metadata.uid!, undefined)
  }
  assert.equal(filterNode(questionOf(demandOf(pod), anew.snapshot()), anew.node(nodeName)!), undefined, 'it fits once its victims are gone')
}

/** All that decisions read. */
function contents(keeper: SnapshotKeeper, asking: readonly Pod[]) {
  const { nodes, pods } = keeper.snapshot()
  const values = ['a', 'b', ...NODES]
  return {
    nodes: nodes
      .map(({ node, requested, nonZeroRequested, hostPorts, pods }) => ({
        name: node.metadata.name!,
        requested: [...requested].flatMap(([resource, amount]) => (amount === 0 ? [] : `${resource} ${amount}`)).toSorted(),
        nonZeroRequested,
        hostPorts: hostPorts.length,
        pods: [...pods.keys()].toSorted(),
      }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    asking: asking.map(pod => {
      const { affinity, spread, features } = demandOf(pod)
      const counted = [
        ...affinity.required.map(term => podsMeetingAll([term], term.topologyKey)),
        ...affinity.preferred.map(({ term }) => podsMeetingAll([term], term.topologyKey)),
        ...[...spread.hard, ...spread.soft].map(({ counted }) => counted),
      ]
      return {
        counts: counted.map(one => {
          const counts = pods.counts(one)
          return [values.map(counts.of), counts.total, counts.domainCount, counts.least()]
        }),
        held: pods
          .heldAbout(features)
          .map(({ held, of }) => `${held.key} ${values.map(of).join()}`)
          .toSorted(),
      }
    }),
  }
}

test('a snapshot kept change by change equals one built anew, and a chosen node passes all filters', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.array(podOf, { minLength: 1, maxLength: 3 }), (steps, makers) => {
      const world: World = { nodes: new Map(), pods: new Map(), namespaces: new Map() }
      const keeper = keeperOf(world)
      const asking = makers.map(make => make('asking'))
      for (const one of steps) {
        one(keeper, world)
        // Counts that were asked for once are kept from then on.
        contents(keeper, asking)
      }
      assert.deepEqual(contents(keeper, asking), contents(toldAtOnce(world), asking))
    }),
    { numRuns: 300, seed: 5 },
  )
})

test('what is tried out leaves no trace, also when it fails', () => {
  const world: World = { nodes: new Map(), pods: new Map(), namespaces: new Map() }
  fc.assert(
    fc.property(fc.array(podOf, { minLength: 2, maxLength: 6 }), nodeOf, (makers, makeNode) => {
      world.pods.clear()
      world.nodes.clear()
      world.nodes.set('n0', makeNode('n0'))
      const pods = makers.map((make, i) => make(`u${i}`))
      for (const pod of pods.slice(1)) {
        pod.spec.nodeName = 'n0'
        world.pods.set(pod.metadata.uid!, pod)
      }
      const keeper = toldAtOnce(world)
      const before = contents(keeper, pods)
      const snapshot = keeper.snapshot()
      assert.throws(() =>
        snapshot.tryOut('n0', trial => {
          for (const demand of snapshot.node('n0')!.pods.values()) trial.remove(demand)
          trial.add(demandOf(pods[0]!))
          throw new Error('enough')
        }),
      )
      assert.deepEqual(contents(keeper, pods), before)
    }),
    { numRuns: 50, seed: 6 },
  )
})
