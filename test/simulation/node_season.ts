/**
 * A seed draws a season of misfortune for the nodes of a cluster: kubelets die, machines lose power, wires are cut, for
 * seconds or for many minutes; an impatient operator forces Pods away and removes Nodes. What Kubernetes promises must hold:
 *
 * - Pods of one name run twice only where the first was given up by force, and no longer than its machine is out of reach;
 * - what is asked for is there again soon after the last misfortune, on nodes that live, and nothing else runs.
 */
import assert from 'node:assert/strict'
import { Node } from '../../src/api/kinds/node.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { ReplicaSet } from '../../src/api/kinds/replica_set.ts'
import { keyOf } from '../../src/api/meta.ts'
import { isDeleting, isReady, isTerminal } from '../../src/api/pod.ts'
import type { Random } from '../../src/base/random.ts'
import { startVirtualCluster, type VirtualCluster, type VirtualNode } from '../../src/launch/virtual_cluster.ts'
import type { Checker } from '../../src/sim/checkers/checker.ts'
import { checkStore } from '../../src/sim/checkers/checker.ts'
import type { ContainerIdentity, Witness } from '../../src/sim/witness.ts'
import type { World } from '../../src/sim/world.ts'

const STORM_MS = 1_500_000
/** Grace, tolerations and quarantine of whatever came last are over by then. */
const CALM_MS = 900_000
const REPLICAS = 6
const NAMES = ['db-0', 'db-1']

export interface SeasonResult {
  readonly hash: string
  readonly lost: number
  readonly forced: number
  readonly twice: number
}

export async function nodeSeason(seed: number): Promise<SeasonResult> {
  let witness: Witness = () => undefined
  const virtual = await startVirtualCluster({ seed, nodes: 4, world: { eventsMax: 20_000_000 }, runtime: { witness: event => witness(event) } })
  const { world, client, store } = virtual
  const random = world.random.fork('season')
  const lives = createLives(world)
  witness = lives.witness
  checkStore(world, store, [lives.checker])
  let lost = 0
  store.watch('/nodes/', store.revision, ({ stored, previous }) => {
    if (isSilent(stored?.value as Node | undefined) && !isSilent(previous?.value as Node | undefined)) lost++
  })

  await world.finish(client.create(ReplicaSet, replicaSet()))
  for (const name of NAMES) keepNamed(virtual, name)
  misfortunes(virtual, random.fork('misfortunes'))
  operator(virtual, random.fork('operator'))
  await world.advance(STORM_MS)

  for (const node of virtual.nodes.values()) {
    node.link.mend()
    if (!world.host(node.name).up) await world.finish(node.restart())
    // Whose Node was taken away under its hands registers when it is started again, and not before.
    else if (!(await world.finish(client.get(Node, { namespace: '', name: node.name }).catch(() => undefined)))) await world.finish(node.restart())
  }
  await world.advance(CALM_MS)

  const nodes = (await world.finish(client.list(Node))).items
  assert.deepEqual(
    sorted(nodes.map(({ metadata, spec }) => `${metadata.name} ${JSON.stringify(spec.taints)}`)),
    sorted([...virtual.nodes.keys()].map(name => `${name} undefined`)),
  )
  const pods = (await world.finish(client.list(Pod, { namespace: 'default' }))).items
  assert.deepEqual(
    pods.filter(pod => !isReady(pod)).map(({ metadata, status }) => `${metadata.name} ${JSON.stringify(status)}`),
    [],
  )
  assert.equal(pods.length, REPLICAS + NAMES.length)
  assert.deepEqual(sorted(lives.running()), sorted(pods.map(({ metadata }) => metadata.uid!)), 'what runs is what is asked for')
  await virtual.stop()
  return { hash: world.trace.hash(), lost, forced: lives.forced.size, twice: lives.twice }
}

const isSilent = (node: Node | undefined): boolean => node?.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'Unknown') ?? false

const sorted = (texts: readonly string[]): string[] => texts.toSorted((a, b) => (a < b ? -1 : 1))

/** Whoever needs the Pod makes it again as soon as there is none of this name. */
function keepNamed({ world, client, store }: VirtualCluster, name: string): void {
  const make = () =>
    void client
      .create(Pod, {
        metadata: { name, namespace: 'default' },
        spec: { terminationGracePeriodSeconds: 5, containers: [{ name: 'db', image: 'nginx' }] } as never,
      })
      .catch(() => undefined)
  const watched = `/pods/default/${name}`
  store.watch('/pods/', store.revision, ({ key, stored }) => {
    if (key !== watched) return
    const pod = stored?.value as Pod | undefined
    if (!pod) world.schedule(100, make, `somebody makes ${name}`)
    else if (isTerminal(pod) && !isDeleting(pod))
      world.schedule(100, () => void client.delete(Pod, keyOf(pod)).catch(() => undefined), `somebody removes ${name}`)
  })
  world.schedule(100, make, `somebody makes ${name}`)
}

