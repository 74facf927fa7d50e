/**
 * Which Pods this node has, and who works on them.
 *
 *   API cache, manifests ──▶ one worker per UID ──▶ finished ──▶ last status written ──▶ DELETE (if it is being deleted)
 *   runtime ───────────────▶ known to nobody: killed         └──▶ gone from the API ──▶ nothing of it stays here
 *
 * A UID that has finished is never started again; its entry stays until the API has forgotten it.
 */
import { Pod } from '../../api/kinds/pod.ts'
import { keyOf } from '../../api/meta.ts'
import { isMirrorPod, isStaticPod, isTerminal } from '../../api/pod.ts'
import { isReason } from '../../api/status.ts'
import { backoffMs } from '../../base/backoff.ts'
import { sleep } from '../../base/clock.ts'
import { messageOf } from '../../base/error_message.ts'
import type { CacheChange } from '../../client/cache.ts'
import { createAllocations, type Allocatable } from '../allocation/allocations.ts'
import { podUidOf, POD_UID_LABEL } from '../container/labels.ts'
import { podLogsOf } from '../directories.ts'
import type { Preemption, Refusal } from '../node/admission.ts'
import type { StaticPods } from '../static/static_pods.ts'
import { removeOrphans } from './orphans.ts'
import { specGraceMs, tracedPod } from './pod_nouns.ts'
import { desiredOf, ofTheApi, refusalIn, takesRoom, watchKill, type Entry } from './pod_entry.ts'
import type { DesiredPod, Termination } from './pod_state.ts'
import { startPodWorker, type PodWorker, type PodWorkerParts } from './pod_worker.ts'

export interface PodWorkers {
  /** Reads back what runs here, and begins with the Pods of this node's own manifests: no API is asked. */
  start(): Promise<void>
  /** Goes on with the Pods of the API. Their cache must be in sync, or what they run would count as nobody's. */
  follow(): Promise<void>
  /** Stops working; the containers go on. */
  stop(): Promise<void>
  /** What the kubelet itself is asked about: logs, exec. */
  find(namespace: string, name: string): { pod: Pod; worker: PodWorker } | undefined
  /** finished: nothing of it runs, its last status is written, and its volumes are gone. */
  list(): { pod: Pod; worker: PodWorker; state: 'working' | 'finished' }[]
  /** The Pod ends as Failed: evicted, preempted. */
  kill(uid: string, termination: Termination): void
}

/** Says why a Pod cannot run here, or who has to go first. Undefined: it can. Asked once, when it is first seen. */
export type Admit = (pod: Pod, others: readonly Pod[]) => Refusal | Preemption | undefined

const PREEMPTED = { reason: 'Preempting', message: 'Preempted in order to admit critical pod' }
const PREEMPTED_CONDITION = 'Pod was preempted by Kubelet to accommodate a critical pod.'
const NODE_REASONS = ['NodeAffinity', 'TaintToleration', 'PodOSSelectorNodeLabelDoesNotMatch']
const ORPHAN_GRACE_MS = 1000
const HOUSEKEEPING_MS = 30_000
const RETRY = { baseMs: 200, maxMs: 10_000 }

export interface PodWorkersParts extends Omit<PodWorkerParts, 'looked' | 'isNew' | 'runtimeName' | 'allocations'> {
  /** What all Pods of the node may ask for together. */
  readonly allocatable: () => Allocatable
  readonly staticPods: StaticPods
  /** Told when nothing of a Pod is left. */
  readonly gone: (pod: Pod) => void
  /** Asks how the Node is now. Never rejects. */
  readonly refreshNode: () => Promise<void>
}

