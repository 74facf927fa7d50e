/**
 * Usage from counters: CPU is a counter that only grows, so it takes two readings to know how fast. Pure.
 *
 *   reading ─┐
 *            ├─▶ usage over the window between them
 *   reading ─┘
 */
import type { NodeUsage, PodUsage, Usage, UsageWindow } from '../api/usage.ts'
import type { Millis } from '../base/clock.ts'

/** One reading of one counter set. */
export interface Reading {
  readonly at: Millis
  readonly cpuNanoSeconds: number
  readonly memoryBytes: number
  /** When what is read began; with another beginning the counter has begun anew. */
  readonly startedAt: string | undefined
}

export interface NodeReading {
  /** Undefined when the node could not say. */
  readonly node: Reading | undefined
  /** By `<namespace>/<name>`, then by the name of the container. */
  readonly pods: ReadonlyMap<string, ReadonlyMap<string, Reading>>
}

/** The last two that differ. */
export interface Pair<T> {
  readonly previous: T | undefined
  readonly last: T
}

export type PodPairs = ReadonlyMap<string, ReadonlyMap<string, Pair<Reading>>>

export interface NodePairs {
  readonly node: Pair<Reading> | undefined
  readonly pods: PodPairs
}

/** What is known after another reading. What it does not mention is forgotten. */
export function withReading(known: NodePairs | undefined, { node, pods }: NodeReading): NodePairs {
  return {
    node: node && pairOf(known?.node, node),
    pods: mapped(pods, (containers, pod) => mapped(containers, (reading, name) => pairOf(known?.pods.get(pod)?.get(name), reading))),
  }
}

function pairOf(known: Pair<Reading> | undefined, last: Reading): Pair<Reading> {
  if (!known || hasBegunAnew(known.last, last)) return { previous: undefined, last }
  // The same reading again is no second one.
  return last.at > known.last.at ? { previous: known.last, last } : known
}

/** When it began may not be known in the first moment. */
const hasBegunAnew = (before: Reading, after: Reading): boolean =>
  after.cpuNanoSeconds < before.cpuNanoSeconds || (before.startedAt !== undefined && after.startedAt !== undefined && before.startedAt !== after.startedAt)

export function nodeUsage({ node }: NodePairs): NodeUsage | undefined {
  const found = node && usageOf(node)
  return found && { at: found.at, windowMs: found.windowMs, usage: found.usage }
}

/** All containers, or none: half a Pod would look like a Pod that uses half. */
export function podUsage(containers: ReadonlyMap<string, Pair<Reading>>): PodUsage | undefined {
  const all = [...containers].map(([name, pair]) => ({ name, found: usageOf(pair) }))
  let window: UsageWindow | undefined
  const usages: { name: string; usage: Usage }[] = []
  for (const { name, found } of all) {
    if (!found) return undefined
    if (!window || found.at < window.at) window = found
    usages.push({ name, usage: found.usage })
  }
  return window && { at: window.at, windowMs: window.windowMs, containers: usages }
}

function usageOf({ previous, last }: Pair<Reading>): (UsageWindow & { readonly usage: Usage }) | undefined {
  if (!previous) return undefined
  const windowMs = last.at - previous.at
  const cpuNanoCores = ((last.cpuNanoSeconds - previous.cpuNanoSeconds) * 1000) / windowMs
  return { at: last.at, windowMs, usage: { cpuNanoCores, memoryBytes: last.memoryBytes } }
}

const mapped = <V, W>(map: ReadonlyMap<string, V>, change: (value: V, key: string) => W): Map<string, W> =>
  new Map([...map].map(([key, value]) => [key, change(value, key)]))
