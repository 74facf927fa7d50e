/** A cluster in virtual time, and the verbs that stories of Deployments are told with. */
import assert from 'node:assert/strict'
import type { Kind } from '../../src/api/kind.ts'
import { Deployment } from '../../src/api/kinds/deployment.ts'
import { Event } from '../../src/api/kinds/event.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { ReplicaSet } from '../../src/api/kinds/replica_set.ts'
import { keyText, keyOf, type KubernetesObject } from '../../src/api/meta.ts'
import { isActive, isAvailable } from '../../src/api/pod.ts'
import type { WatchEvent } from '../../src/base/transport.ts'
import type { Draft, Patch } from '../../src/client/client.ts'
import { startVirtualCluster, type VirtualCluster } from '../../src/launch/virtual_cluster.ts'

export const namespace = 'default'
export const REVISION = 'deployment.kubernetes.io/revision'

export const template = (image = 'nginx:1', spec: object = {}, metadata: object = {}) => ({
  metadata: { labels: { app: 'web' }, ...metadata },
  spec: { containers: [{ name: 'web', image, ports: [{ containerPort: 80 }] }], terminationGracePeriodSeconds: 5, ...spec },
})
/** Of this image there is none: its Pods never start. */
export const BROKEN = 'nginx:broken'

export const rolling = (maxSurge: number | string, maxUnavailable: number | string) => ({ strategy: { rollingUpdate: { maxSurge, maxUnavailable } } })

/** One moment of a rollout. */
export interface Moment {
  /** When, since the cluster began. */
  readonly atMs: number
  /** Of all ReplicaSets together: how many Pods they shall have. */
  readonly wanted: number
  /** Pods that are not on their way out, and those of them that are available. */
  readonly pods: number
  readonly available: number
}

export interface Rollouts {
  readonly cluster: VirtualCluster
  run<T>(promise: Promise<T>): Promise<T>
  /** A Deployment called web, of 3 Pods unless the spec says otherwise. */
  create(spec?: object, metadata?: object): Promise<Deployment>
  get(name?: string): Promise<Deployment>
  patch(body: object, subresource?: string): Promise<Deployment>
  /** As `kubectl set image` does. */
  setImage(image: string): Promise<Deployment>
  /** As `kubectl rollout undo` does: the template of an older revision is put back. */
  undo(toRevision: number): Promise<void>
  replicaSets(): Promise<readonly ReplicaSet[]>
  /** `1: 0 of 3`, in the order of their revisions: what they have of what they shall have. */
  sizes(): Promise<string[]>
  pods(): Promise<readonly Pod[]>
  /** Messages of the Deployment's Events, in their order. */
  said(reason?: string): Promise<string[]>
  /** Until all Pods are of the newest revision and available. */
  arrived(limitMs?: number): Promise<void>
  until(what: string, holds: () => Promise<boolean>, limitMs?: number): Promise<void>
  /** From now on, every change of a kind, with its time. */
  watch<T extends KubernetesObject>(kind: Kind<T>): { atMs: number; type: string; object: T }[]
  /** From now on, each moment in which something has changed. */
  moments(minReadySeconds?: number): Moment[]
  [Symbol.asyncDispose](): Promise<void>
}

