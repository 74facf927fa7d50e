/** What the glyphs mean: only those that were drawn. */
import { lanesOf, type StageKind, type TimelineModel, type Tone } from './model.ts'
import { STAGE_COLOURS, TONE_COLOURS, type TextStyle } from './text_style.ts'

const TONES: readonly (readonly [Tone, string])[] = [
  ['wait', 'waits'],
  ['work', 'sets up or takes down'],
  ['init', 'init container'],
  ['run', 'runs'],
  ['good', 'ready'],
  ['hook', 'hook'],
  ['bad', 'failed'],
  ['leaving', 'leaving'],
  ['rules', "a node's rules follow"],
  ['unknown', 'nobody can say when'],
]

const STAGES: readonly (readonly [StageKind, string])[] = [
  ['pending', 'pending'],
  ['init', 'init containers'],
  ['starting', 'starting'],
  ['ready', 'Ready'],
  ['unready', 'not Ready any more'],
  ['terminating', 'terminating'],
  ['ended', 'ended'],
]

export function legendOf(model: TimelineModel, isDetailed: boolean, columns: number, { glyphs, paint }: TextStyle): string[] {
  const lanes = lanesOf(model)
  const rows = lanes.flatMap(lane => lane.rows)
  const tones = new Set(isDetailed ? rows.flatMap(({ type, bars }) => (type === 'Kill' ? [] : bars.map(({ tone }) => tone))) : [])
  const stages = new Set(lanes.length > 1 ? lanes.flatMap(lane => lane.stages.map(({ kind }) => kind)) : [])
  // Without colour two meanings can have one glyph: they are told together.
  const meanings = new Map<string, string[]>()
  const add = (glyph: string, text: string) => meanings.set(glyph, [...(meanings.get(glyph) ?? []), text])
  for (const [kind, text] of STAGES) if (stages.has(kind)) add(paint(STAGE_COLOURS[kind], glyphs.stages[kind]), text)
  for (const [tone, text] of TONES) if (tones.has(tone)) add(paint(TONE_COLOURS[tone], glyphs.tones[tone]), text)
  const entries = [...meanings].filter(([, texts]) => texts.length > 0).map(([glyph, texts]) => `${glyph} ${texts.join(', ')}`)
  if (isDetailed && rows.some(({ type }) => type === 'Probe')) entries.push(`${paint('green', glyphs.success)} probe succeeds`)
  if (isDetailed && rows.some(({ type }) => type === 'Kill')) entries.push(`${paint('red', glyphs.bad)} killed`)
  if (rows.some(({ bars }) => bars.some(({ end }) => end === 'open'))) entries.push(`${glyphs.open} goes on`)
  const lines = wrapped(entries, columns)
  if (model.precisionMs === 1000) lines.push(`${glyphs.about} read off objects that count in whole seconds`)
  return lines
}

function wrapped(entries: readonly string[], columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const entry of entries) {
    const next = line ? `${line}   ${entry}` : entry
    if (visible(next) > columns && line) {
      lines.push(line)
      line = entry
    } else line = next
  }
  return line ? [...lines, line] : lines
}

const visible = (text: string): number => text.replace(/\u001b\[\d*m/g, '').length
