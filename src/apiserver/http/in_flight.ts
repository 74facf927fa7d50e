import { tooManyRequests } from '../../api/status.ts'

export interface InFlight {
  readonly mutating: number
  readonly readOnly: number
  /** Returns what to call when the request is done. Throws 429 when there are too many already. */
  enter(isMutating: boolean): () => void
}

export interface InFlightLimits {
  readonly mutatingMax: number
  readonly readOnlyMax: number
}

const RETRY_AFTER_SECONDS = 1

/** Bounds how many requests are worked on at once; the rest are told to come back. */
export function createInFlight({ mutatingMax, readOnlyMax }: InFlightLimits): InFlight {
  let mutating = 0
  let readOnly = 0
  return {
    get mutating() {
      return mutating
    },
    get readOnly() {
      return readOnly
    },
    enter(isMutating) {
      if (isMutating ? mutating >= mutatingMax : readOnly >= readOnlyMax)
        throw tooManyRequests('too many requests, please try again later', RETRY_AFTER_SECONDS)
      if (isMutating) mutating++
      else readOnly++
      return () => {
        if (isMutating) mutating--
        else readOnly--
      }
    },
  }
}
