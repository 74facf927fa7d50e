/**
 * The drawing in a terminal: all Pods as one line each, or one Pod with a line for each thing that lasted. From 80 columns on;
 * wider is better.
 *
 *   name ── bars below a common axis ── exact duration ── how it went
 */
import type { TimelineSpan } from '../api/types/pod_timeline.ts'
import { createAxis } from './axis.ts'
import { lanesOf, type PodLane, type Row, type TimelineModel } from './model.ts'
import { createChart } from './text_chart.ts'
import { drawStories } from './text_story.ts'
import { legendOf } from './text_legend.ts'
import { drawSpans } from './text_spans.ts'
import { clipped, fitted, textStyle, type TextStyle } from './text_style.ts'
import { barLabel, dateText, durationText, messageText, timeOfDayText } from './words.ts'

export interface TextOptions {
  /** Columns; fewer than 60 are taken for 60. */
  readonly width: number
  readonly colour: boolean
  readonly unicode: boolean
  /** Every Pod in detail, and every span with its exact instants. */
  readonly wide?: boolean
}

const WIDTH_MIN = 60
const GAP = 2

/** Lines with line feeds between them, and none at the end. */
export function drawText(model: TimelineModel, { width, colour, unicode, wide = false }: TextOptions): string {
  const columns = Math.max(WIDTH_MIN, width)
  const style = textStyle({ colour, unicode })
  const lanes = lanesOf(model)
  const blocks: string[][] = []
  if (lanes.length > 1 || model.requests.length > 0 || model.marks.length > 0) blocks.push(drawOverview(model, columns, style))
  if (lanes.length === 1 || wide) for (const lane of lanes) blocks.push(drawPod(model, lane, columns, style, wide))
  blocks.push(legendOf(model, lanes.length === 1 || wide, columns, style))
  return blocks
    .map(lines => lines.map(line => line.trimEnd()).join('\n'))
    .filter(text => text !== '')
    .join('\n\n')
}

function drawOverview(model: TimelineModel, columns: number, style: TextStyle): string[] {
  const { glyphs, paint } = style
  const lanes = lanesOf(model)
  const overlay = [...(model.marks.length > 0 ? ['marks'] : []), ...(model.requests.length > 0 ? ['requests'] : [])]
  const nameColumns = Math.min(Math.max(...lanes.map(({ name }) => name.length + 2), ...overlay.map(word => word.length)), Math.floor(columns * 0.3))
  const notes = new Map(lanes.map(lane => [lane.id, noteOf(lane)]))
  const noteColumns = Math.min(Math.max(0, ...[...notes.values()].map(note => note.length)), Math.floor(columns * (columns < 100 ? 0.34 : 0.42)))
  const chart = createChart(createAxis(model), columns - nameColumns - noteColumns - 2 * GAP, style)
  const gap = ' '.repeat(GAP)
  const lines: string[] = [whenText(model)]
  for (const { atMs, label } of model.marks) {
    const cell = chart.mark(atMs)
    const text = `${glyphs.mark} ${label}`
    const from = Math.min(cell, Math.max(0, chart.width - text.length))
    lines.push(' '.repeat(nameColumns + GAP + from) + paint('bold', from === cell ? text : `${label} ${glyphs.mark}`))
  }
  lines.push(...chart.axisLines().map(line => ' '.repeat(nameColumns) + gap + line))
  if (model.requests.length > 0) {
    const count = (result: string) => model.requests.filter(request => request.result === result).length
    const [lost, slow] = [count('lost'), count('slow')]
    const note = `${model.requests.length} requests, ${lost} lost${slow > 0 ? `, ${slow} slow` : ''}`
    lines.push(
      'requests'.padEnd(nameColumns) + gap + chart.requests(model.requests) + gap + paint(lost > 0 ? 'red' : 'plain', clipped(note, noteColumns, glyphs.more)),
    )
  }
  const hasNamespaces = new Set(lanes.map(({ namespace }) => namespace)).size > 1
  for (const { namespace, owner, pods } of model.groups) {
    const title = [...(hasNamespaces ? [namespace] : []), owner || (model.groups.length > 1 || hasNamespaces ? 'Pods of their own' : '')]
      .filter(Boolean)
      .join('  ')
    if (title) lines.push(paint('bold', title))
    for (const lane of pods) {
      const name = fitted(`  ${lane.name}`, nameColumns, glyphs.more).padEnd(nameColumns)
      lines.push(
        name +
          gap +
          chart.stages(lane.stages, lane.goneMs === undefined) +
          gap +
          paint(remarksOf(lane) > 0 ? 'red' : 'plain', clipped(notes.get(lane.id)!, noteColumns, glyphs.more)),
      )
    }
  }
  return lines
}

/** `Ready after 3.903 s; gone 5.410 s after deletion`. */
function noteOf(lane: PodLane): string {
  const { ready, end, goneMs, isGoneKnown, phase, stages } = lane
  const parts: string[] = []
  if (ready) parts.push(`Ready after ${durationText(ready.toMs - ready.fromMs, ready.precisionMs)}`)
  else if (phase === 'Succeeded' || phase === 'Failed') parts.push(phase)
  else if (!end && isGoneKnown) parts.push(`${stages.at(-1)?.kind ?? 'pending'}: never Ready`)
  if (!isGoneKnown) parts.push('gone')
  else if (end) parts.push(goneMs === undefined ? 'leaving' : `gone in ${durationText(end.toMs - end.fromMs, end.precisionMs)}`)
  const bad = remarksOf(lane)
  if (bad > 0) parts.push(`${bad} to look at`)
  return parts.join(', ')
}

