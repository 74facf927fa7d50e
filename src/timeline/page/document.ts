/**
 * What the HTML page shows: plain data, drawn by dashboard/timeline in somebody's browser. All instants are as `startMs` of
 * spans: on the monotonic clock of the cluster whose timelines they lie over.
 */
import type { PodTimeline } from '../../api/kinds/pod_timeline.ts'
import type { Millis } from '../../base/clock.ts'

export interface PageDocument {
  readonly title: string
  /** One line below the title: `poise check -f web.yaml, 2 nodes, real containers`. */
  readonly subtitle?: string
  /** Undefined where nothing was checked. */
  readonly verdict?: { readonly is: PageVerdict; readonly text: string }
  /** What cannot be seen here, and what was left out: sentences. */
  readonly notes: readonly string[]
  /** One tab each. */
  readonly runs: readonly PageRun[]
}

/** unfinished: nothing was lost, and the change never settled, so that nothing is proven. */
export type PageVerdict = 'clean' | 'lost' | 'unfinished'

export interface PageRun {
  /** `careless`, `patched`, `repetition 3`. */
  readonly name: string
  readonly timelines: readonly PodTimeline[]
  /** `rollout began`. */
  readonly marks: readonly { readonly atMs: Millis; readonly label: string }[]
  /** The time of day at the moment it was written, for what goes on; undefined: until the last instant known. */
  readonly nowWallMs?: Millis
  /** Time of day minus monotonic clock: needed where timelines were derived, and so know no monotonic clock. */
  readonly wallMinusMonotonicMs?: Millis
  readonly check?: PageCheck
}

export interface PageCheck {
  /** One sentence: `12 of 1,204 requests were lost.` */
  readonly summary: string
  readonly verdict: PageVerdict
  readonly sent: number
  readonly lost: number
  readonly slow: number
  readonly slowMs?: Millis
  readonly latencyMs: { readonly p50: Millis; readonly p95: Millis; readonly p99: Millis; readonly max: Millis }
  readonly findings: readonly PageFinding[]
  /** In planned order. When there are fewer than `sent`, the others were left out to keep the page small. */
  readonly requests: readonly PageRequest[]
}

export interface PageFinding {
  readonly cause: string
  /** The cause as a heading. */
  readonly title: string
  readonly summary: string
  readonly lost: number
  readonly slow: number
  readonly evidence: readonly { readonly atMs?: Millis; readonly text: string; readonly pod?: string; readonly node?: string }[]
  readonly advice: readonly PageAdvice[]
  /** A whole address, or undefined: a page is read where our docs/ are not. */
  readonly docs?: string
}

export interface PageAdvice {
  readonly text: string
  /** What to type or to apply. */
  readonly code?: { readonly label: string; readonly text: string }
}

export interface PageRequest {
  readonly id: number
  readonly plannedMs: Millis
  readonly endedMs: Millis
  readonly is: 'answered' | 'slow' | 'lost'
  /** `200`, `refused while connecting`. */
  readonly outcome: string
  /** Of the finding that explains it. */
  readonly cause?: string
  readonly client: string
  /** The name of the Pod it went to, or its address. */
  readonly target?: string
}
