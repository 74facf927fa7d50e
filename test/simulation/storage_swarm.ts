/**
 * A seed draws claims, volumes and Pods, when users make and delete them, and what goes wrong: lost requests and replies of
 * the controllers and kubelets, watches that are cut, and in every second seed kubelets that die. What claims promise holds at
 * every write; once everything is mended every Pod has its data, and when all is deleted nothing is left on any disk.
 */
import assert from 'node:assert/strict'
import type { Kind } from '../../src/api/kind.ts'
import { PersistentVolumeClaim } from '../../src/api/kinds/persistent_volume_claim.ts'
import { PersistentVolume } from '../../src/api/kinds/persistent_volume.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import type { KubernetesObject } from '../../src/api/meta.ts'
import { isDeleting, isReady } from '../../src/api/pod.ts'
import { claimsOf } from '../../src/api/volume_matching.ts'
import type { Random } from '../../src/base/random.ts'
import { startVirtualCluster, type VirtualCluster } from '../../src/launch/virtual_cluster.ts'
import { checkStore } from '../../src/sim/checkers/checker.ts'
import { createVolumePromises, type VolumePromises } from '../../src/sim/checkers/volumes.ts'

export interface StorageSwarmResult {
  readonly hash: string
  readonly lines: readonly string[]
  readonly seen: VolumePromises['seen']
}

const STORM_MS = 120_000
const CALM_MS = 240_000
const NODES = 3
const CLAIMS = 5
const VOLUMES = 4
const PODS = 12
const namespace = 'default'
const ROOT = '/var/lib/kubelet/local-path'

export async function storageSwarm(seed: number): Promise<StorageSwarmResult> {
  const virtual = await startVirtualCluster({ seed: `storage/${seed}`, nodes: NODES, wired: true, world: { eventsMax: 20_000_000 } })
  const { world, store } = virtual
  const promises = createVolumePromises()
  checkStore(world, store, [promises.checker])
  const random = world.random.fork('swarm')
  await users(virtual, random.fork('users'))
  storm(virtual, random.fork('storm'), seed % 2 === 0)
  await world.advance(STORM_MS)

  await calm(virtual)
  await world.advance(CALM_MS)
  await everyPodHasItsData(virtual)
  await nothingStays(virtual)
  await virtual.stop()
  return { hash: world.trace.hash(), lines: world.trace.lines, seen: promises.seen }
}

const CLAIM = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }

/** The user's own way to the API has no faults; what is there already, or no more, is no surprise to him. */
async function users({ world, client }: VirtualCluster, random: Random): Promise<void> {
  const soon = () => random.below(STORM_MS - 20_000)
  const at = (when: number, what: string, act: () => Promise<unknown>) => world.schedule(when, () => void act().catch(() => undefined), `user ${what}`)
  const create = (when: number, kind: Kind<never>, name: string, spec: object) =>
    at(when, `creates ${name}`, () => client.create(kind as Kind, { metadata: { name, namespace: kind.namespaced ? namespace : '' }, spec } as never))
  const remove = (when: number, kind: Kind<never>, name: string) =>
    at(when, `deletes ${name}`, () => client.delete(kind as Kind, { namespace: kind.namespaced ? namespace : '', name }))

  for (let i = 0; i < VOLUMES; i++)
    create(soon(), PersistentVolume as never, `static-${i}`, {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: `${1 + random.below(3)}Gi` },
      hostPath: { path: `/disks/${i}`, type: 'DirectoryOrCreate' },
      ...(random.below(3) === 0 && { claimRef: { namespace, name: `claim-${random.below(CLAIMS)}` } }),
    })
  // Some are deleted and made again under the same name.
  for (let i = 0; i < CLAIMS; i++) {
    const name = `claim-${i}`
    const spec = { ...CLAIM, ...(i % 2 === 1 && { storageClassName: '' }) }
    const first = soon()
    create(first, PersistentVolumeClaim as never, name, spec)
    if (random.below(2) === 0) continue
    remove(first + random.below(60_000), PersistentVolumeClaim as never, name)
    create(first + 60_000 + random.below(30_000), PersistentVolumeClaim as never, name, spec)
  }
  for (let i = 0; i < PODS; i++) {
    const name = `pod-${i}`
    const volume =
      random.below(4) === 0
        ? { ephemeral: { volumeClaimTemplate: { spec: CLAIM } } }
        : { persistentVolumeClaim: { claimName: `claim-${random.below(CLAIMS)}` } }
    const first = soon()
    create(first, Pod as never, name, {
      terminationGracePeriodSeconds: 2,
      volumes: [{ name: 'data', ...volume }],
      containers: [
        { name: 'main', image: 'busybox:1', command: ['sh', '-c', 'date > /data/file; sleep 100000'], volumeMounts: [{ name: 'data', mountPath: '/data' }] },
      ],
    })
    if (random.below(2) === 0) remove(first + random.below(60_000), Pod as never, name)
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
    node.link.setFaults({ loseRequest: [random.below(3), 100], loseReply: [random.below(3), 100], cutWatch: [random.below(2), 200] })
    if (!nodesDie) continue
    const at = 10_000 + random.below(STORM_MS - 40_000)
    world.schedule(at, () => node.crash(), `crash of ${node.name}`)
    world.schedule(at + 1_000 + random.below(20_000), () => void (world.host(node.name).up || node.restart()), `restart of ${node.name}`)
  }
}

async function calm({ world, nodes, link }: VirtualCluster): Promise<void> {
  link!.setFaults({})
  for (const node of nodes.values()) {
    node.link.mend()
    node.link.setFaults({})
    if (!world.host(node.name).up) await world.finish(node.restart())
  }
}

const list = async <T extends KubernetesObject>({ world, client }: VirtualCluster, kind: Kind<T>) =>
  (await world.finish(client.list(kind, { namespace: kind.namespaced ? namespace : '' }))).items

/** But for Pods whose claim is not there, is going, or waits for a volume that nobody makes. */
async function everyPodHasItsData(virtual: VirtualCluster): Promise<void> {
  const claims = new Map((await list(virtual, PersistentVolumeClaim)).map(claim => [claim.metadata.name, claim]))
  for (const pod of await list(virtual, Pod)) {
    const claim = claims.get(claimsOf(pod)[0]?.claim)
    if (isDeleting(pod) || !claim || claim.metadata.deletionTimestamp) continue
    if (claim.spec.storageClassName === '' && claim.status.phase === 'Pending') continue
    assert.ok(isReady(pod), `${pod.metadata.name} on ${pod.spec.nodeName}: ${JSON.stringify(pod.status)}, claim ${JSON.stringify(claim.status)}`)
  }
}

async function nothingStays(virtual: VirtualCluster): Promise<void> {
  const { world, client, nodes } = virtual
  for (const kind of [Pod, PersistentVolumeClaim] as readonly Kind<never>[])
    for (const { metadata } of await list(virtual, kind as Kind)) await world.finish(client.delete(kind as Kind, { namespace, name: metadata.name! }))
  await world.advance(120_000)
  const left = [...(await list(virtual, Pod)), ...(await list(virtual, PersistentVolumeClaim)), ...(await list(virtual, PersistentVolume))]
  assert.deepEqual(
    left.map(({ metadata }) => metadata.name).filter(name => !name?.startsWith('static-')),
    [],
  )
  for (const node of nodes.values()) assert.deepEqual(await world.finish(node.disk.list(ROOT).catch(() => [])), [], `directories of ${node.name}`)
}
