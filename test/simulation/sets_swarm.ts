/**
 * A seed draws StatefulSets and DaemonSets, what users do to them and to the nodes, and what goes wrong: lost requests and
 * replies of controllers and kubelets, watches that are cut, slow machines, and in every second seed kubelets that die.
 * What sets promise holds at every write and every start of a container; once everything is mended, they come to rest as asked.
 */
import assert from 'node:assert/strict'
import type { Kind } from '../../src/api/kind.ts'
import { ControllerRevision } from '../../src/api/kinds/controller_revision.ts'
import { DaemonSet } from '../../src/api/kinds/daemon_set.ts'
import { Node } from '../../src/api/kinds/node.ts'
import { PersistentVolumeClaim } from '../../src/api/kinds/persistent_volume_claim.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { StatefulSet } from '../../src/api/kinds/stateful_set.ts'
import { controllerOf, type KubernetesObject } from '../../src/api/meta.ts'
import type { Random } from '../../src/base/random.ts'
import type { Draft } from '../../src/client/client.ts'
import { startVirtualCluster, type VirtualCluster } from '../../src/launch/virtual_cluster.ts'
import { checkStore } from '../../src/sim/checkers/checker.ts'
import { createSetPromises, type SetPromises } from '../../src/sim/checkers/sets.ts'

export interface SetsSwarmResult {
  readonly hash: string
  readonly lines: readonly string[]
  readonly seen: SetPromises['seen']
}

const STORM_MS = 120_000
const CALM_MS = 180_000
const NODES = 3
const namespace = 'default'

export async function setsSwarm(seed: number): Promise<SetsSwarmResult> {
  let promises: SetPromises | undefined
  const virtual = await startVirtualCluster({
    seed: `sets/${seed}`,
    nodes: NODES,
    wired: true,
    world: { eventsMax: 20_000_000 },
    runtime: { witness: event => promises?.witness(event) },
  })
  const { world, store } = virtual
  promises = createSetPromises(world)
  checkStore(world, store, [promises.checker])
  const random = world.random.fork('swarm')
  const sets = drawSets(random.fork('sets'))
  for (const { kind, draft } of sets) world.schedule(random.below(10_000), () => void virtual.client.create(kind, draft), `user creates ${draft.metadata.name}`)
  users(virtual, sets, random.fork('users'))
  storm(virtual, random.fork('storm'), seed % 2 === 0)
  await world.advance(STORM_MS)

  await calm(virtual)
  await world.advance(CALM_MS)
  for (const { kind, draft, lacks } of sets) {
    const object = await world.finish(virtual.client.get(kind, { namespace, name: draft.metadata.name! }))
    const pods = (await list(virtual, Pod)).filter(pod => controllerOf(pod)?.uid === object.metadata.uid)
    const shown = JSON.stringify((object as unknown as { status: object }).status)
    assert.equal(lacks(object as never, pods), undefined, `${kind.kind} ${draft.metadata.name}: ${shown} ${pods.map(({ metadata }) => metadata.name).join()}`)
  }
  await nothingStays(virtual, sets)
  await virtual.stop()
  return { hash: world.trace.hash(), lines: world.trace.lines, seen: promises.seen }
}

interface Drawn {
  readonly kind: Kind
  readonly draft: Draft<KubernetesObject>
  /** Undefined: nothing. */
  lacks(object: never, pods: readonly Pod[]): string | undefined
}

const template = (name: string, version = 0) => ({
  metadata: { labels: { app: name }, annotations: { version: String(version), 'simulate.poise.dev/main': 'listen=80, drain=2s' } },
  spec: {
    containers: [{ name: 'main', image: 'nginx:1', readinessProbe: { httpGet: { port: 80 }, periodSeconds: 2 } }],
    terminationGracePeriodSeconds: 5,
  },
})

const claims = [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } } }]

function drawSets(random: Random): readonly Drawn[] {
  const stateful = (name: string, spec: object) => ({
    kind: StatefulSet as unknown as Kind,
    draft: {
      metadata: { name, namespace },
      spec: { replicas: 2 + random.below(3), serviceName: name, selector: { matchLabels: { app: name } }, template: template(name), ...spec },
    } as Draft<KubernetesObject>,
    lacks: lacksOfStatefulSet,
  })
  const strategy = [{ maxUnavailable: 1 }, { maxUnavailable: '50%' }, { maxSurge: 1, maxUnavailable: 0 }][random.below(3)]!
  return [
    stateful('ordered', { volumeClaimTemplates: claims, persistentVolumeClaimRetentionPolicy: { whenScaled: random.below(2) ? 'Delete' : 'Retain' } }),
    stateful('parallel', { podManagementPolicy: 'Parallel', minReadySeconds: random.below(2) * 5 }),
    {
      kind: DaemonSet as unknown as Kind,
      draft: {
        metadata: { name: 'daemon', namespace },
        spec: { selector: { matchLabels: { app: 'daemon' } }, template: template('daemon'), updateStrategy: { rollingUpdate: strategy } },
      } as Draft<KubernetesObject>,
      lacks: lacksOfDaemonSet,
    },
  ]
}

