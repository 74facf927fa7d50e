/**
 * What components tell about a Pod at the instant they do it. Whoever listens makes a timeline of it; nobody waits for them,
 * and nothing may depend on whether somebody listens.
 */
import type { Millis } from './clock.ts'

export interface TracedPod {
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

export interface LifecycleStep {
  /** A `SpanType` of api/types/pod_timeline.ts that the component knows of. */
  readonly type: string
  readonly container?: string
  /** Of the container: how often it had been started before. */
  readonly restart?: number
  readonly probe?: string
  readonly reason?: string
  readonly message?: string
  /** When it began, where that is known better than `now`: by the clock that never goes back. */
  readonly atMs?: Millis
}

export interface StepOutcome {
  readonly reason?: string
  readonly message?: string
  readonly exitCode?: number
  readonly result?: 'success' | 'failure' | 'unknown'
  /** When it ended, where that is known better than `now`. unknown: it has ended, and nobody can know when. */
  readonly atMs?: Millis | 'unknown'
}

/** Of what lasts. Ending it twice counts once. */
export interface OpenStep {
  end(outcome?: StepOutcome): void
}

export interface LifecycleTrace {
  /** Something has begun and will end. */
  begin(pod: TracedPod, step: LifecycleStep): OpenStep
  /** Something that takes no time. */
  note(pod: TracedPod, step: LifecycleStep & StepOutcome): void
}

/** For who has no listener. */
export const silentTrace: LifecycleTrace = { begin: () => ({ end() {} }), note() {} }
