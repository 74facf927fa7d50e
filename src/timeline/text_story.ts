/** Below the bars: what the time consisted of, the longest step first, and what happened at the end. */
import type { PodLane } from './model.ts'
import { notReadyRemarks, type Story } from './story.ts'
import { clipped, type TextStyle } from './text_style.ts'
import { durationText } from './words.ts'

/** A step below this part of the whole is counted among the others. */
const SHARE_MIN = 0.02
const STEPS_MAX = 6
const SHARE_COLUMNS = 16
/** All of a step's line but its label and its share. */
const FIGURE_COLUMNS = 23

export function drawStories(lane: PodLane, columns: number, style: TextStyle): string[] {
  const { glyphs, paint } = style
  const remarkLines = (remarks: Story['remarks']) =>
    remarks.map(({ text, isBad }) => paint(isBad ? 'red' : 'plain', clipped(`  ${isBad ? glyphs.bad : glyphs.good} ${text}`, columns, glyphs.more)))
  const told = [lane.ready, lane.end].flatMap(story => {
    if (!story) return []
    const isBad = story.remarks.some(remark => remark.isBad)
    return [
      '',
      `${paint(isBad ? 'red' : 'green', isBad ? glyphs.bad : glyphs.good)} ${paint('bold', headline(story))}`,
      ...stepLines(story, columns, style),
      ...remarkLines(story.remarks),
    ]
  })
  if (lane.ready || lane.phase === 'Succeeded') return told
  return [
    '',
    `${paint('red', glyphs.bad)} ${paint('bold', lane.goneMs === undefined ? 'Not Ready so far' : 'It was never Ready')}`,
    ...remarkLines(notReadyRemarks(lane.rows)),
    ...told,
  ]
}

const headline = ({ headline: text }: Story): string => `${text[0]!.toUpperCase()}${text.slice(1)}`

function stepLines({ steps, fromMs, toMs, precisionMs }: Story, columns: number, { glyphs, paint }: TextStyle): string[] {
  const wholeMs = toMs - fromMs
  if (wholeMs <= 0 || steps.length === 0) return []
  const byCost = steps.map(step => ({ label: step.label || 'between the steps', ms: step.toMs - step.fromMs }))
  const summed = new Map<string, number>()
  for (const { label, ms } of byCost) summed.set(label, (summed.get(label) ?? 0) + ms)
  const sorted = [...summed].map(([label, ms]) => ({ label, ms })).sort((a, b) => b.ms - a.ms)
  const shown = sorted.filter(({ ms }, index) => index < STEPS_MAX && ms >= SHARE_MIN * wholeMs)
  const others = sorted.slice(shown.length)
  const lines = [...shown]
  const othersMs = others.reduce((sum, { ms }) => sum + ms, 0)
  if (others.length > 0 && othersMs > 0) lines.push({ label: others.length === 1 ? others[0]!.label : `${others.length} shorter ones`, ms: othersMs })
  const labelColumns = Math.min(Math.max(...lines.map(({ label }) => label.length)), columns - SHARE_COLUMNS - FIGURE_COLUMNS)
  return lines.map(({ label, ms }) => {
    const share = ms / wholeMs
    const bar = glyphs.tones.work.repeat(Math.round(share * SHARE_COLUMNS)) || glyphs.short
    const percent = `${Math.round(share * 100)} %`.padStart(5)
    return `  ${clipped(label, labelColumns, glyphs.more).padEnd(labelColumns)}  ${durationText(ms, precisionMs).padStart(10)}  ${percent}  ${paint('blue', bar)}`
  })
}