function lacksOfStatefulSet({ metadata, spec, status }: StatefulSet, pods: readonly Pod[]): string | undefined {
  const names = pods.map(pod => pod.metadata.name!).sort()
  const wanted = Array.from({ length: spec.replicas }, (_, ordinal) => `${metadata.name}-${ordinal}`).sort()
  if (names.join() !== wanted.join()) return `Pods ${wanted.join()}`
  if ((status.readyReplicas ?? 0) !== spec.replicas) return 'readiness'
  const fresh = pods.filter(pod => pod.metadata.annotations?.version === spec.template.metadata.annotations!.version).length
  const partition = spec.updateStrategy.rollingUpdate?.partition ?? 0
  return fresh >= Math.max(0, spec.replicas - partition) ? undefined : 'the new template'
}

function lacksOfDaemonSet({ spec, status }: DaemonSet, pods: readonly Pod[]): string | undefined {
  if (status.numberAvailable !== NODES || status.updatedNumberScheduled !== NODES || status.desiredNumberScheduled !== NODES) return 'daemons'
  if (pods.length !== NODES) return 'one Pod for each node'
  return pods.every(pod => pod.metadata.annotations?.version === spec.template.metadata.annotations!.version) ? undefined : 'the new template'
}

/** New templates, sizes and partitions, and nodes that are tainted for a while. The user's own way to the API has no faults. */
function users({ world, client }: VirtualCluster, sets: readonly Drawn[], random: Random): void {
  const soon = () => 15_000 + random.below(STORM_MS - 30_000)
  for (let version = 10 + random.below(6); version > 0; version--) {
    // Most of what can go wrong goes wrong where there is an order.
    const { kind, draft } = sets[Math.max(0, random.below(sets.length + 2) - 2)]!
    const isStateful = kind.kind === 'StatefulSet'
    const changes = [
      { spec: { template: { metadata: { annotations: { version: String(version) } } } } },
      ...(isStateful ? [{ spec: { replicas: 1 + random.below(5) } }, { spec: { updateStrategy: { rollingUpdate: { partition: random.below(3) } } } }] : []),
    ]
    const body = changes[random.below(changes.length)]!
    const key = { namespace, name: draft.metadata.name! }
    world.schedule(soon(), () => void client.patch(kind, key, { type: 'merge', body }), `user changes ${key.name}`)
  }
  for (let i = random.below(3); i > 0; i--) {
    const key = { namespace: '', name: `node-${random.below(NODES)}` }
    const tainted = {
      metadata: { labels: { tainted: 'yes' } },
      spec: { taints: [{ key: 'mine', effect: random.below(2) ? 'NoSchedule' : 'PreferNoSchedule' }] },
    }
    world.schedule(soon(), () => void client.patch(Node, key, { type: 'merge', body: tainted }), `user taints ${key.name}`)
  }
}

function storm({ world, nodes, link }: VirtualCluster, random: Random, nodesDie: boolean): void {
  link!.setFaults({
    loseRequest: [random.below(5), 100],
    loseReply: [random.below(5), 100],
    cutWatch: [random.below(3), 200],
    slow: { ratio: [1, 20], ms: 300 },
  })
  for (const node of nodes.values()) {
    node.link.setFaults({
      loseRequest: [random.below(3), 100],
      loseReply: [random.below(3), 100],
      cutWatch: [random.below(2), 200],
      slow: { ratio: [1, 10], ms: 800 },
    })
    if (!nodesDie) continue
    for (let i = random.below(3); i > 0; i--) {
      const at = 10_000 + random.below(STORM_MS - 40_000)
      world.schedule(at, () => node.crash(), `crash of ${node.name}`)
      world.schedule(at + 1_000 + random.below(30_000), () => void (world.host(node.name).up || node.restart()), `restart of ${node.name}`)
    }
  }
}

async function calm({ world, nodes, link, client }: VirtualCluster): Promise<void> {
  link!.setFaults({})
  for (const node of nodes.values()) {
    node.link.mend()
    node.link.setFaults({})
    if (!world.host(node.name).up) await world.finish(node.restart())
    const { spec } = await world.finish(client.get(Node, { namespace: '', name: node.name }))
    const taints = (spec?.taints ?? []).filter(({ key }) => key !== 'mine')
    await world.finish(client.patch(Node, { namespace: '', name: node.name }, { type: 'merge', body: { spec: { taints } } }))
  }
}

const list = async <T extends KubernetesObject>({ world, client }: VirtualCluster, kind: Kind<T>) =>
  (await world.finish(client.list(kind, { namespace }))).items

/** When the sets are deleted, their Pods and revisions go, and the claims that nobody said should go stay. */
async function nothingStays(virtual: VirtualCluster, sets: readonly Drawn[]): Promise<void> {
  const { world, client } = virtual
  for (const { kind, draft } of sets) await world.finish(client.delete(kind, { namespace, name: draft.metadata.name! }, { propagationPolicy: 'Background' }))
  await world.advance(60_000)
  assert.deepEqual(
    (await list(virtual, Pod)).map(({ metadata }) => metadata.name),
    [],
  )
  assert.deepEqual(
    (await list(virtual, ControllerRevision)).map(({ metadata }) => metadata.name),
    [],
  )
  for (const claim of await list(virtual, PersistentVolumeClaim)) assert.match(claim.metadata.name!, /^data-ordered-[0-9]$/)
}
