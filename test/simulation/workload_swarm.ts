/**
 * A seed draws workloads, what users do to them, and what goes wrong: conflicts with somebody who writes to everything, lost
 * requests and replies of the controllers and kubelets, watches that are cut, slow machines, and in every second seed kubelets that die. While it storms the
 * invariants hold at every write; once everything is mended, every workload is as it was asked to be, and when all of
 * them are deleted nothing is left.
 */
import assert from 'node:assert/strict'
import type { Kind } from '../../src/api/kind.ts'
import { ControllerRevision } from '../../src/api/kinds/controller_revision.ts'
import { DaemonSet } from '../../src/api/kinds/daemon_set.ts'
import { Deployment } from '../../src/api/kinds/deployment.ts'
import { Job } from '../../src/api/kinds/job.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { ReplicaSet } from '../../src/api/kinds/replica_set.ts'
import { StatefulSet } from '../../src/api/kinds/stateful_set.ts'
import { controllerOf, keyOf, type KubernetesObject } from '../../src/api/meta.ts'
import { isActive } from '../../src/api/pod.ts'
import type { Random } from '../../src/base/random.ts'
import type { Client, Draft } from '../../src/client/client.ts'
import { startVirtualCluster, type VirtualCluster } from '../../src/launch/virtual_cluster.ts'
import { checkStore } from '../../src/sim/checkers/checker.ts'
import { rolloutBounds } from '../../src/sim/checkers/rollouts.ts'

export interface WorkloadSwarmResult {
  readonly hash: string
  readonly lines: readonly string[]
  readonly pods: number
  readonly rollouts: number
}

const STORM_MS = 240_000
/** A dead kubelet's Pods are given up after five minutes; a Job's Pod that failed comes again after at most a few. */
const CALM_MS = 900_000
const namespace = 'default'

export async function workloadSwarm(seed: number): Promise<WorkloadSwarmResult> {
  const nodesDie = seed % 2 === 0
  const virtual = await startVirtualCluster({ seed, nodes: 3, wired: true, world: { eventsMax: 20_000_000 } })
  const { world, store } = virtual
  const random = world.random.fork('swarm')
  checkStore(world, store, [rolloutBounds({ podsAreLost: nodesDie })])
  let pods = 0
  store.watch('/pods/', store.revision, ({ previous }) => void (pods += previous ? 0 : 1))

  const workloads = drawWorkloads(random.fork('workloads'))
  for (const { kind, draft } of workloads) world.schedule(random.below(10_000), () => void persist(virtual, kind, draft), `user creates ${draft.metadata.name}`)
  const rollouts = users(virtual, workloads, random.fork('users'))
  storm(virtual, random.fork('storm'), nodesDie)
  await world.advance(STORM_MS)

  virtual.link!.setFaults({})
  for (const node of virtual.nodes.values()) {
    node.link.mend()
    node.link.setFaults({})
    if (!world.host(node.name).up) await world.finish(node.restart())
  }
  await world.advance(CALM_MS)
  for (const { kind, draft, check } of workloads) {
    const object = await world.finish(virtual.client.get(kind, { namespace, name: draft.metadata.name! }))
    assert.equal(check(object as never), undefined, `${kind.kind} ${draft.metadata.name}: ${JSON.stringify((object as { status?: object }).status)}`)
  }
  await nothingIsOrphaned(virtual)

  for (const { kind, draft } of workloads)
    await world.finish(virtual.client.delete(kind, { namespace, name: draft.metadata.name! }, { propagationPolicy: 'Background' }))
  await world.advance(120_000)
  for (const kind of [Pod, ReplicaSet, ControllerRevision] as readonly Kind<never>[]) {
    const { items } = await world.finish(virtual.client.list(kind as unknown as Kind, { namespace }))
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      [],
      `${kind.kind}s that nobody owns any more`,
    )
  }
  await virtual.stop()
  return { hash: world.trace.hash(), lines: world.trace.lines, pods, rollouts }
}