export function createPodWorkers(parts: PodWorkersParts, admit: Admit): PodWorkers {
  const { context, statuses, volumes, images, cgroups, staticPods } = parts
  const { host, runtime, client, pods, directories } = context
  const { clock, log } = host
  const entries = new Map<string, Entry>()
  const uidOfSandbox = new Map<string, string>()
  const stopped = new AbortController()
  const subscriptions: { stop(): void }[] = []
  let adopted: ReadonlySet<string> = new Set()
  /** Critical Pods that begin when others have stopped for them: their room is theirs already. */
  const expected = new Map<string, Pod>()
  const active = () => [...[...entries.values()].filter(takesRoom).map(({ pod }) => pod), ...expected.values()]
  const allocations = createAllocations({
    context,
    allocatable: parts.allocatable,
    active,
    admit: (pod, others) => refusalIn(admit(pod, others)),
    changed: uid => update(entries.get(uid)),
  })
  const desired = (entry: Pick<Entry, 'pod' | 'killed' | 'isRemoved'>): DesiredPod => {
    const uid = entry.pod.metadata.uid ?? ''
    return {
      ...desiredOf(entry),
      pod: allocations.given(entry.pod),
      resize: { pending: allocations.pending(uid), generation: allocations.generation(uid) },
    }
  }
  const update = (entry: Entry | undefined) => entry?.worker.update(desired(entry))
  let runtimeName = ''

  function changed({ object, previous }: CacheChange<Pod>): void {
    if (previous && previous.metadata.uid !== object?.metadata.uid) removed(previous)
    if (object && object.spec.nodeName === context.nodeName && !isMirrorPod(object)) seen(ofTheApi(object))
  }

  const changedStatic = ({ object, previous }: CacheChange<Pod>): void => (object ? seen(object) : removed(previous!))

  function seen(pod: Pod): void {
    const entry = entries.get(pod.metadata.uid ?? '')
    if (!entry) return consider(pod)
    entry.pod = pod
    if (entry.state === 'finished') return void deleteIfWanted(entry)
    allocations.see(pod)
    update(entry)
  }

  function removed(pod: Pod): void {
    const entry = entries.get(pod.metadata.uid ?? '')
    if (expected.delete(pod.metadata.uid ?? '')) staticPods.ended(pod.metadata.uid ?? '')
    if (!entry) return
    entry.isRemoved = true
    if (entry.state === 'finished') void forget(entry)
    else update(entry)
  }

  function consider(pod: Pod, { isNodeFresh = isStaticPod(pod) } = {}): void {
    const uid = pod.metadata.uid ?? ''
    const isWaiting = expected.delete(uid)
    if (isTerminal(pod)) return begin(pod, { because: 'finished', graceMs: specGraceMs(pod) })
    if (pod.metadata.deletionTimestamp || adopted.has(uid)) return begin(pod, undefined)
    const verdict = admit(pod, active().map(allocations.given))
    if (!verdict) return begin(pod, undefined)
    if ('preempt' in verdict) {
      expected.set(uid, pod)
      if (!isWaiting) void preempt(verdict.preempt).then(() => arrive(uid))
      return
    }
    const { reason, message } = verdict
    // Labels and taints come another way than Pods, and perhaps later.
    if (NODE_REASONS.includes(reason) && !isNodeFresh) {
      expected.set(uid, pod)
      if (!isWaiting) void parts.refreshNode().then(() => arrive(uid, { isNodeFresh: true }))
      return
    }
    context.events.warning(pod, reason, message)
    begin(pod, { because: 'killed', graceMs: 0, isRefusal: true, failure: { reason, message: `Pod was rejected: ${message}` } })
  }

  /** Asked again: the node may be another one by now. */
  function arrive(uid: string, how?: { isNodeFresh: boolean }): void {
    const pod = expected.get(uid)
    if (stopped.signal.aborted || !pod) return
    expected.delete(uid)
    consider(pod, how)
  }

  async function preempt(victims: readonly Pod[]): Promise<void> {
    await Promise.all(
      victims.map(async ({ metadata: { uid = '' } }) => {
        const entry = entries.get(uid)
        if (!entry) return
        context.events.warning(entry.pod, PREEMPTED.reason, PREEMPTED.message)
        kill(uid, { because: 'killed', graceMs: specGraceMs(entry.pod), failure: PREEMPTED, disruption: PREEMPTED_CONDITION })
        await entry.worker.ended.catch(() => undefined)
      }),
    )
  }

  function kill(uid: string, termination: Termination): void {
    const entry = entries.get(uid)
    if (!entry || entry.state === 'finished') return
    if (!entry.killed) watchKill(context, entry, termination, stopped.signal)
    entry.killed ??= termination
    update(entry)
  }

  function begin(pod: Pod, killed: Termination | undefined, isRemoved = false): void {
    const uid = pod.metadata.uid ?? ''
    const looked: PodWorkerParts['looked'] = observed => observed.sandboxes.forEach(({ id }) => uidOfSandbox.set(id, uid))
    const isNew = !isRemoved && !adopted.has(uid) && pod.status.startTime === undefined
    const entry: Entry = { pod, killed, state: 'working', isRemoved, isDeleteSent: false, hasStopped: false, worker: undefined as never }
    if (!killed && !isRemoved) allocations.see(pod)
    context.trace.note(tracedPod(pod), { type: 'Delivery' })
    entry.worker = startPodWorker({ ...parts, allocations, runtimeName, looked, isNew }, desired(entry))
    entries.set(uid, entry)
    entry.worker.ended
      .then(how => {
        if (how !== 'finished') return
        entry.hasStopped = true
        return finished(entry)
      })
      .catch((error: unknown) => {
        log.error('the worker of a Pod died', { pod: pod.metadata.name, uid, error: messageOf(error) })
      })
  }

  async function finished(entry: Entry): Promise<void> {
    const { uid = '' } = entry.pod.metadata
    // A static Pod waits for no API.
    const written = isStaticPod(entry.pod) ? undefined : statuses.written(uid)
    await Promise.all([written, persistently('the volumes of a Pod could not be removed', () => volumes.unmount(entry.pod))])
    images.forget(entry.pod)
    entry.state = 'finished'
    allocations.release(uid)
    await persistently('the cgroup of a Pod could not be removed', () => cgroups.removePod(entry.pod))
    if (entry.isRemoved) await forget(entry)
    else await deleteIfWanted(entry)
  }

  /** The object goes by our hand, once nothing of the Pod is left running and its last status stands in the API. */
  async function deleteIfWanted(entry: Entry): Promise<void> {
    if (!entry.pod.metadata.deletionTimestamp || entry.isDeleteSent || entry.isRemoved) return
    entry.isDeleteSent = true
    await persistently('a Pod could not be deleted from the API', async () => {
      try {
        await client.delete(Pod, keyOf(entry.pod), { gracePeriodSeconds: 0, uid: entry.pod.metadata.uid })
      } catch (error) {
        if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
      }
    })
  }

  async function forget(entry: Entry): Promise<void> {
    const { uid = '' } = entry.pod.metadata
    if (entries.get(uid) !== entry) return
    entries.delete(uid)
    statuses.forget(uid)
    await persistently('the sandboxes of a Pod could not be removed', async () => {
      const sandboxes = await runtime.listPodSandboxes({ labels: { [POD_UID_LABEL]: uid } })
      await Promise.all(sandboxes.map(({ id }) => runtime.removePodSandbox(id)))
      await cgroups.removePod(entry.pod)
      for (const [id, owner] of uidOfSandbox) if (owner === uid) uidOfSandbox.delete(id)
      await host.disk.remove(podLogsOf(directories, entry.pod))
    })
    staticPods.ended(uid)
    parts.gone(entry.pod)
  }

  async function persistently(complaint: string, work: () => Promise<unknown>): Promise<void> {
    for (let failures = 0; !stopped.signal.aborted;) {
      try {
        return void (await work())
      } catch (error) {
        log.warn(complaint, { error: messageOf(error) })
        await sleep(clock, backoffMs(++failures, RETRY), stopped.signal, 'pod clean-up retry').catch(() => undefined)
      }
    }
  }

  async function killOrphans(): Promise<void> {
    const known = new Set([...pods.list(), ...staticPods.list()].map(pod => pod.metadata.uid))
    const isKnown = (uid: string) => known.has(uid) || entries.has(uid)
    await removeOrphans(context, isKnown, pod => begin(pod, { because: 'removed', graceMs: ORPHAN_GRACE_MS }, true))
    await cgroups.removeOrphans(isKnown)
  }

  return {
    async start() {
      const [sandboxes, version] = await Promise.all([runtime.listPodSandboxes(), runtime.version(), allocations.load()])
      adopted = new Set(sandboxes.map(sandbox => podUidOf(sandbox) ?? ''))
      runtimeName = version.runtimeName
      subscriptions.push(runtime.events((sandboxId, what) => entries.get(uidOfSandbox.get(sandboxId) ?? '')?.worker.hint(what)))
      subscriptions.push(staticPods.onChange(changedStatic))
    },
    async follow() {
      subscriptions.push(pods.onChange(changed))
      const resizes = host.spawn('pending resizes', allocations.run)
      subscriptions.push({ stop: () => void resizes.stop() })
      await killOrphans()
      const housekeeping = host.spawn('kubelet housekeeping', async signal => {
        while (!signal.aborted) {
          await sleep(clock, HOUSEKEEPING_MS, signal, 'every kubelet housekeeping').catch(() => undefined)
          if (!signal.aborted) await killOrphans().catch((error: unknown) => log.warn('looking for orphans failed', { error: messageOf(error) }))
        }
      })
      subscriptions.push({ stop: () => void housekeeping.stop() })
    },
    async stop() {
      stopped.abort(new Error('the kubelet stops'))
      subscriptions.forEach(subscription => subscription.stop())
      for (const { worker } of entries.values()) worker.stop()
      await Promise.all([...entries.values()].map(({ worker }) => worker.ended.catch(() => undefined)))
    },
    find(namespace, name) {
      const found = [...entries.values()].filter(({ pod }) => pod.metadata.namespace === namespace && pod.metadata.name === name)
      return found.find(entry => !entry.isRemoved) ?? found[0]
    },
    list: () => [...entries.values()].filter(entry => !entry.isRemoved),
    kill,
  }
}
