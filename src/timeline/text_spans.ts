/** Every span of a Pod with its exact instants, as a table. */
import type { PodLane, TimelineModel } from './model.ts'
import { clipped, type TextStyle } from './text_style.ts'
import { durationText, instantText, messageText, timeOfDayText } from './words.ts'

export function drawSpans({ zeroWallMs }: TimelineModel, { rows }: PodLane, columns: number, { glyphs, paint }: TextStyle): string[] {
  const bars = rows.flatMap(row => row.bars.map(bar => ({ row, bar }))).sort((a, b) => a.bar.fromMs - b.bar.fromMs)
  const cells = bars.map(({ row, bar }) => {
    const { span, start, end, fromMs, toMs, precisionMs, durationMs, isInstant } = bar
    const message = messageText(span)
    const why = [span.reason, bar.label !== span.reason && bar.label, message !== bar.label && message].filter(Boolean).join('; ')
    return [
      start === 'unknown' ? 'unknown' : instantText(fromMs, precisionMs),
      end === 'unknown' ? 'unknown' : end === 'open' ? 'goes on' : isInstant ? '' : instantText(toMs, precisionMs),
      durationMs === undefined || isInstant ? '' : durationText(durationMs, precisionMs),
      zeroWallMs === undefined || start === 'unknown' ? '' : timeOfDayText(zeroWallMs + fromMs, precisionMs),
      [row.name, row.subject].filter(Boolean).join(' '),
      why,
    ]
  })
  const header = ['STARTED', 'FINISHED', 'DURATION', 'AT (UTC)', 'WHAT', 'WHY']
  const widths = header.map((title, column) => Math.max(title.length, ...cells.map(cell => cell[column]!.length)))
  const line = (cell: readonly string[]) =>
    clipped(cell.map((text, column) => (column < 3 ? text.padStart(widths[column]!) : text.padEnd(widths[column]!))).join('  '), columns, glyphs.more)
  return [paint('dim', line(header)), ...cells.map(line)]
}
