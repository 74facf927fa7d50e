/** What a check says, as data: every output (text, JSON, JUnit, SARIF, page) is drawn from this. */
import type { PodTimeline } from '../api/kinds/pod_timeline.ts'
import type { Millis } from '../base/clock.ts'
import type { Cause } from './causes.ts'
import type { ClientKind, Entrance, LoadRequest, ObservedChange } from './observation.ts'

/** Of one cause in one repetition: all requests it explains. */
export interface Finding {
  readonly cause: Cause
  /** A sentence with the figures of this very run: `12 requests were refused by web-1 after it had exited`. */
  readonly summary: string
  /** Ids, in the order they were planned, of those that the report holds; `lost` and `slow` count all. */
  readonly requests: readonly number[]
  readonly lost: number
  readonly slow: number
  /** What shows it, in the order of time. */
  readonly evidence: readonly Evidence[]
  /** What to change; undefined where the manifest cannot help. */
  readonly advice: readonly Advice[]
  /** Below docs/: `causes.md#refused-after-exit`. */
  readonly docs: string
}

export interface Evidence {
  readonly atMs: Millis | undefined
  /** A sentence: `web-1: exited with code 0, 12 ms after TERM`. */
  readonly text: string
  readonly pod?: string
  readonly node?: string
  readonly request?: number
}

export interface Advice {
  readonly text: string
  /** For kubectl patch: `kubectl patch deployment web --patch '…'`. Undefined: the change is in the image or the client. */
  readonly patch?: { readonly kind: string; readonly name: string; readonly type: 'strategic'; readonly body: object }
  /** A whole object to be added, such as a PodDisruptionBudget. */
  readonly create?: object
}

export interface Repetition {
  readonly entrance: Entrance
  readonly change: ObservedChange
  readonly beganMs: Millis
  readonly endedMs: Millis
  /** The time of day at `beganMs`. */
  readonly beganWallMs: Millis
  readonly sent: number
  readonly lost: number
  /** How many of the lost ones were planned before the change began: those it is not to blame for. */
  readonly lostBeforeChange: number
  readonly slow: number
  /** What an answered request had to stay below, or it counted as slow. */
  readonly slowMs: Millis
  /** From the planned instant, of those that were answered. */
  readonly latencyMs: { readonly p50: Millis; readonly p95: Millis; readonly p99: Millis; readonly max: Millis }
  readonly perClient: Readonly<Partial<Record<ClientKind, { readonly sent: number; readonly lost: number; readonly slow: number }>>>
  readonly findings: readonly Finding[]
  /** Those that were lost or slow, and enough of the others to draw them. */
  readonly requests: readonly LoadRequest[]
  readonly timelines: readonly PodTimeline[]
  /** How many the report of many repetitions has no room for: then it has none of this one. */
  readonly timelinesLeftOut?: number
}

export interface CheckReport {
  /** lost: any repetition lost a request. unfinished: none did, and a change never settled, so that nothing is proven. */
  readonly verdict: 'clean' | 'lost' | 'unfinished'
  readonly files: readonly string[]
  readonly site: { readonly kind: SiteKind; readonly description: string; readonly blindSpots: readonly string[] }
  readonly ratePerSecond: number
  readonly repetitions: readonly Repetition[]
  /** In how many repetitions requests were lost, with a 95 % interval by Wilson's score. */
  readonly lossRate: { readonly lost: number; readonly of: number; readonly low: number; readonly high: number }
}

/** containerd: a throw-away cluster with real containers. simulated: one without. virtual: in virtual time. context: somebody's cluster. */
export type SiteKind = 'containerd' | 'simulated' | 'virtual' | 'context'
