/** What is told of a bar, a stage, a mark: in the details, to a screen reader, and in the table. */
import type { Millis } from '../../src/base/clock.ts'
import type { Bar, PodLane, Stage, StageKind } from '../../src/timeline/model.ts'
import { durationText, timeOfDayText } from '../../src/timeline/words.ts'
import type { Cluster } from './bins.ts'
import type { RunData } from './run_data.ts'
import { exactOffset } from './ticks.ts'

export interface Description {
  readonly title: string
  /** Where it belongs: the Pod. */
  readonly of: string
  readonly facts: readonly (readonly [name: string, value: string])[]
}

export const STAGE_NAMES: Readonly<Record<StageKind, string>> = {
  pending: 'pending',
  init: 'init containers',
  starting: 'starting, not yet Ready',
  ready: 'Ready',
  unready: 'no longer Ready',
  terminating: 'terminating',
  ended: 'containers ended',
}

const TYPE_NAMES: Partial<Record<Bar['type'], string>> = {
  ImagePull: 'image pull',
  ContainerStart: 'container start',
  InitContainer: 'init container',
  Container: 'container runs',
  RulesProgrammed: 'rules of a node',
  SandboxStop: 'sandbox stop',
  Term: 'stop signal',
  Kill: 'KILL',
}

export const nameOf = ({ type, span }: Bar): string => {
  const name =
    type === 'Probe'
      ? `${span.probe ?? ''} probe`.trim()
      : (TYPE_NAMES[type] ?? (type.startsWith('P') || type === 'Ready' ? lowerFirst(type) : type.toLowerCase()))
  return type === 'Ready' ? 'Ready' : name
}

/** Of what: container, Service, node. */
export const subjectOf = ({ span: { container, service, node } }: Bar): string => [container, service, node && `on ${node}`].filter(Boolean).join(' ')

export function instantOf({ model, zeroMs }: RunData, atMs: Millis, precisionMs: 1 | 1000 = 1): string {
  const offset = precisionMs === 1 ? exactOffset(atMs - zeroMs) : `≈ ${exactOffset(atMs - zeroMs).replace(/\.\d+/, '')}`
  return model.zeroWallMs === undefined ? offset : `${offset} (${timeOfDayText(model.zeroWallMs + atMs, precisionMs)} UTC)`
}

export const fromText = (run: RunData, bar: Bar): string => (bar.start === 'known' ? instantOf(run, bar.fromMs, bar.precisionMs) : 'unknown')
export const toText = (run: RunData, bar: Bar): string =>
  bar.end === 'known' ? instantOf(run, bar.toMs, bar.precisionMs) : bar.end === 'open' ? 'goes on' : 'unknown'
export const lengthText = ({ durationMs, precisionMs, isInstant }: Bar): string =>
  isInstant ? 'an instant' : durationMs === undefined ? '' : durationText(durationMs, precisionMs)

const ORIGINS = {
  recorded: 'recorded as it happened',
  derived: 'read off other objects, exact to the second',
  unknown: 'it must have happened; nobody can say when',
} as const
export const originText = ({ span }: Bar): string => ORIGINS[span.origin as keyof typeof ORIGINS] ?? span.origin

export function describeBar(run: RunData, lane: PodLane, bar: Bar): Description {
  const { span } = bar
  const facts: [string, string][] = bar.isInstant
    ? [['at', fromText(run, bar)]]
    : [
        ['from', fromText(run, bar)],
        ['to', toText(run, bar)],
        ['duration', lengthText(bar)],
      ]
  facts.push(
    ['how it went', bar.label],
    // What the label says already is not said again.
    ['reason', bar.label.includes(span.reason ?? '') ? '' : (span.reason ?? '')],
    ['message', bar.label === span.message ? '' : (span.message ?? '')],
    ['node', span.node ?? lane.node ?? ''],
    ['known', originText(bar)],
  )
  return { title: [nameOf(bar), subjectOf(bar)].filter(Boolean).join(' · '), of: lane.name, facts: facts.filter(([, value]) => value !== '') }
}

export function describeStage(run: RunData, lane: PodLane, { kind, fromMs, toMs }: Stage): Description {
  return {
    title: STAGE_NAMES[kind],
    of: lane.name,
    facts: [
      ['from', instantOf(run, fromMs, run.model.precisionMs)],
      ['to', instantOf(run, toMs, run.model.precisionMs)],
      ['duration', durationText(toMs - fromMs, run.model.precisionMs)],
      ...(lane.node ? [['node', lane.node] as const] : []),
      ...(kind === 'ready' && lane.ready ? [['story', lane.ready.headline] as const] : []),
      ...(kind === 'terminating' && lane.end ? [['story', lane.end.headline] as const] : []),
    ],
  }
}

const TARGETS_TOLD = 3

export function describeCluster(run: RunData, what: string, { requests }: Cluster): Description {
  const first = requests[0]!
  const last = requests.at(-1)!
  const outcomes = counts(requests.map(({ outcome }) => outcome))
  const targets = counts(requests.map(({ target }) => target ?? 'not known'))
  const one = requests.length === 1
  return {
    title: one ? `request ${first.id}: ${what}` : `${requests.length} requests: ${what}`,
    of: 'load',
    facts: [
      ['planned', one ? instantOf(run, first.atMs) : `${instantOf(run, first.atMs)} to ${exactOffset(last.atMs - run.zeroMs)}`],
      ['ended', instantOf(run, Math.max(...requests.map(({ endMs }) => endMs)))],
      ['took', one ? durationText(first.latencyMs) : `up to ${durationText(Math.max(...requests.map(({ latencyMs }) => latencyMs)))}`],
      ['outcome', outcomes],
      ['client', counts(requests.map(({ client }) => client))],
      ['went to', targets],
    ],
  }
}

/** One sentence for who cannot see it. */
export const spoken = ({ title, of, facts }: Description): string =>
  `${of}: ${title}. ${facts
    // What is so of nearly everything would be heard a hundred times.
    .filter(([, value]) => value !== ORIGINS.recorded)
    .map(([name, value]) => `${name} ${value}`)
    .join('. ')}.`

function counts(values: readonly string[]): string {
  const numbers = new Map<string, number>()
  for (const value of values) numbers.set(value, (numbers.get(value) ?? 0) + 1)
  const sorted = [...numbers].sort((a, b) => b[1] - a[1])
  if (sorted.length === 1) return sorted[0]![0]
  const told = sorted.slice(0, TARGETS_TOLD).map(([value, count]) => `${value} (${count})`)
  return sorted.length > TARGETS_TOLD ? `${told.join(', ')} and ${sorted.length - TARGETS_TOLD} more` : told.join(', ')
}

export const plural = (count: number, noun: string): string => `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)