const remarksOf = ({ ready, end }: PodLane): number => [...(ready?.remarks ?? []), ...(end?.remarks ?? [])].filter(({ isBad }) => isBad).length

function drawPod(model: TimelineModel, lane: PodLane, columns: number, style: TextStyle, wide: boolean): string[] {
  const { glyphs, paint } = style
  const owner = model.groups.find(({ pods }) => pods.includes(lane))?.owner
  const facts = [lane.node && `on ${lane.node}`, lane.ip, owner, lane.goneMs === undefined ? lane.phase : 'gone'].filter(Boolean).join(' · ')
  const rows = condensed(lane.rows)
  const labels = rows.map(labelOf)
  const notes = rows.map(row => rowNote(row, glyphs.then))
  const durations = rows.map(durationOf)
  const durationColumns = Math.max(0, ...durations.map(text => text.length))
  const nameColumns = Math.min(Math.max(0, ...labels.map(label => label.length)), Math.max(16, Math.floor(columns * 0.25)))
  const noteColumns = Math.min(Math.max(0, ...notes.map(note => note.length)), Math.floor(columns * (columns < 100 ? 0.2 : 0.3)))
  const chart = createChart(createAxis(model, { lanes: [lane] }), columns - nameColumns - durationColumns - noteColumns - 3 * GAP, style)
  const gap = ' '.repeat(GAP)
  return [
    `${paint('bold', lane.name)}  ${paint('dim', clipped(facts, columns - lane.name.length - 2, glyphs.more))}`,
    ...(lanesOf(model).length === 1 ? [paint('dim', whenText(model))] : []),
    '',
    ...chart.axisLines().map(line => ' '.repeat(nameColumns) + gap + line),
    ...rows.map((row, index) =>
      [
        fitted(labels[index]!, nameColumns, glyphs.more).padEnd(nameColumns),
        chart.row(row),
        durations[index]!.padStart(durationColumns),
        clipped(notes[index]!, noteColumns, glyphs.more),
      ].join(gap),
    ),
    ...drawStories(lane, columns, style),
    ...(wide ? ['', ...drawSpans(model, lane, columns, style)] : []),
  ]
}

const NODES_MAX = 3

/** The rules of many nodes are one line: what matters is the last of them. */
function condensed(rows: readonly Row[]): readonly Row[] {
  const nodes = new Map<string, Row[]>()
  for (const row of rows) if (row.type === 'RulesProgrammed') nodes.set(row.service ?? '', [...(nodes.get(row.service ?? '') ?? []), row])
  return rows.flatMap(row => {
    const siblings = row.type === 'RulesProgrammed' ? nodes.get(row.service ?? '')! : []
    if (siblings.length <= NODES_MAX) return [row]
    if (siblings[0] !== row) return []
    const bars = siblings.flatMap(sibling => sibling.bars).sort((a, b) => a.fromMs - b.fromMs || a.toMs - b.toMs)
    return [{ ...row, subject: `${row.service} on ${siblings.length} nodes`, node: undefined, bars }]
  })
}

const labelOf = ({ name, subject }: Row): string => [name, subject].filter(Boolean).join(' ')

/** Of the longest bar, so that a row says what it cost. */
function durationOf({ bars }: Row): string {
  if (bars.some(({ end }) => end === 'open')) return ''
  const lasting = bars.filter(({ isInstant }) => !isInstant)
  const known = lasting.filter(({ durationMs }) => durationMs !== undefined)
  if (known.length < lasting.length && known.length === 0) return 'unknown'
  const longest = known.reduce<Row['bars'][number] | undefined>((a, b) => (b.durationMs! > (a?.durationMs ?? -1) ? b : a), undefined)
  return longest ? durationText(longest.durationMs!, longest.precisionMs) : ''
}

/** How it went: of several bars the last ones say it. */
function rowNote({ type, bars }: Row, then: string): string {
  const said = (bar: Row['bars'][number]) => [bar.label, detailOf(bar)].filter(Boolean).join(': ')
  if (type === 'Probe' && bars.length > 1) return answersOf(bars).join(` ${then} `)
  if (type === 'Endpoint' || type === 'Probe' || type === 'RulesProgrammed') {
    const states = bars.map(bar => (bars.length === 1 ? said(bar) : bar.label)).filter((label, index, all) => label !== all[index - 1])
    return states.length <= STATES_MAX ? states.join(` ${then} `) : [states[0], ...states.slice(1 - STATES_MAX)].join(` ${then} `)
  }
  return bars.length === 1 ? said(bars[0]!) : [`${bars.length} times`, said(bars.at(-1)!)].filter(Boolean).join(', last ')
}

/** Answers of one result, one after the other, are counted together: why they were told apart is a matter for --wide. */
function answersOf(bars: Row['bars']): string[] {
  const runs: TimelineSpan[] = []
  for (const { span } of bars) {
    const last = runs.at(-1)
    if (last && last.result === span.result) runs[runs.length - 1] = { ...last, count: (last.count ?? 1) + (span.count ?? 1) }
    else runs.push(span)
  }
  const words = runs.map(barLabel)
  return words.length <= STATES_MAX ? words : [words[0]!, ...words.slice(1 - STATES_MAX)]
}

const STATES_MAX = 4

/** A message where it says more than the label does. */
function detailOf({ type, span }: Row['bars'][number]): string {
  if (type === 'Term' || type === 'RulesProgrammed') return ''
  return messageText(span)
}

function whenText({ zeroWallMs, endMs, precisionMs }: TimelineModel): string {
  if (zeroWallMs === undefined) return `${durationText(endMs, precisionMs)} in all`
  return `0 is ${dateText(zeroWallMs)} ${timeOfDayText(zeroWallMs, precisionMs)} UTC`
}
