/**
 * One worker per Pod UID: the only code that starts, restarts or stops that Pod's containers.
 *
 *   wake (new spec | runtime event | job ended | probe | deadline) ─▶ observe ─▶ planPod ─▶ act ─▶ publish status
 *        ▲                                                                                              │
 *        └─────────────────────────────── until planPod says finished ◀─────────────────────────────────┘
 *
 * `planPod` decides and touches nothing; the loop has all effects and decides nothing. Whatever is slow is a job whose end
 * wakes the loop, so that it is never deaf to a deletion. What a restarted kubelet must know is read back from the runtime.
 */
import { deepEqual } from '../../api/deep.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { timestamp } from '../../api/meta.ts'
import type { Millis, Timer } from '../../base/clock.ts'
import type { OpenStep } from '../../base/lifecycle_trace.ts'
import { messageOf } from '../../base/error_message.ts'
import { createInbox } from '../../base/inbox.ts'
import type { KubeletContext } from '../context.ts'
import type { RuntimeChange } from '../../runtime/runtime.ts'
import type { Allocations } from '../allocation/allocations.ts'
import { resizeCompleted } from '../allocation/resize_message.ts'
import type { NodeCgroups } from '../cgroup/node_cgroups.ts'
import type { Images } from '../image/images.ts'
import type { PodProbes } from '../probe/pod_probes.ts'
import { computePodStatus } from '../status/pod_status.ts'
import type { StatusManager } from '../status/status_manager.ts'
import { createRefreshTimes } from '../volume/refresh_times.ts'
import type { Volumes } from '../volume/volumes.ts'
import { createJobs } from './jobs.ts'
import { createObserver } from './observe.ts'
import { createPerformer } from './perform.ts'
import { reasonOf } from './plan_termination.ts'
import { planPod } from './plan_pod.ts'
import { tracedPod } from './pod_nouns.ts'
import { isResizing } from './plan_resize.ts'
import { createContainerTrace } from './trace_containers.ts'
import { emptyMemory, forgetWaits, type DesiredPod, type HealthOf, type ObservedPod, type Termination } from './pod_state.ts'

export interface PodWorker {
  update(desired: DesiredPod): void
  /** Something has changed in its sandbox; `what`, where the runtime can say it. */
  hint(what?: RuntimeChange): void
  readonly observed: ObservedPod
  readonly termination: Termination | undefined
  /** finished: nothing of the Pod runs and its last status is set. stopped: the kubelet stops, and the Pod goes on. */
  readonly ended: Promise<'finished' | 'stopped'>
  stop(): void
}

export interface PodWorkerParts {
  readonly context: KubeletContext
  readonly images: Images
  readonly volumes: Volumes
  readonly statuses: StatusManager
  readonly cgroups: NodeCgroups
  readonly allocations: Allocations
  readonly createProbes: (poke: () => void) => PodProbes
  /** As the runtime calls itself: the scheme of container ids in statuses. */
  readonly runtimeName: string
  /** No kubelet has worked on it before. */
  readonly isNew: boolean
  /** Told after each look, for whoever maps sandboxes to Pods. */
  readonly looked: (observed: ObservedPod) => void
}

const RUNTIME_RETRY_MS = 1000
/** Someone looks again after this long even if nothing seems to have happened: hints may be lost. */
const RESYNC_MS = 60_000

