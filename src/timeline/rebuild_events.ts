/** What Events tell of Pods. They are gone after an hour, and one that came again has its first and its last time only. */
import type { Event } from '../api/kinds/event.ts'
import type { Millis } from '../base/clock.ts'
import { parseGoDuration } from '../base/go_duration.ts'

export interface PodEvents {
  readonly uid: string
  readonly name: string
  readonly namespace: string | undefined
  node: string | undefined
  scheduledAt: Millis | undefined
  /** The kubelet began to stop the Pod. */
  killingAt: Millis | undefined
  preempted: boolean
  readonly containers: Map<string, ContainerEvents>
}

export interface ContainerEvents {
  readonly pulls: { fromMs: Millis | undefined; toMs: Millis | undefined; reason: string; message: string | undefined }[]
  readonly startedAt: Millis[]
  /** Why it was stopped although its Pod goes on: a probe. */
  readonly restarts: { atMs: Millis; reason: string }[]
  readonly stoppingAt: Millis[]
  readonly failedProbes: { probe: string; fromMs: Millis; toMs: Millis; count: number; message: string }[]
  readonly failedHooks: { hook: 'PostStart' | 'PreStop'; atMs: Millis; message: string | undefined }[]
}

/** By the Pod's uid. */
export function readEvents(events: readonly Event[]): Map<string, PodEvents> {
  const pods = new Map<string, PodEvents>()
  const ordered = events.filter(({ involvedObject }) => involvedObject.kind === 'Pod' && involvedObject.uid).sort((a, b) => firstOf(a) - firstOf(b))
  for (const event of ordered) {
    const { uid = '', name = '', namespace } = event.involvedObject
    let pod = pods.get(uid)
    if (!pod) {
      pod = { uid, name, namespace, node: undefined, scheduledAt: undefined, killingAt: undefined, preempted: false, containers: new Map() }
      pods.set(uid, pod)
    }
    readEvent(pod, event)
  }
  return pods
}

function readEvent(pod: PodEvents, event: Event): void {
  const [first, last] = [firstOf(event), lastOf(event)]
  if (Number.isNaN(first)) return
  const { reason, message = '', count = event.series?.count ?? 1 } = event
  if (reason === 'Scheduled') {
    pod.scheduledAt = first
    pod.node ??= / to (\S+)$/.exec(message)?.[1]
    return
  }
  if (reason === 'Preempted' || reason === 'Preempting') pod.preempted = true
  const name = /\{(.+)\}$/.exec(event.involvedObject.fieldPath ?? '')?.[1]
  if (!name) return
  const container = pod.containers.get(name) ?? { pulls: [], startedAt: [], restarts: [], stoppingAt: [], failedProbes: [], failedHooks: [] }
  pod.containers.set(name, container)
  const instants = last > first ? [first, last] : [first]
  switch (reason) {
    case 'Pulling':
      // Its end is another event; until that comes it goes on.
      container.pulls.push({ fromMs: last, toMs: undefined, reason: '', message: undefined })
      break
    case 'Pulled':
      for (const at of instants) pulled(container, at, message)
      break
    case 'Failed':
    case 'ErrImagePull':
      if (/pull/i.test(message)) failedPull(container, last, message)
      break
    case 'Started':
      container.startedAt.push(...instants)
      break
    case 'Killing':
      killing(pod, container, instants, message)
      break
    case 'Unhealthy': {
      const [, word = '', what = ''] = /^(Startup|Readiness|Liveness) probe (?:failed|errored[^:]*): ?(.*)$/s.exec(message) ?? []
      if (word) container.failedProbes.push({ probe: word.toLowerCase(), fromMs: first, toMs: last, count, message: what.trim() })
      break
    }
    case 'FailedPostStartHook':
    case 'FailedPreStopHook':
      container.failedHooks.push({ hook: reason === 'FailedPostStartHook' ? 'PostStart' : 'PreStop', atMs: last, message })
      break
    default:
  }
}

function pulled(container: ContainerEvents, at: Millis, message: string): void {
  const open = container.pulls.findIndex(({ toMs, reason }) => toMs === undefined && reason === '')
  if (open >= 0) container.pulls.splice(open, 1)
  const took = / in ([\d.a-zµ]+)(?: |$)/.exec(message)?.[1]
  const tookMs = took === undefined ? undefined : parseGoDuration(took)
  if (tookMs === undefined) container.pulls.push({ fromMs: at, toMs: at, reason: 'AlreadyPresent', message: imageOf(message) })
  else container.pulls.push({ fromMs: at - tookMs, toMs: at, reason: 'Pulled', message: imageOf(message) })
}

function failedPull(container: ContainerEvents, at: Millis, message: string): void {
  const open = container.pulls.find(({ toMs, reason }) => toMs === undefined && reason === '')
  if (open) Object.assign(open, { toMs: Math.max(at, open.fromMs ?? at), reason: 'ErrImagePull', message })
}

const imageOf = (message: string): string | undefined => /image "([^"]+)"/.exec(message)?.[1]

function killing(pod: PodEvents, container: ContainerEvents, instants: readonly Millis[], message: string): void {
  const probe = / failed (liveness|startup) probe/.exec(message)?.[1]
  if (probe) return void container.restarts.push(...instants.map(atMs => ({ atMs, reason: probe === 'liveness' ? 'LivenessFailed' : 'StartupFailed' })))
  if (!message.startsWith('Stopping container') && !message.includes('Preempt')) return
  container.stoppingAt.push(...instants)
  const last = instants.at(-1)!
  pod.killingAt = Math.min(pod.killingAt ?? last, last)
}

const firstOf = ({ firstTimestamp, eventTime, metadata }: Event): Millis => Date.parse(firstTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '')
const lastOf = (event: Event): Millis => Date.parse(event.lastTimestamp ?? event.series?.lastObservedTime ?? event.eventTime ?? '') || firstOf(event)