function misfortunes({ world, nodes }: VirtualCluster, random: Random): void {
  for (const node of nodes.values()) {
    for (let at = random.below(300_000); at < STORM_MS;) {
      const lasts = random.below(3) === 0 ? 30_000 + random.below(570_000) : 1_000 + random.below(100_000)
      misfortune(node, at, lasts, random.below(3))
      at += lasts + 30_000 + random.below(400_000)
    }
  }
  function misfortune(node: VirtualNode, at: number, lasts: number, kind: number): void {
    const isUp = () => world.host(node.name).up
    const mend = kind === 2 ? () => node.link.mend() : () => void (isUp() || node.restart())
    const begin = [() => node.crash(), () => node.powerOff(), () => node.link.cut()][kind]!
    world.schedule(at, () => isUp() && begin(), `misfortune ${kind} of ${node.name}`)
    world.schedule(at + lasts, mend, `the end of it at ${node.name}`)
  }
}

/** Looks now and then, and cannot wait: forces away what hangs, and takes a Node out of the cluster that is silent. */
function operator({ world, client }: VirtualCluster, random: Random): void {
  const look = async (): Promise<void> => {
    const pods = (await client.list(Pod, { namespace: 'default' })).items
    for (const { metadata } of pods)
      if (metadata.deletionTimestamp && random.below(3) === 0)
        await client.delete(Pod, { namespace: 'default', name: metadata.name! }, { gracePeriodSeconds: 0, uid: metadata.uid }).catch(() => undefined)
    const silent = (await client.list(Node)).items.filter(({ status }) =>
      status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'Unknown'),
    )
    if (silent.length > 0 && random.below(6) === 0) await client.delete(Node, { namespace: '', name: silent[0]!.metadata.name! }).catch(() => undefined)
  }
  for (let at = 60_000; at < STORM_MS; at += 60_000 + random.below(120_000)) world.schedule(at, () => void look(), 'the operator looks')
}

interface Lives {
  readonly witness: Witness
  readonly checker: Checker
  /** Pods that went from the API before their kubelet had said that they ended. */
  readonly forced: ReadonlySet<string>
  /** How often a container began while another Pod of the same name still ran. */
  readonly twice: number
  /** UIDs of Pods with a running container, once for each container. */
  running(): string[]
}

function createLives(world: World): Lives {
  const nameOf = new Map<string, string>()
  const forced = new Set<string>()
  const running = new Map<string, ContainerIdentity>()
  let twice = 0
  let complaint: string | undefined
  world.addChecker('who runs twice', () => complaint)

  function began(container: ContainerIdentity): void {
    for (const other of running.values()) {
      if (nameOf.get(other.podUid) !== nameOf.get(container.podUid)) continue
      twice++
      if (other.podUid === container.podUid || !forced.has(other.podUid))
        complaint ??= `${nameOf.get(container.podUid)} runs twice, and nobody has given the other one up: ${JSON.stringify([other, container])}`
    }
    running.set(container.id, container)
  }

  return {
    forced,
    get twice() {
      return twice
    },
    running: () => [...running.values()].map(({ podUid }) => podUid),
    witness({ container, what }) {
      if (what.is === 'started') began(container)
      if (what.is === 'exited') running.delete(container.id)
    },
    checker: {
      name: 'given up by force',
      prefix: '/pods/',
      see({ stored, previous }) {
        const [pod, before] = [stored?.value as Pod | undefined, previous?.value as Pod | undefined]
        if (pod) nameOf.set(pod.metadata.uid!, pod.metadata.name!)
        if (before && pod?.metadata.uid !== before.metadata.uid && !hasEnded(before)) forced.add(before.metadata.uid!)
        return undefined
      },
    },
  }
}

const hasEnded = (pod: Pod): boolean => {
  const { containerStatuses = [] } = pod.status
  return isTerminal(pod) && containerStatuses.length > 0 && containerStatuses.every(({ state }) => state?.terminated !== undefined)
}

const replicaSet = () =>
  ({
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas: REPLICAS,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { terminationGracePeriodSeconds: 5, containers: [{ name: 'web', image: 'nginx' }] } },
    },
  }) as never
