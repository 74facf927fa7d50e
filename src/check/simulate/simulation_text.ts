/** A simulation for people: how often, why, at which delays, and how long a preStop sleep must be. */
import type { Millis } from '../../base/clock.ts'
import { CAUSE_TITLES } from '../causes.ts'
import { patchCommand } from '../finding_text.ts'
import type { Paint } from '../report_text.ts'
import { percent, plural, seconds } from '../words.ts'
import type { PropagationBucket, SimulationReport, SleepSearch, SleepTrial } from './simulation_report.ts'

const plain: Paint = (_, text) => text
const BAR_COLUMNS = 20

export function renderSimulation(report: SimulationReport, paint: Paint = plain): string {
  const heading = (text: string) => ['', paint('strong', text)]
  const { causes, byPropagation, sleep, examples, notes } = report
  const blocks = [
    [verdict(report, paint), ...figures(report)],
    causes.length > 0 ? [...heading('Why'), ...causeLines(report)] : [],
    report.counts.lost > 0 ? [...heading('By propagation delay: from the change of an EndpointSlice to the rules of the node'), ...buckets(byPropagation)] : [],
    sleep ? [...heading('The shortest preStop sleep'), ...sleepLines(sleep)] : [],
    examples.worst === undefined
      ? []
      : [...heading('Look closer'), `  The same command with --replay ${examples.worst} runs the seed that lost most again, request for request.`],
    notes.length > 0 ? [...heading('What was taken for granted'), ...notes.map(note => `  ${note}`)] : [],
  ]
  return blocks.flat().join('\n')
}

function verdict({ verdict: is, seeds, lossRate, change, counts, examples }: SimulationReport, paint: Paint): string {
  const stopped = seeds.done < seeds.asked ? ` (stopped after ${seeds.done} of ${seeds.asked})` : ''
  const problem = examples.stuck ?? examples.unfinished
  if (is === 'lost') return `${paint('bad', 'LOST')} requests in ${lossRate.lost} of ${plural(lossRate.of, 'seed')}${stopped}: ${change}`
  if (is === 'clean') return `${paint('good', 'CLEAN')} none of ${plural(seeds.done, 'seed')} lost a request${stopped}: ${change}`
  if (!problem) return `${paint('bad', 'UNFINISHED')} no seed was run to its end: ${change}`
  const what = examples.stuck ? `the workload never became ready in ${counts.stuck}` : `the change never ended in ${counts.unfinished}`
  return `${paint('bad', 'UNFINISHED')} ${what} of ${plural(seeds.done, 'seed')}, and nothing is proven: ${problem.problem}`
}

function figures(report: SimulationReport): string[] {
  const { requests, lossRate, ratePerSecond, clients, nodes, propagationMs, counts, examples } = report
  const rows: [string, string][] = [
    [
      'requests',
      `${requests.sent} sent at ${ratePerSecond}/s, ${requests.lost} lost${requests.sent > 0 ? ` (${percent(requests.lost / requests.sent)})` : ''}`,
    ],
    [
      'seeds',
      `${percent(lossRate.of > 0 ? lossRate.lost / lossRate.of : 0)} lose requests; with 95 % confidence between ${percent(lossRate.low)} and ${percent(lossRate.high)}`,
    ],
    ...(clients.length > 0
      ? [['clients', clients.map(({ client, seeds, lost }) => `${client} ${lost} lost in ${plural(seeds, 'seed')}`).join(', ')] as [string, string]]
      : []),
    ['simulated', `${plural(nodes, 'node')}; endpoints take ${rangeText(propagationMs.from, propagationMs.to)} to reach the rules`],
  ]
  const { unfinished, stuck } = examples
  if (report.verdict !== 'unfinished') {
    if (unfinished)
      rows.push(['unfinished', `the change never ended in ${plural(counts.unfinished, 'seed')}, such as ${unfinished.seed}: ${unfinished.problem}`])
    if (stuck) rows.push(['stuck', `the workload never became ready in ${plural(counts.stuck, 'seed')}, such as ${stuck.seed}: ${stuck.problem}`])
  }
  return rows.map(([name, text]) => `  ${name.padEnd(10)} ${text}`)
}

