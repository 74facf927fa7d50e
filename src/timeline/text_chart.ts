/** One line of cells for each row, all below one axis. */
import type { Millis } from '../base/clock.ts'
import { tickText, type Axis } from './axis.ts'
import type { Bar, RequestBar, Row, Stage } from './model.ts'
import { STAGE_COLOURS, TONE_COLOURS, type Colour, type TextStyle } from './text_style.ts'

export interface Chart {
  readonly width: number
  /** Two lines: labels, and the line with its ticks. */
  axisLines(): readonly [string, string]
  row(row: Row): string
  stages(stages: readonly Stage[], isOpen: boolean): string
  requests(requests: readonly RequestBar[]): string
  mark(atMs: Millis): number
}

interface Cell {
  readonly glyph: string
  readonly colour: Colour
}

/** A label needs this many columns. */
const TICK_COLUMNS = 8
const EMPTY: Cell = { glyph: ' ', colour: 'plain' }
/** Drawn thin, because it lasts; what somebody waits for is drawn thick. */
const STEADY = new Set(['Container', 'Ready', 'Endpoint', 'Probe'])

export function createChart(axis: Axis, width: number, style: TextStyle): Chart {
  const { glyphs } = style
  const column = (at: Millis) => axis.place(at) * width
  const cellOf = (at: Millis) => Math.min(width - 1, Math.floor(column(at) + 1e-9))
  const isCut = Array.from({ length: width }, (_, cell) => axis.cuts.some(({ fromMs, toMs }) => cell >= column(fromMs) && cell + 1 <= column(toMs)))

  const fill = (cells: Cell[], fromMs: Millis, toMs: Millis, cell: Cell): void => {
    const [from, to] = [column(fromMs), column(toMs)]
    const first = Math.round(from)
    const last = Math.round(to)
    for (let at = first; at < last; at++) cells[at] = cell
    if (first >= last)
      cells[cellOf(fromMs)] = { ...cell, glyph: cell.glyph === glyphs.tones.rules || cell.glyph === glyphs.failure ? cell.glyph : glyphs.short }
  }
  const print = (cells: readonly Cell[]): string => {
    let line = ''
    for (let at = 0; at < cells.length;) {
      const { colour } = cells[at]!
      let end = at
      while (end < cells.length && cells[end]!.colour === colour) end++
      line += style.paint(
        colour,
        cells
          .slice(at, end)
          .map(({ glyph }) => glyph)
          .join(''),
      )
      at = end
    }
    return line
  }
  const draw = (cells: Cell[], bar: Bar): void => {
    const colour = TONE_COLOURS[bar.tone]
    const { type, span, fromMs, toMs } = bar
    const glyph = type === 'Probe' && span.result === 'failure' ? glyphs.failure : glyphs.tones[bar.tone]
    fill(cells, fromMs, toMs, { glyph, colour })
    if (STEADY.has(type)) {
      for (let at = Math.round(column(fromMs)); at < Math.round(column(toMs)); at++) if (isCut[at]) cells[at] = { glyph: glyphs.skipped, colour }
    }
    if (type === 'Probe' && span.result === 'success') cells[cellOf(fromMs)] = { glyph: glyphs.success, colour }
    if (type === 'Kill') cells[cellOf(fromMs)] = { glyph: glyphs.bad, colour }
    if (bar.end === 'open') cells[Math.max(cellOf(fromMs), Math.round(column(toMs)) - 1)] = { glyph: glyphs.open, colour }
    if (bar.end === 'unknown' && bar.start === 'known') {
      for (let at = cellOf(fromMs) + 1; at < Math.round(column(toMs)); at++) cells[at] = { glyph: glyphs.tones.unknown, colour: TONE_COLOURS.unknown }
    }
  }
  const blank = (): Cell[] => Array.from({ length: width }, () => EMPTY)

  return {
    width,
    axisLines() {
      const ticks = axis.ticks(TICK_COLUMNS / width)
      const line = Array.from({ length: width }, (_, cell) => (isCut[cell] ? glyphs.axis.cut : glyphs.axis.line))
      const labels = Array.from({ length: width }, () => ' ')
      let free = 0
      for (const at of ticks) {
        const cell = cellOf(at)
        const text = tickText(at)
        // The label stands over its tick, and moves left at the right edge.
        const from = Math.min(cell, width - text.length)
        if (from < free || isCut[cell]) continue
        for (let index = 0; index < text.length; index++) labels[from + index] = text[index]!
        line[cell] = cell === 0 ? glyphs.axis.first : glyphs.axis.tick
        free = from + text.length + 1
      }
      return [style.paint('dim', labels.join('')), style.paint('dim', line.join(''))]
    },
    row({ bars }) {
      const cells = blank()
      // What is unknown lies under what is known.
      for (const bar of bars) if (bar.tone === 'unknown') draw(cells, bar)
      for (const bar of bars) if (bar.tone !== 'unknown') draw(cells, bar)
      return print(cells)
    },
    stages(stages, isOpen) {
      const cells = blank()
      for (const { kind, fromMs, toMs } of stages) {
        fill(cells, fromMs, toMs, { glyph: glyphs.stages[kind], colour: STAGE_COLOURS[kind] })
        if (kind === 'ready' || kind === 'ended')
          for (let at = Math.round(column(fromMs)); at < Math.round(column(toMs)); at++)
            if (isCut[at]) cells[at] = { glyph: glyphs.skipped, colour: STAGE_COLOURS[kind] }
      }
      const last = stages.at(-1)
      if (isOpen && last) cells[Math.max(cellOf(last.fromMs), Math.round(column(last.toMs)) - 1)] = { glyph: glyphs.open, colour: STAGE_COLOURS[last.kind] }
      return print(cells)
    },
    requests(requests) {
      const cells = blank()
      const rank = { answered: 0, slow: 1, lost: 2 } as const
      const worst: number[] = []
      for (const { plannedMs, result } of requests) {
        const cell = cellOf(plannedMs)
        if ((worst[cell] ?? -1) >= rank[result]) continue
        worst[cell] = rank[result]
        cells[cell] = [
          { glyph: '.', colour: 'dim' },
          { glyph: '!', colour: 'yellow' },
          { glyph: glyphs.failure, colour: 'red' },
        ][rank[result]] as Cell
      }
      return print(cells)
    },
    mark: cellOf,
  }
}
