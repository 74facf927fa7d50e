/**
 * Sets of completion indexes, as a Job's status writes them: `1,3-5,7`. Three or more in a row are joined by a hyphen.
 * A Job may have 100,000 indexes, so they are kept as ranges.
 */
export interface IndexRange {
  readonly from: number
  /** Inclusive. */
  readonly to: number
}

/** In rising order, without gaps of nothing between them: two ranges never touch. */
export type IndexRanges = readonly IndexRange[]

/** What a controller wrote; whatever is none of it, or beyond `count`, is left out. */
export function parseIndexRanges(text: string | undefined, count: number): IndexRanges {
  const ranges = (text ?? '').split(',').flatMap((part): IndexRange[] => {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part)
    if (!match) return []
    const from = Number(match[1])
    const to = Math.min(Number(match[2] ?? match[1]), count - 1)
    return from <= to ? [{ from, to }] : []
  })
  return joined(ranges)
}

export function printIndexRanges(ranges: IndexRanges): string {
  return ranges.map(({ from, to }) => (to - from >= 2 ? `${from}-${to}` : from === to ? `${from}` : `${from},${to}`)).join(',')
}

export const countIndexes = (ranges: IndexRanges): number => ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0)

export function hasIndex(ranges: IndexRanges, index: number): boolean {
  let low = 0
  let high = ranges.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const { from, to } = ranges[middle]!
    if (index < from) high = middle - 1
    else if (index > to) low = middle + 1
    else return true
  }
  return false
}

export function withIndexes(ranges: IndexRanges, indexes: Iterable<number>): IndexRanges {
  return joined([...ranges, ...Array.from(indexes, index => ({ from: index, to: index }))])
}

export function withoutIndexes(ranges: IndexRanges, indexes: ReadonlySet<number>): IndexRanges {
  if (indexes.size === 0) return ranges
  const out = [...indexes].sort((a, b) => a - b)
  return ranges.flatMap(({ from, to }) => {
    const left: IndexRange[] = []
    let start = from
    for (const index of out) {
      if (index < start || index > to) continue
      if (index > start) left.push({ from: start, to: index - 1 })
      start = index + 1
    }
    if (start <= to) left.push({ from: start, to })
    return left
  })
}

/** What both have. */
export function commonIndexes(a: IndexRanges, b: IndexRanges): IndexRanges {
  const common: IndexRange[] = []
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const from = Math.max(a[i]!.from, b[j]!.from)
    const to = Math.min(a[i]!.to, b[j]!.to)
    if (from <= to) common.push({ from, to })
    if (a[i]!.to < b[j]!.to) i++
    else j++
  }
  return common
}

function joined(ranges: readonly IndexRange[]): IndexRanges {
  const result: { from: number; to: number }[] = []
  for (const { from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = result.at(-1)
    if (last && from <= last.to + 1) last.to = Math.max(last.to, to)
    else result.push({ from, to })
  }
  return result
}
