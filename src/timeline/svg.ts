/**
 * The drawing as a picture that needs nothing else: for documents, issues and chats. Light or dark as whoever looks prefers;
 * its title, its description and a title for each bar are there for those who listen to it.
 */
import { createAxis, tickText, type Axis } from './axis.ts'
import { escaped } from './escaped.ts'
import { lanesOf, type Bar, type PodLane, type Row, type StageKind, type TimelineModel, type Tone } from './model.ts'
import { dateText, durationText, instantText, messageText, timeOfDayText } from './words.ts'

export interface SvgOptions {
  readonly title: string
  /** Of the picture, in pixels. Default: 1100. */
  readonly width?: number
}

const WIDTH = 1100
const ROW = 18
const HEADER = 26
const AXIS = 22
const PAD = 16
const NAME_WIDTH = 190
const NOTE_WIDTH = 250
/** Of a letter of the small text. */
const LETTER = 6.6

interface Picture {
  readonly parts: string[]
  y: number
}

export function drawSvg(model: TimelineModel, { title, width = WIDTH }: SvgOptions): string {
  const lanes = lanesOf(model)
  const picture: Picture = { parts: [], y: PAD }
  write(picture, PAD, 16, 'h', title)
  picture.y += 20
  write(picture, PAD, 14, 'dim', whenText(model))
  picture.y += 22
  if (lanes.length > 1) drawOverview(picture, model, width)
  else if (lanes[0]) drawPod(picture, model, lanes[0], width)
  else write(picture, PAD, 14, 'dim', 'No Pods.')
  picture.y += 8
  const height = Math.ceil(picture.y + PAD)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title description">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="description">${escaped(description(model))}</desc>`,
    STYLE,
    `<rect class="page" width="${width}" height="${height}"/>`,
    ...picture.parts,
    '</svg>',
    '',
  ].join('\n')
}

function drawPod(picture: Picture, model: TimelineModel, lane: PodLane, width: number): void {
  const axis = createAxis(model, { lanes: [lane] })
  const [left, right] = [PAD + NAME_WIDTH, width - PAD - NOTE_WIDTH]
  const place = placeBetween(axis, left, right)
  write(picture, PAD, 14, 'b', lane.name)
  write(
    picture,
    PAD + lane.name.length * 8 + 16,
    14,
    'dim',
    [lane.node && `on ${lane.node}`, lane.ip, lane.goneMs === undefined ? lane.phase : 'gone'].filter(Boolean).join(' · '),
  )
  picture.y += HEADER
  const bottom = picture.y + AXIS + lane.rows.length * ROW
  drawAxis(picture, axis, place, left, right, bottom)
  let section = lane.rows[0]?.section
  for (const row of lane.rows) {
    if (row.section !== section) picture.parts.push(`<line class="rule" x1="${PAD}" x2="${width - PAD}" y1="${picture.y}" y2="${picture.y}"/>`)
    section = row.section
    write(picture, PAD, 13, 'name', shortened([row.name, row.subject].filter(Boolean).join(' '), NAME_WIDTH - 8))
    for (const bar of row.bars) drawBar(picture, bar, row, place)
    const longest = row.bars.reduce<Bar | undefined>((a, b) => ((b.durationMs ?? -1) > (a?.durationMs ?? -1) ? b : a), undefined)
    const isOver = row.bars.every(({ end }) => end !== 'open')
    const took = isOver && longest?.durationMs !== undefined && !longest.isInstant ? durationText(longest.durationMs, longest.precisionMs) : ''
    write(picture, right + 8, 13, 'took', took)
    write(picture, right + 92, 13, 'dim', shortened(row.bars.at(-1)?.label ?? '', NOTE_WIDTH - 92))
    picture.y += ROW
  }
  for (const story of [lane.ready, lane.end]) {
    if (!story) continue
    picture.y += 8
    write(picture, PAD, 14, 'b', `${story.headline[0]!.toUpperCase()}${story.headline.slice(1)}`)
    picture.y += 18
    const steps = story.steps.filter(({ fromMs, toMs }) => toMs - fromMs >= 0.05 * (story.toMs - story.fromMs))
    write(
      picture,
      PAD + 12,
      13,
      'name',
      steps.map(step => `${step.label || 'between the steps'} ${durationText(step.toMs - step.fromMs, story.precisionMs)}`).join('   '),
    )
    if (steps.length > 0) picture.y += 16
    for (const { text, isBad } of story.remarks) {
      write(picture, PAD + 12, 13, isBad ? 'warn' : 'dim', text)
      picture.y += 16
    }
  }
}

