/** What can be said of requests whose cause was not found. */
import type { Millis } from '../../base/clock.ts'
import type { Evidence } from '../report.ts'
import { isCrash } from './endings.ts'
import { requestsOf, type Group } from './group.ts'
import { milliseconds, plural } from '../words.ts'

export function unknownFacts(group: Group): Evidence[] {
  const { scene, worst } = group
  const { change, requests, blindSpots } = scene.observation
  const facts: string[] = []
  const before = requestsOf(group).filter(({ plannedMs }) => plannedMs < change.beganMs).length
  if (before > 0) facts.push(`${plural(before, 'request')} of these had been planned before the change began`)
  const errors = group.verdicts.filter(({ trouble }) => trouble === 'error')
  if (errors.length > 0)
    facts.push(`${plural(errors.length, 'answer')} came from Pods that were neither starting nor ending: that is the application's own doing`)
  const lateMs = latenessOfClient(group)
  if (lateMs > 0) facts.push(`the load client itself was up to ${milliseconds(lateMs)} late in sending: this machine had too much to do`)
  const crashed = group.lives.find(life => life.runs.some(run => isCrash(life, run)))
  if (crashed) {
    const run = crashed.runs.find(one => isCrash(crashed, one))!
    facts.push(
      `${crashed.name}: container ${crashed.container} ended by itself${run.exitCode === undefined ? '' : ` with code ${run.exitCode}`}${run.reason ? ` (${run.reason})` : ''}`,
    )
  }
  if (!worst && requests.length > 0) facts.push('no Pod is known that these could have been for')
  return [...facts, ...blindSpots.slice(0, 1)].slice(0, 4).map(text => ({ atMs: undefined, text }))
}

/** The most that a request of these was sent after its planned instant, where that is most of its latency. */
function latenessOfClient(group: Group): Millis {
  const late = requestsOf(group).filter(({ plannedMs, sentMs, endedMs }) => sentMs - plannedMs > (endedMs - plannedMs) / 2)
  return Math.max(0, ...late.map(({ plannedMs, sentMs }) => Math.round(sentMs - plannedMs)))
}
