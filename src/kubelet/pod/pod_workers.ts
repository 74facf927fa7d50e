/**
 * Which Pods this node has, and who works on them.
 *
 *   API cache ──▶ one worker per UID ──▶ finished ──▶ last status written ──▶ DELETE (if it is being deleted)
 *   runtime ────▶ known to no API object: killed         └──▶ gone from the API ──▶ nothing of it stays here
 *
 * A UID that has finished is never started again; its entry stays until the API has forgotten it.
 */
import { Pod } from '../../api/kinds/pod.ts'
import { keyOf } from '../../api/meta.ts'
import { isTerminal } from '../../api/pod.ts'
import { isReason } from '../../api/status.ts'
import { backoffMs } from '../../base/backoff.ts'
import { sleep } from '../../base/clock.ts'
import { messageOf } from '../../base/error_message.ts'
import type { CacheChange } from '../../client/cache.ts'
import { createAllocations, type Allocatable } from '../allocation/allocations.ts'
import { podNameOf, podUidOf, POD_UID_LABEL } from '../container/labels.ts'
import { podLogsOf } from '../directories.ts'
import { removeWithMounts } from '../volume/removal.ts'
import { specGraceMs } from './pod_nouns.ts'
import type { DesiredPod, Termination } from './pod_state.ts'
import { startPodWorker, type PodWorker, type PodWorkerParts } from './pod_worker.ts'

export interface PodWorkers {
  /** Reads back what runs here, and begins. Both caches must be in sync. */
  start(): Promise<void>
  /** Stops working; the containers go on. */
  stop(): Promise<void>
  /** What the kubelet itself is asked about: logs, exec. */
  find(namespace: string, name: string): { pod: Pod; worker: PodWorker } | undefined
  /** finished: nothing of it runs, its last status is written, and its volumes are gone. */
  list(): { pod: Pod; worker: PodWorker; state: 'working' | 'finished' }[]
  /** The Pod ends as Failed: evicted, preempted. */
  kill(uid: string, termination: Termination): void
}

/** Says why a Pod cannot run here, or undefined. Asked once, when it is first seen. */
export type Admit = (pod: Pod, others: readonly Pod[]) => { reason: string; message: string } | undefined

interface Entry {
  pod: Pod
  worker: PodWorker
  killed: Termination | undefined
  state: 'working' | 'finished'
  isRemoved: boolean
  isDeleteSent: boolean
}

const ORPHAN_GRACE_MS = 1000
const KILL_WAIT_MS_MIN = 10_000
const HOUSEKEEPING_MS = 30_000
const RETRY = { baseMs: 200, maxMs: 10_000 }

export interface PodWorkersParts extends Omit<PodWorkerParts, 'looked' | 'isNew' | 'runtimeName' | 'allocations'> {
  /** What all Pods of the node may ask for together. */
  readonly allocatable: () => Allocatable
}