interface Drawn<T extends KubernetesObject = KubernetesObject> {
  readonly kind: Kind<T>
  readonly draft: Draft<T>
  /** What it still lacks when everything has come to rest; undefined: nothing. */
  check(object: T): string | undefined
}

function drawWorkloads(random: Random): readonly Drawn[] {
  const drawn = Array.from({ length: 3 + random.below(3) }, (_, index) => KINDS[index < 2 ? 0 : random.below(KINDS.length)]!(`w${index}`, random))
  return drawn as unknown as readonly Drawn[]
}

const template = (name: string, spec: object = {}) => ({
  metadata: { labels: { app: name } },
  spec: {
    containers: [{ name: 'main', image: 'nginx:1', readinessProbe: { httpGet: { port: 80 }, periodSeconds: 2 } }],
    terminationGracePeriodSeconds: 5,
    ...spec,
  },
})
const selector = (name: string) => ({ matchLabels: { app: name } })

const pick = <T>(random: Random, among: readonly T[]): T => among[random.below(among.length)]!

type Draw = (name: string, random: Random) => Drawn<never>
const drawn = <T extends KubernetesObject>(workload: Omit<Drawn<T>, 'draft'> & { draft: object }) => workload as unknown as Drawn<never>

const KINDS: readonly Draw[] = [
  (name, random) => {
    const [maxSurge, maxUnavailable] = pick(random, [
      [1, 0],
      [0, 1],
      ['25%', '25%'],
      [2, 1],
      ['100%', 0],
    ] as const)
    return drawn<Deployment>({
      kind: Deployment,
      draft: {
        metadata: { name, namespace },
        spec: { replicas: 2 + random.below(4), selector: selector(name), template: template(name), strategy: { rollingUpdate: { maxSurge, maxUnavailable } } },
      },
      check: ({ spec, status }) =>
        status?.replicas === spec.replicas && status.updatedReplicas === spec.replicas && status.availableReplicas === spec.replicas ? undefined : 'rollout',
    })
  },
  (name, random) =>
    drawn<StatefulSet>({
      kind: StatefulSet,
      draft: {
        metadata: { name, namespace },
        spec: {
          replicas: 1 + random.below(3),
          serviceName: name,
          selector: selector(name),
          template: template(name),
          podManagementPolicy: pick(random, ['OrderedReady', 'Parallel']),
        },
      },
      check: ({ spec, status }) => (status?.readyReplicas === spec.replicas && status.updatedReplicas === spec.replicas ? undefined : 'set'),
    }),
  name =>
    drawn<DaemonSet>({
      kind: DaemonSet,
      draft: { metadata: { name, namespace }, spec: { selector: selector(name), template: template(name) } },
      check: ({ status }) => (status?.numberReady === 3 && status.updatedNumberScheduled === 3 ? undefined : 'daemon'),
    }),
  (name, random) =>
    drawn<Job>({
      kind: Job,
      draft: {
        metadata: { name, namespace },
        spec: {
          completions: 1 + random.below(6),
          parallelism: 1 + random.below(3),
          backoffLimit: 50,
          template: {
            spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox:1', command: ['sh', '-c', `sleep ${5 + random.below(20)}`] }] },
          },
        },
      },
      check: ({ spec, status }) => (status?.succeeded === spec.completions && status?.conditions?.some(({ type }) => type === 'Complete') ? undefined : 'job'),
    }),
]

/** The user's own way to the API has no faults. */
async function persist({ client }: VirtualCluster, kind: Kind, draft: Draft<KubernetesObject>): Promise<void> {
  await client.create(kind, draft)
}