function causeLines({ causes }: SimulationReport): string[] {
  const [nameColumns, lostColumns] = [Math.max(...causes.map(({ cause }) => cause.length)), Math.max(...causes.map(({ lost }) => `${lost}`.length))]
  return causes.map(
    ({ cause, lost, seeds, example }) =>
      `  ${cause.padEnd(nameColumns)}  ${`${lost}`.padStart(lostColumns)} lost in ${plural(seeds, 'seed')}, most in seed ${example}  ${CAUSE_TITLES[cause]}; docs/causes.md#${cause}`,
  )
}

function buckets(all: readonly PropagationBucket[]): string[] {
  const meanOf = ({ seeds, lost }: PropagationBucket) => (seeds > 0 ? lost / seeds : 0)
  const longest = Math.max(...all.map(meanOf))
  const rows = all.map(bucket => {
    const { from, to, seeds, seedsLost, lostMax } = bucket
    const [mean, most] = seeds > 0 ? [meanOf(bucket).toFixed(1), `${lostMax}`] : ['', '']
    return { delay: rangeText(from, to), seeds: `${seeds}`, hit: `${seedsLost}`, share: longest > 0 ? meanOf(bucket) / longest : 0, mean, most }
  })
  const columns = Math.max('delay'.length, ...rows.map(({ delay }) => delay.length))
  const line = (delay: string, seeds: string, hit: string, mean: string, most: string, bar: string) =>
    `  ${delay.padEnd(columns)}  ${seeds.padStart(5)}  ${hit.padStart(6)}  ${mean.padStart(11)}  ${most.padStart(7)}  ${bar}`.trimEnd()
  return [
    line('delay', 'seeds', 'losing', 'lost a seed', 'at most', ''),
    ...rows.map(({ delay, seeds, hit, share, mean, most }) => line(delay, seeds, hit, mean, most, '█'.repeat(Math.ceil(share * BAR_COLUMNS)))),
  ]
}

function sleepLines({ tried, smallestSeconds, remaining, propagationMs, patch, containers }: SleepSearch): string[] {
  const when = `when endpoints take ${seconds(propagationMs)}`
  const trial = (wanted: number) => tried.find(each => each.seconds === wanted)
  const found = smallestSeconds === undefined ? undefined : trial(smallestSeconds)
  if (smallestSeconds === undefined || !found) return [`  None of those that were tried is long enough ${when}.`]
  const shorter = trial(smallestSeconds - 1)
  const unfinished = found.unfinished > 0 ? `; in ${found.unfinished} of them the change did not end` : ''
  const isClean = found.seedsLost === 0
  const other = shorter ? `; ${shorter.seconds} s loses in ${shorter.seedsLost}` : ''
  const isNone = smallestSeconds === 0
  const first = isClean
    ? isNone
      ? `  None is needed: without one, none of ${plural(found.seeds, 'seed')} loses a request ${when}${unfinished}.`
      : `  preStop sleep ${smallestSeconds} s loses none of ${plural(found.seeds, 'seed')} ${when}${other}${unfinished}.`
    : isNone
      ? `  None helps: a preStop sleep saves nothing ${when}${unfinished}.`
      : `  preStop sleep ${smallestSeconds} s leaves only what no sleep can mend ${when}${other}${unfinished}.`
  return [
    first,
    ...(isClean ? [] : [restOf(found, remaining)]),
    ...(patch ? [`  For container ${containers.join(', ')} (a hook that it has is replaced):`, `    ${patchCommand(patch)}`] : []),
  ]
}

const restOf = ({ seedsLost, seeds, lost }: SleepTrial, remaining: readonly string[]): string =>
  `  However long it is, requests are lost: ${plural(lost, 'request')} in ${seedsLost} of ${plural(seeds, 'seed')}, by ${remaining.join(', ')} (docs/causes.md#${remaining[0] ?? 'unknown'}).`

const rangeText = (from: Millis, to: Millis): string => (from === to ? seconds(from) : `${seconds(from)} to ${seconds(to)}`)
