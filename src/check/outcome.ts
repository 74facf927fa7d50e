/** What counts as lost, and what as slow: said once, for the diagnosis and for every figure. */
import type { Millis } from '../base/clock.ts'
import type { LoadRequest } from './observation.ts'

/** No answer at all, or one that says that the server failed (5xx). A client can do nothing with either. */
export const isLost = ({ outcome }: LoadRequest): boolean => outcome.is === 'failed' || outcome.status >= 500

export const isSlow = (request: LoadRequest, slowMs: Millis): boolean => !isLost(request) && latencyMs(request) > slowMs

/** What has to be explained. */
export const isTrouble = (request: LoadRequest, slowMs: Millis): boolean => isLost(request) || isSlow(request, slowMs)

/** From the planned instant: a request that had to wait for its turn was slow for whoever wanted it. */
export const latencyMs = ({ plannedMs, endedMs }: LoadRequest): Millis => endedMs - plannedMs