function drawOverview(picture: Picture, model: TimelineModel, width: number): void {
  const axis = createAxis(model)
  const [left, right] = [PAD + NAME_WIDTH, width - PAD - NOTE_WIDTH]
  const place = placeBetween(axis, left, right)
  const lines = model.groups.reduce((sum, { pods }) => sum + pods.length + 1, 0) + (model.requests.length > 0 ? 1 : 0)
  drawAxis(picture, axis, place, left, right, picture.y + AXIS + lines * ROW)
  for (const { atMs, label } of model.marks) {
    picture.parts.push(
      `<line class="mark" x1="${place(atMs)}" x2="${place(atMs)}" y1="${picture.y - 4}" y2="${picture.y + lines * ROW}"><title>${escaped(label)}</title></line>`,
    )
  }
  if (model.requests.length > 0) {
    write(picture, PAD, 13, 'name', 'requests')
    for (const { plannedMs, result, label } of model.requests) {
      if (result === 'answered') continue
      picture.parts.push(
        `<line class="${result}" x1="${place(plannedMs)}" x2="${place(plannedMs)}" y1="${picture.y + 3}" y2="${picture.y + ROW - 3}"><title>${escaped(`${result}: ${label}`)}</title></line>`,
      )
    }
    const lost = model.requests.filter(({ result }) => result === 'lost').length
    write(picture, right + 8, 13, lost > 0 ? 'warn' : 'dim', `${model.requests.length} requests, ${lost} lost`)
    picture.y += ROW
  }
  for (const { owner, namespace, pods } of model.groups) {
    write(picture, PAD, 13, 'b', owner || `Pods of ${namespace}`)
    picture.y += ROW
    for (const lane of pods) {
      write(picture, PAD + 10, 13, 'name', shortened(lane.name, NAME_WIDTH - 18))
      for (const { kind, fromMs, toMs } of lane.stages) {
        box(
          picture,
          `s-${kind}`,
          place(fromMs),
          place(toMs),
          `${lane.name}: ${STAGES[kind]}, ${durationText(toMs - fromMs, model.precisionMs)} from ${instantText(fromMs, model.precisionMs)}`,
        )
      }
      write(picture, right + 8, 13, 'dim', shortened(noteOf(lane), NOTE_WIDTH))
      picture.y += ROW
    }
  }
  picture.y += 6
  let x = PAD
  for (const kind of new Set(lanesOf(model).flatMap(({ stages }) => stages.map(stage => stage.kind)))) {
    picture.parts.push(`<rect class="s-${kind}" x="${x}" y="${picture.y + 3}" width="12" height="10" rx="2"/>`)
    write(picture, x + 17, 13, 'dim', STAGES[kind])
    x += 17 + STAGES[kind].length * LETTER + 18
  }
  picture.y += ROW
}

const STAGES: Readonly<Record<StageKind, string>> = {
  pending: 'pending',
  init: 'init containers',
  starting: 'starting',
  ready: 'Ready',
  unready: 'not Ready any more',
  terminating: 'terminating',
  ended: 'ended',
}

function noteOf({ ready, end, goneMs, isGoneKnown }: PodLane): string {
  const began = ready ? `Ready after ${durationText(ready.toMs - ready.fromMs, ready.precisionMs)}` : 'never Ready'
  if (!isGoneKnown) return 'gone'
  return end && goneMs !== undefined ? `${began}, gone in ${durationText(end.toMs - end.fromMs, end.precisionMs)}` : began
}

const placeBetween =
  (axis: Axis, left: number, right: number) =>
  (atMs: number): number =>
    Math.round((left + axis.place(atMs) * (right - left)) * 10) / 10

function drawAxis(picture: Picture, axis: Axis, place: (atMs: number) => number, left: number, right: number, bottom: number): void {
  for (const at of axis.ticks(64 / (right - left))) {
    picture.parts.push(`<line class="tick" x1="${place(at)}" x2="${place(at)}" y1="${picture.y + 18}" y2="${bottom}"/>`)
    picture.parts.push(`<text class="dim" x="${place(at)}" y="${picture.y + 12}" text-anchor="middle">${tickText(at)}</text>`)
  }
  for (const { fromMs, toMs } of axis.cuts) {
    const text = `${durationText(toMs - fromMs)} cut short`
    picture.parts.push(
      `<rect class="cut" x="${place(fromMs)}" y="${picture.y + 18}" width="${place(toMs) - place(fromMs)}" height="${bottom - picture.y - 18}"><title>${text}</title></rect>`,
    )
  }
  picture.y += AXIS
}

