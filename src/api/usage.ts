/** What nodes and containers use, as somebody who reads their counters again and again has found: the data of metrics.k8s.io. */
import type { Millis } from '../base/clock.ts'

export interface UsageReadings {
  /** Undefined until there are two readings of it. */
  node(name: string): NodeUsage | undefined
  /** Undefined until there are two readings of each of its running containers. */
  pod(namespace: string, name: string): PodUsage | undefined
}

export interface Usage {
  /** Billionths of a CPU, on average over the window. */
  readonly cpuNanoCores: number
  /** The working set, at the end of the window. */
  readonly memoryBytes: number
}

export interface UsageWindow {
  /** Wall time of the newer reading. */
  readonly at: Millis
  /** Between the two. */
  readonly windowMs: Millis
}

export interface NodeUsage extends UsageWindow {
  readonly usage: Usage
}

export interface PodUsage extends UsageWindow {
  readonly containers: readonly { readonly name: string; readonly usage: Usage }[]
}
