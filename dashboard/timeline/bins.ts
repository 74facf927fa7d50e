/** Thousands of requests as what one can see: bins of equal time, and marks that stand for several. */
import type { Millis } from '../../src/base/clock.ts'
import type { DrawnRequest } from './run_data.ts'
import { placeOf, spanOf, type View } from './view.ts'

export interface Bin {
  readonly fromMs: Millis
  readonly answered: number
  readonly slow: number
  readonly lost: number
  /** Of those with an answer; undefined where there is none. */
  readonly medianMs: Millis | undefined
  readonly longestMs: Millis | undefined
}

/** By the instant at which they were planned. `requests` are in that order. */
export function binsOf(requests: readonly DrawnRequest[], view: View, count: number): Bin[] {
  const width = spanOf(view) / count
  const bins = Array.from({ length: count }, (_, index) => ({ fromMs: view.fromMs + index * width, answered: 0, slow: 0, lost: 0, latencies: [] as Millis[] }))
  for (const { atMs, latencyMs, is } of slice(requests, view)) {
    const bin = bins[Math.min(count - 1, Math.floor((atMs - view.fromMs) / width))]!
    bin[is]++
    if (is !== 'lost') bin.latencies.push(latencyMs)
  }
  return bins.map(({ latencies, ...bin }) => {
    latencies.sort((a, b) => a - b)
    return { ...bin, medianMs: latencies[latencies.length >> 1], longestMs: latencies.at(-1) }
  })
}

export interface Cluster {
  /** Of its first request. */
  readonly id: string
  readonly atMs: Millis
  readonly requests: readonly DrawnRequest[]
}

/** Marks that would lie over each other become one: `gap` is the share of the width that two need between them. */
export function clustersOf(requests: readonly DrawnRequest[], view: View, gap: number): Cluster[] {
  const clusters: { id: string; atMs: Millis; requests: DrawnRequest[] }[] = []
  for (const request of slice(requests, view)) {
    const last = clusters.at(-1)
    if (last && placeOf(view, request.atMs) - placeOf(view, last.atMs) < gap) last.requests.push(request)
    else clusters.push({ id: `request/${request.id}`, atMs: request.atMs, requests: [request] })
  }
  return clusters
}

/** Those that were planned within the view. */
export const slice = (requests: readonly DrawnRequest[], { fromMs, toMs }: View): readonly DrawnRequest[] =>
  requests.slice(
    firstAt(requests, at => at >= fromMs),
    firstAt(requests, at => at > toMs),
  )

function firstAt(requests: readonly DrawnRequest[], holds: (atMs: Millis) => boolean): number {
  let low = 0
  let high = requests.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(requests[middle]!.atMs)) high = middle
    else low = middle + 1
  }
  return low
}