export function startPodWorker(parts: PodWorkerParts, first: DesiredPod): PodWorker {
  const { context, statuses } = parts
  const { clock, log } = context.host
  const uid = first.pod.metadata.uid ?? ''
  const name = `pod ${first.pod.metadata.name}`
  const inbox = createInbox(clock, first, name)
  const memory = emptyMemory(timestamp(clock.wall()))
  const observer = createObserver(context, first.pod, parts.isNew)
  const jobs = createJobs({
    ended: inbox.poke,
    failed: (job, error) => log.error('a job of a Pod failed', { pod: first.pod.metadata.name, job, error: messageOf(error) }),
  })
  const refreshTimes = createRefreshTimes(clock)
  const volumesChanged = () => {
    refreshTimes.soon()
    inbox.poke()
  }
  const performer = createPerformer({ ...parts, memory, observer, jobs, poke: inbox.poke, volumesChanged })
  const containerTrace = createContainerTrace(context)
  let terminating: OpenStep | undefined
  const probes = parts.createProbes(inbox.poke)
  const healthOf: HealthOf = (container, named) => {
    const health = probes.healthOf(container, named)
    // Until its postStart hook has succeeded a container is neither started nor ready.
    const { name } = named.container
    const isHooking = named.container.lifecycle?.postStart !== undefined && memory.starting.has(name)
    return isHooking || memory.startFailures.get(name)?.unwanted === container.id ? { ...health, started: false, ready: false } : health
  }
  const refreshAt = () => Math.min(refreshTimes.at, parts.volumes.renewAt(uid))
  let termination: Termination | undefined
  let stopped = false
  let resync: Timer | undefined
  let wasResizing = false
  let settledGeneration = first.resize?.generation
  let isRuntimeSilent = false

  /** A timer of its own: what is due must not wait for it. */
  function resyncAt(wall: Millis): void {
    resync?.cancel()
    const look = () => {
      observer.doubt()
      inbox.poke()
    }
    resync = clock.at(clock.now() + Math.max(0, wall - clock.wall()), look, `resync ${name}`)
  }

  async function run(): Promise<'finished' | 'stopped'> {
    let wakeAt = Infinity
    let lastPod = first.pod
    for (;;) {
      const letter = await inbox.next(wakeAt)
      if (stopped) return 'stopped'
      // Nothing woke us but time: hints may have been lost.
      if (clock.now() >= wakeAt) observer.doubt()
      const { pod } = letter
      if (pod.metadata.generation !== lastPod.metadata.generation) forgetWaits(memory)
      termination = narrower(termination, letter.termination)
      let observed: ObservedPod
      try {
        observed = await observer.look()
        isRuntimeSilent = false
      } catch (error) {
        // Said once: it is asked again every second.
        if (!isRuntimeSilent) context.events.warning(pod, 'FailedSync', `error determining status: ${messageOf(error)}`)
        isRuntimeSilent = true
        log.warn('the runtime does not say what it has', { pod: pod.metadata.name, error: messageOf(error) })
        wakeAt = clock.now() + RUNTIME_RETRY_MS
        continue
      }
      if (stopped) return 'stopped'
      parts.looked(observed)
      containerTrace.looked(pod, observed)

      noteResize(letter, observed)
      const now = clock.wall()
      let step = planPod({ pod, termination }, observed, memory, healthOf, now)
      if (step.end) {
        if (step.end.failure) context.events.normal(pod, step.end.failure.reason, step.end.failure.message)
        termination = narrower(termination, step.end)
        step = planPod({ pod, termination }, observed, memory, healthOf, now)
      }
      if (termination)
        terminating ??= context.trace.begin(tracedPod(pod), {
          type: 'Terminating',
          reason: reasonOf(termination),
          message: `grace ${termination.graceMs / 1_000}s`,
        })
      for (const action of step.actions) performer.perform(pod, action)
      probes.sync(pod, observed, { isEnding: termination !== undefined, starting: memory.starting })
      publish(letter, observed, step.waiting, now)
      if (step.finished) {
        terminating?.end()
        return 'finished'
      }

      if (pod !== lastPod && !showsTheSame(pod, lastPod)) refreshTimes.soon()
      lastPod = pod
      if (now >= refreshAt() && performer.refreshVolumes(pod)) refreshTimes.begun()
      resyncAt(Math.min(now + RESYNC_MS, refreshAt() > now ? refreshAt() : Infinity))
      wakeAt = clock.now() + Math.max(0, step.wakeAt - now)
    }
  }

  /** Known by its end: what was asked for, and what has come of it, stands in the status meanwhile. */
  function noteResize({ pod, resize }: DesiredPod, observed: ObservedPod): void {
    const isNow = termination === undefined && isResizing(pod, observed, memory)
    // A change of memory requests alone is one too, and there is nothing to be done for it.
    const isOver = !isNow && (wasResizing || resize?.generation !== settledGeneration)
    wasResizing = isNow
    if (!isOver || termination) return
    settledGeneration = resize?.generation
    context.events.normal(pod, 'ResizeCompleted', resizeCompleted(pod, settledGeneration))
  }

  function publish({ pod, resize }: DesiredPod, observed: ObservedPod, waiting: Parameters<typeof computePodStatus>[0]['waiting'], now: Millis): void {
    // Who is gone from the API has no status to write.
    if (termination?.because === 'removed') return
    const previous = statuses.get(uid) ?? (pod.status.startTime ? pod.status : undefined)
    const { runtimeName } = parts
    const hostIPs = context.machine.addresses
    statuses.set(pod, computePodStatus({ pod, observed, waiting, healthOf, previous, termination, memory, runtimeName, hostIPs, now, resize }))
  }

  /** What one of our own calls is just bringing about is looked up when it returns. */
  function isOurDoing({ id, state }: RuntimeChange): boolean {
    if (state === 'running') return memory.sandbox === 'starting' || memory.starting.size > 0
    return memory.sandbox === 'stopping' || memory.stops.get(id)?.killAt !== undefined
  }

  const ended = run().finally(() => {
    resync?.cancel()
    probes.stop()
    if (stopped) jobs.cancelAll()
  })

  return {
    update: inbox.put,
    hint(what) {
      if (what && (observer.knows(what) || isOurDoing(what))) return
      observer.doubt()
      inbox.poke()
    },
    get observed() {
      return observer.last
    },
    get termination() {
      return termination
    },
    ended,
    stop() {
      stopped = true
      inbox.poke()
    },
  }
}

/** Of a Pod itself only these can change and stand in files. */
const showsTheSame = ({ metadata: a }: Pod, { metadata: b }: Pod): boolean => deepEqual(a.labels, b.labels) && deepEqual(a.annotations, b.annotations)

/** A kill is never taken back, its grace only shrinks, and a failure it was given stays. */
export function narrower(before: Termination | undefined, now: Termination | undefined): Termination | undefined {
  if (!before || !now) return before ?? now
  return {
    because: now.because === 'removed' || before.because === 'removed' ? 'removed' : now.because,
    graceMs: Math.min(before.graceMs, now.graceMs),
    failure: before.failure ?? now.failure,
    disruption: before.disruption ?? now.disruption,
    ...((before.isRefusal || now.isRefusal) && { isRefusal: true }),
  }
}
