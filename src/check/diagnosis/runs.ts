/** Each start of the container that serves, until its process had ended, and what ended it. */
import type { Pod } from '../../api/kinds/pod.ts'
import type { TimelineSpan } from '../../api/types/pod_timeline.ts'
import type { Millis } from '../../base/clock.ts'
import { finishOf, startOf, type Instant } from './instant.ts'

export interface Run {
  readonly restart: number
  readonly started: Instant | undefined
  /** Its process had ended. Undefined: it runs, or nobody knows. */
  readonly ended: Instant | undefined
  readonly exitCode: number | undefined
  readonly reason: string | undefined
  readonly preStop: { readonly began: Instant; readonly ended: Instant | undefined } | undefined
  /** The kubelet began to send the signal. */
  readonly term: { readonly at: Instant; readonly signal: string } | undefined
  readonly kill: { readonly at: Instant; readonly reason: string } | undefined
  /** A probe over the network had its first answer: something listened. */
  readonly probed: Instant | undefined
  /** The probe whose failures were the last that was heard of it. */
  readonly failedProbe: { readonly probe: 'startup' | 'liveness'; readonly from: Instant; readonly count: number } | undefined
}

export function runsOf(spans: readonly TimelineSpan[], container: string, pod: Pod | undefined, offsetMs: Millis | undefined): Run[] {
  const mine = spans.filter(span => span.container === container)
  const starts = mine.filter(({ type }) => type === 'Container')
  return starts.map((span, index) => {
    const started = startOf(span, offsetMs)
    const nextStart = starts[index + 1] && startOf(starts[index + 1]!, offsetMs)
    const restart = span.restart ?? index
    /** Told with the number of the start, or by its instant alone. */
    const during = mine.filter(other => {
      if (other.restart !== undefined && other.type !== 'Probe') return other.restart === restart
      const at = startOf(other, offsetMs)
      return at !== undefined && at.atMs >= (started?.atMs ?? -Infinity) && at.atMs < (nextStart?.atMs ?? Infinity)
    })
    const last = (type: TimelineSpan['type']) => during.findLast(other => other.type === type)
    const [preStop, term, kill] = [last('PreStop'), last('Term'), last('Kill')]
    const [began, signalled, killed] = [preStop, term, kill].map(other => other && startOf(other, offsetMs))
    return {
      restart,
      started,
      ended: finishOf(span, offsetMs),
      exitCode: span.exitCode ?? term?.exitCode,
      reason: span.reason,
      preStop: began && { began, ended: finishOf(preStop!, offsetMs) },
      term: signalled && { at: signalled, signal: signalIn(term!.message) },
      kill: killed && { at: killed, reason: kill!.reason ?? '' },
      probed: firstAnswer(during, pod, container, offsetMs),
      failedProbe: failureAtEnd(during, offsetMs),
    }
  })
}

/** `SIGTERM`, or a sentence that names it. */
const signalIn = (message: string | undefined): string =>
  /\bSIG([A-Z0-9+]+)\b/.exec(message ?? '')?.[1] ?? (message && /^[A-Z0-9+]+$/.test(message) ? message : 'TERM')

/** A command in the container says nothing about its ports. */
function firstAnswer(spans: readonly TimelineSpan[], pod: Pod | undefined, name: string, offsetMs: Millis | undefined): Instant | undefined {
  const container = pod?.spec.containers.find(each => each.name === name)
  const port = container?.ports?.[0]?.containerPort
  for (const span of spans) {
    if (span.type !== 'Probe' || span.result !== 'success' || !span.probe) continue
    const probe = container?.[`${span.probe}Probe` as 'readinessProbe']
    const asked = probe?.httpGet?.port ?? probe?.tcpSocket?.port ?? probe?.grpc?.port
    const isSame = asked !== undefined && (port === undefined || asked === port || container?.ports?.some(each => each.name === asked))
    if (isSame) return startOf(span, offsetMs)
  }
  return undefined
}

function failureAtEnd(spans: readonly TimelineSpan[], offsetMs: Millis | undefined): Run['failedProbe'] {
  for (const probe of ['liveness', 'startup'] as const) {
    const last = spans.findLast(span => span.type === 'Probe' && span.probe === probe)
    const from = last?.result === 'failure' ? startOf(last, offsetMs) : undefined
    if (from) return { probe, from, count: last!.count ?? 1 }
  }
  return undefined
}

/** The run a request came upon: the last that had begun by then. */
export function runAt({ runs }: { readonly runs: readonly Run[] }, atMs: Millis): Run | undefined {
  return runs.findLast(({ started }) => started === undefined || started.atMs - started.marginMs <= atMs) ?? runs[0]
}