export async function beginRollouts(seed: number | string, nodes = 1): Promise<Rollouts> {
  const cluster = await startVirtualCluster({ seed, nodes })
  const { client, run, world } = cluster
  for (const { runtime } of cluster.nodes.values()) runtime.registry.set(BROKEN, { is: 'missing' })
  const key = { namespace, name: 'web' }
  const list = async <T extends KubernetesObject>(kind: Kind<T>) => (await run(client.list(kind, { namespace }))).items
  const patch = (patched: Patch, subresource?: string) => run(client.patch(Deployment, key, patched, { subresource }))
  const epochMs = Date.parse('2026-01-01T00:00:00Z')

  const story: Rollouts = {
    cluster,
    run,
    create: (spec = {}, metadata = {}) =>
      run(
        client.create(Deployment, {
          metadata: { ...key, ...metadata },
          spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template: template(), ...spec },
        } as unknown as Draft<Deployment>),
      ),
    get: (name = 'web') => run(client.get(Deployment, { namespace, name })),
    patch: (body, subresource) => patch({ type: 'merge', body }, subresource),
    setImage: image => patch({ type: 'strategic', body: { spec: { template: { spec: { containers: [{ name: 'web', image }] } } } } }),
    async undo(toRevision) {
      const older = (await list(ReplicaSet)).find(({ metadata }) => metadata.annotations?.[REVISION] === String(toRevision))
      assert.ok(older, `there is no revision ${toRevision}`)
      const { 'pod-template-hash': _, ...labels } = older.spec.template.metadata.labels!
      const value = { ...older.spec.template, metadata: { ...older.spec.template.metadata, labels } }
      await patch({ type: 'json', body: [{ op: 'replace', path: '/spec/template', value }] })
    },
    replicaSets: () => list(ReplicaSet),
    async sizes() {
      const revision = ({ metadata }: ReplicaSet) => Number(metadata.annotations?.[REVISION])
      const sets = [...(await list(ReplicaSet))].sort((a, b) => revision(a) - revision(b))
      return sets.map(set => `${revision(set)}: ${set.status?.availableReplicas ?? 0} of ${set.spec.replicas}`)
    },
    pods: () => list(Pod),
    async said(reason) {
      const events = (await list(Event)).filter(({ involvedObject, ...event }) => involvedObject.kind === 'Deployment' && (!reason || event.reason === reason))
      // The end of the name is when it was made.
      return events.sort((a, b) => (a.metadata.name! < b.metadata.name! ? -1 : 1)).map(({ message }) => message ?? '')
    },
    arrived: (limitMs = 120_000) =>
      story.until(
        'arrived',
        async () => {
          const { metadata, spec, status } = await story.get()
          const counts = [status?.replicas, status?.updatedReplicas, status?.availableReplicas]
          return status?.observedGeneration === metadata.generation && counts.every(count => (count ?? 0) === spec.replicas)
        },
        limitMs,
      ),
    async until(what, holds, limitMs = 60_000) {
      for (let waitedMs = 0; waitedMs <= limitMs; waitedMs += 100) {
        if (await holds()) return
        await cluster.advance(100)
      }
      assert.fail(`it never came about: ${what}; ${(await story.sizes()).join(', ')}; ${JSON.stringify((await story.get()).status, null, 1)}`)
    },
    watch<T extends KubernetesObject>(kind: Kind<T>) {
      const told: { atMs: number; type: string; object: T }[] = []
      const event = ({ type, object }: WatchEvent) => void told.push({ atMs: world.now(), type, object: object as T })
      client.watch(kind, { namespace }, { event: one => (one.type === 'BOOKMARK' ? undefined : event(one)), ended() {} })
      return told
    },
    moments(minReadySeconds = 0) {
      const seen = new Map<string, KubernetesObject>()
      const moments: Moment[] = []
      for (const kind of [Pod, ReplicaSet] as unknown as Kind[])
        client.watch(
          kind,
          { namespace },
          {
            event({ type, object }) {
              const one = object as KubernetesObject
              const name = `${kind.kind} ${keyText(keyOf(one))}`
              if (type === 'DELETED') seen.delete(name)
              else if (type !== 'BOOKMARK') seen.set(name, one)
              const pods = [...seen.values()].filter((each): each is Pod => each.kind === 'Pod').filter(isActive)
              moments.push({
                atMs: world.now(),
                wanted: [...seen.values()].reduce((sum, each) => sum + (each.kind === 'ReplicaSet' ? (each as ReplicaSet).spec.replicas : 0), 0),
                pods: pods.length,
                available: pods.filter(pod => isAvailable(pod, minReadySeconds, epochMs + world.now())).length,
              })
            },
            ended() {},
          },
        )
      return moments
    },
    [Symbol.asyncDispose]: () => cluster.stop(),
  }
  return story
}

/** `True NewReplicaSetAvailable` */
export function verdictOf({ status }: Deployment, type = 'Progressing'): string | undefined {
  const condition = status?.conditions?.find(each => each.type === type)
  return condition && `${condition.status} ${condition.reason}`
}
export const conditionOf = ({ status }: Deployment, type = 'Progressing') => status?.conditions?.find(condition => condition.type === type)
