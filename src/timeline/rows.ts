/** Which sub-lanes a Pod has, in which order, and what each bar is called and coloured. */
import { SPAN_TYPES, type SpanType, type TimelineSpan } from '../api/types/pod_timeline.ts'
import type { Millis } from '../base/clock.ts'
import type { Instants } from './instants.ts'
import type { Bar, Row, Section, Tone } from './model.ts'
import { barLabel } from './words.ts'

interface Place {
  readonly section: Section
  readonly name: string
  readonly tone: Tone
}

const PLACES: Readonly<Record<SpanType, Place>> = {
  Scheduling: { section: 'set-up', name: 'scheduling', tone: 'wait' },
  Delivery: { section: 'set-up', name: 'delivery', tone: 'wait' },
  Volumes: { section: 'set-up', name: 'volumes', tone: 'work' },
  Sandbox: { section: 'set-up', name: 'sandbox', tone: 'work' },
  ImagePull: { section: 'container', name: 'image pull', tone: 'wait' },
  ContainerStart: { section: 'container', name: 'start', tone: 'work' },
  InitContainer: { section: 'container', name: 'init', tone: 'init' },
  Container: { section: 'container', name: 'run', tone: 'run' },
  PostStart: { section: 'container', name: 'postStart', tone: 'hook' },
  Probe: { section: 'container', name: 'probe', tone: 'good' },
  Ready: { section: 'serving', name: 'Ready', tone: 'good' },
  Endpoint: { section: 'serving', name: 'endpoint', tone: 'good' },
  RulesProgrammed: { section: 'serving', name: 'rules', tone: 'rules' },
  Deletion: { section: 'stop', name: 'deletion', tone: 'leaving' },
  Terminating: { section: 'stop', name: 'terminating', tone: 'leaving' },
  PreStop: { section: 'stop', name: 'preStop', tone: 'hook' },
  Term: { section: 'stop', name: 'TERM', tone: 'leaving' },
  Kill: { section: 'stop', name: 'KILL', tone: 'bad' },
  SandboxStop: { section: 'stop', name: 'sandbox stop', tone: 'work' },
}

const SECTIONS: readonly Section[] = ['set-up', 'container', 'serving', 'stop']
const PROBES: readonly string[] = ['startup', 'readiness', 'liveness']
/** The end reads in the order of the steps: first all hooks, then all signals. */
const orderOf = (type: SpanType): number => SPAN_TYPES.indexOf(type)

export interface LaneBounds {
  readonly instants: Instants
  readonly beginMs: Millis
  /** Of the Pod, or of the drawing. */
  readonly endMs: Millis
}

export function rowsOf(uid: string, spans: readonly TimelineSpan[], bounds: LaneBounds): Row[] {
  const rows = new Map<string, Row & { bars: Bar[] }>()
  const containers: string[] = []
  const limits = limitsOf(spans, bounds)
  spans.forEach((span, index) => {
    const { section, name } = PLACES[span.type]
    const { type, container, probe, service, node } = span
    if (container && !containers.includes(container)) containers.push(container)
    const id = [type, container, probe, service, node].filter(Boolean).join('/')
    let row = rows.get(id)
    if (!row) {
      const subject = service ? (node ? `${service} on ${node}` : service) : (container ?? '')
      row = { id, section, type, name: type === 'Probe' ? (probe ?? name) : name, subject, container, probe, service, node, bars: [] }
      rows.set(id, row)
    }
    row.bars.push(barOf(`${uid}/${index}`, span, bounds, limits))
  })
  for (const { bars } of rows.values()) bars.sort((a, b) => a.fromMs - b.fromMs)
  const rank = ({ section, container, type, probe }: Row): number[] => [
    SECTIONS.indexOf(section),
    section === 'container' ? containers.indexOf(container ?? '') : 0,
    orderOf(type),
    PROBES.indexOf(probe ?? ''),
  ]
  return [...rows.values()].sort((a, b) => compare(rank(a), rank(b)))
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index])
  return at < 0 ? 0 : a[at]! - b[at]!
}

function barOf(id: string, span: TimelineSpan, bounds: LaneBounds, limits: Limits): Bar {
  const start = bounds.instants.startOf(span)
  const end = bounds.instants.endOf(span)
  const fromMs = start === 'unknown' ? limits.notBefore(span) : start
  const toMs = Math.max(fromMs, typeof end === 'number' ? end : end === 'unknown' ? limits.notAfter(span) : bounds.endMs)
  return {
    id,
    type: span.type,
    tone: toneOf(span),
    fromMs: Math.min(fromMs, toMs),
    toMs,
    start: start === 'unknown' ? 'unknown' : 'known',
    end: typeof end === 'number' ? 'known' : end,
    // Where seconds are all there is, the same one twice may still have been most of a second.
    isInstant: start !== 'unknown' && start === end && (span.origin === 'recorded' || span.type === 'Kill' || span.type === 'Probe'),
    durationMs: start !== 'unknown' && typeof end === 'number' ? Math.max(0, end - start) : undefined,
    precisionMs: span.origin === 'recorded' ? 1 : 1000,
    label: barLabel(span),
    span,
  }
}

/** What is unknown lies between what it must come after and what it must come before. */
interface Limits {
  notBefore(span: TimelineSpan): Millis
  notAfter(span: TimelineSpan): Millis
}

function limitsOf(spans: readonly TimelineSpan[], { instants, beginMs, endMs }: LaneBounds): Limits {
  const known = (at: Millis | string): at is Millis => typeof at === 'number'
  const starts = (filter: (span: TimelineSpan) => boolean) => spans.filter(filter).map(instants.startOf).filter(known)
  const ends = (filter: (span: TimelineSpan) => boolean) => spans.filter(filter).map(instants.endOf).filter(known)
  const isProcess = ({ type }: TimelineSpan) => type === 'Container' || type === 'InitContainer'
  const scheduledMs = Math.max(beginMs, ...ends(({ type }) => type === 'Scheduling'))
  const askedMs = Math.max(scheduledMs, ...starts(({ type }) => type === 'Deletion' || type === 'Terminating'))
  const firstProcessMs = Math.min(endMs, ...starts(isProcess))
  return {
    notBefore: ({ type }) => (type === 'Scheduling' ? beginMs : PLACES[type].section === 'stop' ? askedMs : scheduledMs),
    notAfter({ type, container, restart = 0 }) {
      // Its next one was started when it was over.
      if (type === 'Container' || type === 'InitContainer')
        return Math.min(endMs, ...starts(other => isProcess(other) && other.container === container && (other.restart ?? 0) > restart))
      if (PLACES[type].section === 'set-up') return firstProcessMs
      if (type !== 'ImagePull' && type !== 'ContainerStart') return endMs
      return Math.min(endMs, ...starts(other => isProcess(other) && other.container === container))
    },
  }
}

function toneOf({ type, origin, result, reason, startAt, startMs, exitCode }: TimelineSpan): Tone {
  if (origin === 'unknown' && !startAt && startMs === undefined) return 'unknown'
  if (type === 'Probe' && result !== 'success') return result === 'failure' ? 'bad' : 'unknown'
  if (type === 'Endpoint') return reason === 'EndpointReady' ? 'good' : reason === 'EndpointNotReady' ? 'wait' : 'leaving'
  if ((type === 'InitContainer' || type === 'PostStart' || type === 'PreStop') && (exitCode ?? 0) !== 0) return 'bad'
  if ((type === 'PostStart' || type === 'PreStop') && result === 'failure') return 'bad'
  return PLACES[type].tone
}
