/**
 * Removes the Pods that nobody else will, every 20 s (behaviour 10.11):
 *
 *   all Pods ─▶ planPodGarbage ─┬▶ finished, and there are too many of them: the oldest go
 *                               ├▶ asked to go before they had a Node: nobody would ever end them
 *                               ├▶ asked to go, on a Node that somebody has declared dead (taint out-of-service)
 *                               └▶ on a Node that does not exist: when it has been missing for 40 s, and the API says so, too
 *
 * A Pod that was still going counts as Failed from then on.
 */
import { Node } from '../api/kinds/node.ts'
import { Pod } from '../api/kinds/pod.ts'
import { keyOf, timestamp } from '../api/meta.ts'
import { isDeleting, isTerminal, podCondition, setCondition } from '../api/pod.ts'
import { isReason } from '../api/status.ts'
import { forEachAtOnce } from '../base/at_once.ts'
import { every, type Millis } from '../base/clock.ts'
import { messageOf } from '../base/error_message.ts'
import type { Host } from '../base/host.ts'
import { cachesSynced, type Cache } from '../client/cache.ts'
import type { Client } from '../client/client.ts'

const PERIOD_MS = 20_000
const QUARANTINE_MS = 40_000
/** kube-controller-manager --terminated-pod-gc-threshold. */
const FINISHED_MAX = 12_500
const PODS_AT_ONCE = 16

export type PodGarbage = { readonly pod: Pod; readonly why: 'finished' | 'never bound' | 'out of service' | 'orphaned' }

export interface PodGarbageParts {
  readonly pods: Cache<Pod>
  readonly nodes: Cache<Node>
  /** Default: 12,500. */
  readonly finishedMax?: number
}

export function startPodGarbageCollector(host: Host, client: Client, { pods, nodes, finishedMax = FINISHED_MAX }: PodGarbageParts): { stop(): Promise<void> } {
  const { clock, log } = host
  /** Since when each Node that Pods name is missing. Only those that are missing now. */
  const missingSince = new Map<string, Millis>()

  async function look(): Promise<void> {
    const listed = pods.list()
    const gone = await goneNodes(missingNodes(listed))
    await forEachAtOnce(planPodGarbage({ pods: listed, nodeOf, gone, finishedMax }), PODS_AT_ONCE, garbage =>
      remove(garbage).catch((error: unknown) =>
        log.warn('a pod could not be collected; the next look tries again', { pod: garbage.pod.metadata.name, error: messageOf(error) }),
      ),
    )
  }

  const nodeOf = (name: string) => nodes.get({ namespace: '', name })

  function missingNodes(listed: readonly Pod[]): string[] {
    const missing = new Set(listed.flatMap(({ spec }) => (spec.nodeName && !nodeOf(spec.nodeName) ? [spec.nodeName] : [])))
    for (const name of missingSince.keys()) if (!missing.has(name)) missingSince.delete(name)
    for (const name of missing) missingSince.set(name, missingSince.get(name) ?? clock.now())
    return [...missing].filter(name => clock.now() - missingSince.get(name)! >= QUARANTINE_MS)
  }

  /** A cache may be behind; what is done for a Node that is gone cannot be undone. */
  async function goneNodes(missing: readonly string[]): Promise<ReadonlySet<string>> {
    const gone = new Set<string>()
    await forEachAtOnce(missing, PODS_AT_ONCE, async name => {
      await client.get(Node, { namespace: '', name }).catch((error: unknown) => {
        if (isReason(error, 'NotFound')) gone.add(name)
      })
    })
    return gone
  }

  async function remove({ pod, why }: PodGarbage): Promise<void> {
    const key = keyOf(pod)
    const { uid } = pod.metadata
    log.info('a pod is collected', { pod: key.name, namespace: key.namespace, why })
    try {
      if (!isTerminal(pod)) {
        const status = failedStatus(pod, why, timestamp(clock.wall()))
        await client.patch(Pod, key, { type: 'strategic', body: { metadata: { uid }, status } }, { subresource: 'status' })
      }
      await client.delete(Pod, key, { gracePeriodSeconds: 0, uid })
    } catch (error) {
      // It has gone by itself, or another Pod of this name has come.
      if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
    }
  }

  const task = host.spawn('pod garbage collector', async signal => {
    if (!(await cachesSynced([pods, nodes], signal))) return
    await look()
    await every(clock, PERIOD_MS, signal, look, 'pod garbage collection')
  })
  return { stop: () => task.stop() }
}

const ORPHANED = { type: 'DisruptionTarget', status: 'True', reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' } as const

function failedStatus(pod: Pod, why: PodGarbage['why'], at: string): object {
  if (why !== 'orphaned') return { phase: 'Failed' }
  const conditions = setCondition(pod.status.conditions, ORPHANED, at)
  return { phase: 'Failed', conditions: [podCondition({ status: { ...pod.status, conditions } }, ORPHANED.type)] }
}

export interface PodGarbageView {
  readonly pods: readonly Pod[]
  nodeOf(name: string): Node | undefined
  /** Nodes that certainly do not exist. */
  readonly gone: ReadonlySet<string>
  readonly finishedMax: number
}

export function planPodGarbage({ pods, nodeOf, gone, finishedMax }: PodGarbageView): PodGarbage[] {
  const finished = pods.filter(isTerminal)
  const surplus = new Set(finished.length > finishedMax ? finished.toSorted(firstToGo).slice(0, finished.length - finishedMax) : [])
  const whyGo = (pod: Pod): PodGarbage['why'] | undefined => {
    const { nodeName } = pod.spec
    if (surplus.has(pod)) return 'finished'
    if (nodeName && gone.has(nodeName)) return 'orphaned'
    if (!isDeleting(pod)) return undefined
    if (!nodeName) return 'never bound'
    return isOutOfService(nodeOf(nodeName)) ? 'out of service' : undefined
  }
  return pods
    .flatMap(pod => {
      const why = whyGo(pod)
      return why ? [{ pod, why }] : []
    })
    .toSorted((a, b) => byAge(a.pod, b.pod))
}

/** Somebody has seen to it that the machine is off, and says so by a taint. */
const isOutOfService = (node: Node | undefined): boolean =>
  node !== undefined &&
  node.spec.taints?.some(({ key }) => key === 'node.kubernetes.io/out-of-service') === true &&
  node.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') !== true

/** Evicted ones before the others: their Node has asked for it. Then the oldest. */
const firstToGo = (a: Pod, b: Pod): number => Number(isEvicted(b)) - Number(isEvicted(a)) || byAge(a, b)

const isEvicted = ({ status }: Pod): boolean => status.phase === 'Failed' && status.reason === 'Evicted'

function byAge({ metadata: a }: Pod, { metadata: b }: Pod): number {
  const [ageA, ageB] = [a.creationTimestamp ?? '', b.creationTimestamp ?? '']
  if (ageA !== ageB) return ageA < ageB ? -1 : 1
  return a.name! < b.name! ? -1 : 1
}
