import { sleep } from '../base/clock.ts'
import type { Clock, Millis } from '../base/clock.ts'
import type { Random } from '../base/random.ts'

/** From and to, in milliseconds, both included. */
export type Range = readonly [from: Millis, to: Millis]

export interface RuntimeLatency {
  readonly runSandbox: Range
  readonly stopSandbox: Range
  readonly removeSandbox: Range
  readonly createContainer: Range
  readonly startContainer: Range
  readonly stopContainer: Range
  readonly removeContainer: Range
  readonly exec: Range
  readonly query: Range
  /** From a change to the hint about it. */
  readonly event: Range
}

/** One client, CNI bridge, busybox on containerd 1.6, two noisy cores. */
export const CONTAINERD_LATENCY: RuntimeLatency = {
  runSandbox: [109, 178],
  stopSandbox: [74, 104],
  removeSandbox: [21, 39],
  createContainer: [13, 30],
  startContainer: [61, 89],
  stopContainer: [10, 30],
  removeContainer: [6, 14],
  exec: [52, 77],
  query: [2, 8],
  event: [1, 5],
}

/** As quick as a simulation may be: a port call never takes no time at all. */
export const FAST_LATENCY: RuntimeLatency = {
  runSandbox: [1, 2],
  stopSandbox: [1, 2],
  removeSandbox: [1, 2],
  createContainer: [1, 2],
  startContainer: [1, 2],
  stopContainer: [1, 2],
  removeContainer: [1, 2],
  exec: [1, 2],
  query: [1, 1],
  event: [1, 2],
}

export const within = (random: Random, [from, to]: Range): Millis => from + random.below(to - from + 1)

export const take = (clock: Clock, random: Random, range: Range, label: string): Promise<void> => sleep(clock, within(random, range), undefined, label)
