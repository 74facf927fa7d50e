/** What is asked of each family of causes: can this be why this request was lost, if it was for this Pod? */
import type { Millis } from '../../base/clock.ts'
import { isSlow } from '../outcome.ts'
import type { Entrance, LoadRequest, Observation, Symptom } from '../observation.ts'
import type { When } from './instant.ts'
import type { Life } from './life.ts'
import type { Run } from './runs.ts'
import type { Scene } from './scene.ts'

export interface Question {
  readonly scene: Scene
  readonly request: LoadRequest
  readonly trouble: Trouble
  /** It went over a connection that had been opened before. */
  readonly isKept: boolean
  readonly openedMs: Millis
  /** Undefined: for nobody, because the rules held no Pod, or for somebody who is not known. */
  readonly life: Life | undefined
  /** The run of its container that it came upon. */
  readonly run: Run | undefined
  readonly when: When
}

/** error: an answer that says that the server failed. slow: an answer that came late. */
export type Trouble = Symptom | 'error' | 'slow'

/** The Pod that shows it; without one it is the lack of Pods, or the connection itself. */
export interface Fit {
  readonly life?: Life
}

export type Rule = (question: Question) => Fit | undefined

export function troubleOf(request: LoadRequest, { slowMs, entrance }: Pick<Observation, 'slowMs' | 'entrance'>): Trouble {
  const { outcome } = request
  if (outcome.is === 'failed') return outcome.symptom
  if (isSlow(request, slowMs)) return 'slow'
  return (isGateway(entrance) && GATEWAY_STATUS[outcome.status]) || 'error'
}

/** Between the client and the Pod stands somebody who speaks HTTP himself, and tells in a status what became of his own connection. */
export const isGateway = ({ through }: Entrance): boolean => through === 'proxy' || through === 'url'

const GATEWAY_STATUS: Readonly<Record<number, Trouble>> = { 502: 'reset', 503: 'refused', 504: 'timeout' }

/** Nobody took the connection. */
export const isRefusal = (trouble: Trouble): boolean => trouble === 'refused' || trouble === 'unreachable'

/** Somebody had taken it, and it ended without an answer. */
export const isBreak = (trouble: Trouble): boolean => trouble === 'reset' || trouble === 'closed' || trouble === 'other'

/** The client hears of the end of a connection at once, but for a busy machine. */
export const SEEN_WITHIN_MS: Millis = 250
