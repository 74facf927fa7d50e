/** What a case of the diagnosis is, and the Pods that many of them have. */
import type { Cause } from '../causes.ts'
import type { LoadRequest } from '../observation.ts'
import { pod, type ObservedWords } from './observed.ts'

export interface DiagnosisCase {
  readonly pods: readonly ReturnType<typeof pod>[]
  readonly requests: readonly LoadRequest[]
  readonly words?: ObservedWords
  /** Ids of requests, by cause. */
  readonly because: Readonly<Partial<Record<Cause, readonly number[]>>>
}

export const stays = pod('stays')
/** Obeys TERM at once; node-a follows 180 ms after the deletion. */
export const leaves = pod('old', { deleted: 0, term: 5, exit: 20, code: 0, unrouted: 180 })
/** Closes its port at TERM, and answers what it has for three seconds. */
export const drains = pod('old', { deleted: 0, term: 5, exit: 3_000, code: 0, unrouted: 180 })
/** Five seconds of grace, and the program does not end. */
export const killed = pod('old', { deleted: 0, term: 5, kill: 5_000, exit: 5_010, code: 137, unrouted: 50, grace: 5 })