export function createPodWorkers(parts: PodWorkersParts, admit: Admit): PodWorkers {
  const { context, statuses, volumes, images, cgroups } = parts
  const { host, runtime, client, pods, directories } = context
  const { clock, log } = host
  const entries = new Map<string, Entry>()
  const uidOfSandbox = new Map<string, string>()
  const stopped = new AbortController()
  const subscriptions: { stop(): void }[] = []
  let adopted: ReadonlySet<string> = new Set()
  const active = () => [...entries.values()].filter(entry => entry.state === 'working' && !entry.killed).map(entry => entry.pod)
  const allocations = createAllocations({ context, allocatable: parts.allocatable, active, admit, changed: uid => update(entries.get(uid)) })
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
    if (object && object.spec.nodeName === context.nodeName) seen(object)
  }

  function seen(pod: Pod): void {
    const entry = entries.get(pod.metadata.uid ?? '')
    if (!entry) return begin(pod, admission(pod))
    entry.pod = pod
    if (entry.state === 'finished') return void deleteIfWanted(entry)
    allocations.see(pod)
    update(entry)
  }

  function removed(pod: Pod): void {
    const entry = entries.get(pod.metadata.uid ?? '')
    if (!entry) return
    entry.isRemoved = true
    if (entry.state === 'finished') void forget(entry)
    else update(entry)
  }

  function admission(pod: Pod): Termination | undefined {
    if (isTerminal(pod)) return { because: 'finished', graceMs: specGraceMs(pod) }
    if (pod.metadata.deletionTimestamp || adopted.has(pod.metadata.uid ?? '')) return undefined
    const refusal = admit(pod, active().map(allocations.given))
    if (!refusal) return undefined
    context.events.warning(pod, refusal.reason, refusal.message)
    return { because: 'killed', graceMs: 0, isRefusal: true, failure: { reason: refusal.reason, message: `Pod was rejected: ${refusal.message}` } }
  }

  function begin(pod: Pod, killed: Termination | undefined, isRemoved = false): void {
    const uid = pod.metadata.uid ?? ''
    const looked: PodWorkerParts['looked'] = observed => observed.sandboxes.forEach(({ id }) => uidOfSandbox.set(id, uid))
    const isNew = !isRemoved && !adopted.has(uid) && pod.status.startTime === undefined
    const entry: Entry = { pod, killed, state: 'working', isRemoved, isDeleteSent: false, worker: undefined as never }
    if (!killed && !isRemoved) allocations.see(pod)
    entry.worker = startPodWorker({ ...parts, allocations, runtimeName, looked, isNew }, desired(entry))
    entries.set(uid, entry)
    entry.worker.ended
      .then(how => (how === 'finished' ? finished(entry) : undefined))
      .catch((error: unknown) => {
        log.error('the worker of a Pod died', { pod: pod.metadata.name, uid, error: messageOf(error) })
      })
  }

  async function finished(entry: Entry): Promise<void> {
    const { uid = '' } = entry.pod.metadata
    await Promise.all([statuses.written(uid), persistently('the volumes of a Pod could not be removed', () => volumes.unmount(entry.pod))])
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

  /** Who kills a Pod for the node's sake cannot wait for ever: half as long again as its grace, and then says so. */
  function watchKill({ pod, worker }: Entry, { graceMs }: Termination): void {
    const complain = () => context.events.warning(pod, 'ExceededGracePeriod', 'Container runtime did not kill the pod within specified grace period.')
    const timer = clock.at(clock.now() + Math.max(KILL_WAIT_MS_MIN, graceMs * 1.5), complain, 'every kill')
    const over = () => timer.cancel()
    worker.ended.then(over, over)
    stopped.signal.addEventListener('abort', over, { once: true })
  }

  /** Kills what runs without an object in the API: removed while we were away, and nobody is left to write a status for. */
  async function killOrphans(): Promise<void> {
    const sandboxes = await runtime.listPodSandboxes()
    const known = new Set(pods.list().map(pod => pod.metadata.uid ?? ''))
    const isKnown = (uid: string) => known.has(uid) || entries.has(uid)
    for (const sandbox of sandboxes) {
      const uid = podUidOf(sandbox)
      if (!uid || isKnown(uid)) continue
      const { name, namespace } = podNameOf(sandbox)
      log.info('the runtime has a Pod that the API does not know', { pod: name, namespace, uid })
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, uid }, spec: { containers: [] }, status: {} } as unknown as Pod
      begin(pod, { because: 'removed', graceMs: ORPHAN_GRACE_MS }, true)
    }
    await removeOrphaned(directories.pods, name => name)
    await removeOrphaned(directories.memory, name => name)
    await removeOrphaned(directories.logs, name => name.slice(name.lastIndexOf('_') + 1))
    await cgroups.removeOrphans(isKnown)

    async function removeOrphaned(parent: string, uidOf: (name: string) => string): Promise<void> {
      for (const name of await host.disk.list(parent).catch(() => [])) {
        if (isKnown(uidOf(name))) continue
        await removeWithMounts(host, `${parent}/${name}`).catch((error: unknown) =>
          log.warn('an orphaned directory could not be removed', { directory: name, error: messageOf(error) }),
        )
      }
    }
  }

  return {
    async start() {
      const [sandboxes, version] = await Promise.all([runtime.listPodSandboxes(), runtime.version(), allocations.load()])
      adopted = new Set(sandboxes.map(sandbox => podUidOf(sandbox) ?? ''))
      runtimeName = version.runtimeName
      subscriptions.push(runtime.events((sandboxId, what) => entries.get(uidOfSandbox.get(sandboxId) ?? '')?.worker.hint(what)))
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
    kill(uid, termination) {
      const entry = entries.get(uid)
      if (!entry || entry.state === 'finished') return
      if (!entry.killed) watchKill(entry, termination)
      entry.killed ??= termination
      update(entry)
    },
  }
}

function desiredOf({ pod, killed, isRemoved }: Pick<Entry, 'pod' | 'killed' | 'isRemoved'>): DesiredPod {
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata
  const graceMs = deletionTimestamp ? Math.max(1, deletionGracePeriodSeconds ?? 1) * 1000 : specGraceMs(pod)
  const byApi: Termination | undefined = isRemoved ? { because: 'removed', graceMs } : deletionTimestamp ? { because: 'deleted', graceMs } : undefined
  if (!byApi || !killed) return { pod, termination: byApi ?? killed }
  const { failure, disruption } = killed
  return { pod, termination: { because: byApi.because, graceMs: Math.min(byApi.graceMs, killed.graceMs), failure, disruption } }
}