function drawBar(picture: Picture, bar: Bar, row: Row, place: (atMs: number) => number): void {
  const tone: Tone = bar.type === 'Probe' && bar.span.result === 'failure' ? 'bad' : bar.tone
  const what = [row.name, row.subject].filter(Boolean).join(' ')
  const when = bar.start === 'unknown' ? 'beginning unknown' : `from ${instantText(bar.fromMs, bar.precisionMs)}`
  const took = bar.durationMs !== undefined ? durationText(bar.durationMs, bar.precisionMs) : bar.end === 'open' ? 'goes on' : 'end unknown'
  const isThin = ['Container', 'Ready', 'Endpoint', 'Probe'].includes(bar.type)
  const isUnsure = bar.start === 'unknown' || bar.end === 'unknown'
  box(
    picture,
    `t-${tone}${isUnsure ? ' unsure' : ''}`,
    place(bar.fromMs),
    place(bar.toMs),
    [what, `${when}, ${took}`, bar.label, messageText(bar.span)].filter(Boolean).join(': '),
    isThin ? 6 : 12,
  )
}

function box({ parts, y }: Picture, style: string, from: number, to: number, title: string, height = 12): void {
  const width = Math.max(1.5, Math.round((to - from) * 10) / 10)
  parts.push(
    `<rect class="${style}" x="${from}" y="${y + (ROW - height) / 2}" width="${width}" height="${height}" rx="1.5"><title>${escaped(title)}</title></rect>`,
  )
}

function write({ parts, y }: Picture, x: number, down: number, style: string, text: string): void {
  if (text !== '') parts.push(`<text class="${style}" x="${x}" y="${y + down}">${escaped(text)}</text>`)
}

function whenText({ zeroWallMs, endMs, precisionMs }: TimelineModel): string {
  const exact = precisionMs === 1 ? '' : ', exact to the second'
  if (zeroWallMs === undefined) return `${durationText(endMs)} in all${exact}`
  return `0 is ${dateText(zeroWallMs)} ${timeOfDayText(zeroWallMs, precisionMs)} UTC${exact}`
}

/** What a listener needs to know: each Pod in a sentence. */
function description(model: TimelineModel): string {
  return lanesOf(model)
    .slice(0, 20)
    .map(
      lane =>
        `${lane.name}: ${[lane.ready?.headline, lane.end?.headline, ...(lane.end?.remarks ?? []).map(({ text }) => text)].filter(Boolean).join('; ') || 'not Ready so far'}.`,
    )
    .join(' ')
}

const shortened = (text: string, pixels: number): string =>
  text.length * LETTER <= pixels ? text : `${text.slice(0, Math.max(1, Math.floor(pixels / LETTER) - 1))}…`

/** Contrast of each with its page is at least 3 to 1, of text 4.5 to 1. */
const STYLE = `<style>
:root{--page:#fff;--text:#1b1f24;--dim:#59636e;--line:#d8dee4;--wait:#9a6700;--work:#0969da;--init:#1b7c83;--run:#57606a;--hook:#8250df;--good:#1a7f37;--bad:#cf222e;--leaving:#bc4c00;--rules:#1b7c83}
@media(prefers-color-scheme:dark){:root{--page:#0d1117;--text:#e6edf3;--dim:#9198a1;--line:#30363d;--wait:#d29922;--work:#4493f8;--init:#39c5cf;--run:#9198a1;--hook:#ab7df8;--good:#3fb950;--bad:#f85149;--leaving:#db6d28;--rules:#39c5cf}}
text{font:12px ui-sans-serif,system-ui,sans-serif;fill:var(--text)}.h{font-size:16px;font-weight:600}.b{font-weight:600}.dim{fill:var(--dim)}.took{font-variant-numeric:tabular-nums}.warn{fill:var(--bad)}
.page{fill:var(--page)}.tick,.rule{stroke:var(--line)}.cut{fill:var(--line);opacity:.45}.mark{stroke:var(--text);stroke-dasharray:3 3}.lost{stroke:var(--bad);stroke-width:2}.slow{stroke:var(--wait);stroke-width:2}
.t-wait,.s-pending{fill:var(--wait)}.t-work,.s-starting{fill:var(--work)}.t-init,.s-init{fill:var(--init)}.t-run{fill:var(--run)}.t-hook{fill:var(--hook)}.t-good,.s-ready{fill:var(--good)}.t-bad,.s-unready{fill:var(--bad)}.t-leaving,.s-terminating{fill:var(--leaving)}.t-rules{fill:var(--rules)}.t-unknown,.s-ended{fill:var(--dim)}.unsure{fill-opacity:.3;stroke:var(--dim);stroke-dasharray:3 2}
</style>`