/** New images, other sizes and Pods that are deleted by hand. Answers with how many rollouts there are. */
function users({ world, client, store }: VirtualCluster, workloads: readonly Drawn[], random: Random): number {
  let rollouts = 0
  const rolling = workloads.filter(({ kind }) => kind.kind !== 'Job')
  for (let i = 3 + random.below(4); i > 0; i--) {
    const { kind, draft } = pick(random, rolling)
    const key = { namespace, name: draft.metadata.name! }
    const what = random.below(4)
    const version = String(i)
    if (what < 2) rollouts++
    const body = what < 2 ? { spec: { template: { metadata: { annotations: { version } } } } } : { spec: { replicas: 1 + random.below(6) } }
    if (what >= 2 && kind.kind === 'DaemonSet') continue
    world.schedule(20_000 + random.below(STORM_MS - 60_000), () => void client.patch(kind, key, { type: 'merge', body }), `user changes ${key.name}`)
  }
  for (let i = random.below(3); i > 0; i--)
    world.schedule(
      20_000 + random.below(STORM_MS - 60_000),
      () =>
        void store.list('/pods/default/').then(({ items }) => {
          const victims = items.map(({ value }) => value as Pod).filter(isActive)
          const victim = victims[random.below(Math.max(1, victims.length))]
          // Only Pods whose Deployment is not counted on: a user may always delete too many.
          if (victim && controllerOf(victim)?.kind !== 'ReplicaSet') void client.delete(Pod, { namespace, name: victim.metadata.name! }).catch(() => undefined)
        }),
      'user deletes a Pod',
    )
  return rollouts
}

function storm({ world, client, nodes, link }: VirtualCluster, random: Random, nodesDie: boolean): void {
  link!.setFaults({
    loseRequest: [random.below(4), 100],
    loseReply: [random.below(4), 100],
    cutWatch: [random.below(3), 200],
    slow: { ratio: [1, 20], ms: 300 },
  })
  // Whoever writes with the version he has seen last finds that somebody was faster.
  const meddle = () => {
    for (const kind of [Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, Pod] as readonly unknown[] as readonly Kind[])
      if (random.below(3) === 0) void annotateOne(client, kind, random)
    if (world.now() < STORM_MS) world.schedule(200 + random.below(1_000), meddle, 'somebody meddles')
  }
  world.schedule(5_000, meddle, 'somebody meddles')
  for (const node of nodes.values()) {
    node.link.setFaults({
      loseRequest: [random.below(3), 100],
      loseReply: [random.below(3), 100],
      cutWatch: [random.below(2), 200],
      slow: { ratio: [1, 10], ms: 800 },
    })
    if (!nodesDie) continue
    for (let i = random.below(3); i > 0; i--) {
      const at = 10_000 + random.below(STORM_MS - 60_000)
      world.schedule(at, () => node.crash(), `crash of ${node.name}`)
      world.schedule(at + 1_000 + random.below(100_000), () => void (world.host(node.name).up || node.restart()), `restart of ${node.name}`)
    }
  }
}

async function annotateOne(client: Client, kind: Kind, random: Random): Promise<void> {
  const { items } = await client.list(kind, { namespace })
  if (items.length === 0) return
  const key = keyOf(pick(random, items))
  // It may be gone by now.
  await client.patch(kind, key, { type: 'merge', body: { metadata: { annotations: { meddled: String(random.below(1e9)) } } } }).catch(() => undefined)
}

/** Everything that names a controller has one, and it is that one. */
async function nothingIsOrphaned({ world, client }: VirtualCluster): Promise<void> {
  const owners = new Set<string>()
  const owned: KubernetesObject[] = []
  for (const kind of [Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, Pod, ControllerRevision] as readonly unknown[] as readonly Kind[]) {
    const { items } = await world.finish(client.list(kind, { namespace }))
    for (const object of items) {
      owners.add(object.metadata.uid!)
      owned.push(object)
    }
  }
  for (const object of owned) {
    const controller = controllerOf(object)
    if (object.kind === 'Pod') assert.ok(controller, `${object.metadata.name} belongs to nobody`)
    if (controller) assert.ok(owners.has(controller.uid), `${object.kind} ${object.metadata.name} names ${controller.kind} ${controller.name}, which is gone`)
  }
}
