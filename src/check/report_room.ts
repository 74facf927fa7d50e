/**
 * What of each repetition a report has room for. Figures and findings are always told; what they were found in is cut, so that a
 * report of many repetitions still fits into memory, and as JSON into one text.
 */
import type { Repetition } from './report.ts'

/** Of all repetitions together. */
const SPANS_MAX = 200_000
/** What those may take that lost nothing: they come first as often as not, and those that lost something are looked at. */
const CLEAN_SPANS_MAX = 50_000

export interface ReportRoom {
  /** As the report has it. The first repetition keeps its timelines however many there are. */
  keep(repetition: Repetition): Repetition
}

export function createReportRoom(): ReportRoom {
  let used = 0
  return {
    keep(repetition) {
      const kept = namingHeldRequests(repetition)
      const spans = repetition.timelines.reduce((sum, timeline) => sum + timeline.spans.length, 0)
      const isClean = repetition.lost === 0 && repetition.slow === 0 && repetition.change.settledMs !== undefined
      if (used > 0 && used + spans > (isClean ? CLEAN_SPANS_MAX : SPANS_MAX)) return { ...kept, timelines: [], timelinesLeftOut: repetition.timelines.length }
      used += spans
      return kept
    },
  }
}

/** A finding names no request that the report does not hold; its counts are of all. */
function namingHeldRequests(repetition: Repetition): Repetition {
  const held = new Set(repetition.requests.map(({ id }) => id))
  return { ...repetition, findings: repetition.findings.map(finding => ({ ...finding, requests: finding.requests.filter(id => held.has(id)) })) }
}
