import type { Cause } from '../causes.ts'
import type { LoadRequest } from '../observation.ts'
import type { Life } from './life.ts'
import type { Trouble } from './question.ts'

/** What became of one request. */
export interface Verdict {
  readonly cause: Cause
  readonly request: LoadRequest
  readonly trouble: Trouble
  /** The Pods that show it; of unknown ones those it may have been for. */
  readonly lives: readonly Life[]
  /** Some of what decided it is only known to the second. */
  readonly isVague: boolean
  /** Why it is unknown: these fit with equal right. */
  readonly alternatives: readonly Cause[]
}
