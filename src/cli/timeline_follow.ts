/** `poise timeline -f`: the drawing again and again on a terminal, else a line for each thing that has ended. */
import type { PodTimeline } from '../api/kinds/pod_timeline.ts'
import type { TimelineSpan } from '../api/types/pod_timeline.ts'
import { createHost } from '../host/host.ts'
import { createLog } from '../host/log.ts'
import { timelineModel } from '../timeline/model.ts'
import { spanLines } from '../timeline/span_lines.ts'
import { drawText } from '../timeline/text.ts'
import type { Cli } from './main.ts'
import { listenForStop } from './stop_signal.ts'
import { terminalOf } from './terminal.ts'
import { chosen, filterFor, type Question, type TimelineFormat } from './timeline_question.ts'
import { followObjects, followRecorded, type LiveTimelines } from './timeline_live.ts'
import { HOW_REBUILT, recordedTimelines, type Scope } from './timeline_source.ts'
import type { Filter } from './timeline_target.ts'
import { Pod } from '../api/kinds/pod.ts'

const REDRAW_MS = 250
/** Bars that go on grow even when nothing happens. */
const TICK_MS = 1_000

/** Until Ctrl-C, or until the only Pod that was asked for is gone. */
export async function followTimelines(cli: Cli, question: Question, format: TimelineFormat): Promise<void> {
  const { connection, namespace, options } = question
  const scope: Scope = { ...(namespace !== undefined && { namespace }), ...(options.selector && { labelSelector: options.selector }) }
  const isRecorded = (await recordedTimelines(connection.client, scope)) !== undefined
  // What may not be read is said now, and not by a watch that tries again and again.
  if (!isRecorded) await connection.client.list(Pod, { ...scope, limit: 1 })
  if (!isRecorded) cli.output.note(`${HOW_REBUILT} Changes are noted as they arrive here.`)
  const filter = await filterFor(question)
  const stopping = listenForStop()
  const log = createLog({ level: 'error' })
  const host = createHost({ log })
  const live = (isRecorded ? followRecorded : followObjects)(host, connection.client, scope)
  const show = cli.interactive && format === 'text' ? redrawer(cli, question) : printer(cli, format)
  try {
    await Promise.race([live.synced, stopping.asked])
    await follow(live, stopping.asked, () => {
      const all = live.timelines()
      const timelines = chosen(all, filter, options.since)
      show(timelines, all)
      return isOver(question, filter, timelines)
    })
  } finally {
    live.stop()
    log.close()
  }
}

/** Shows what there is at most every `REDRAW_MS`, until it is over. */
async function follow(live: LiveTimelines, asked: Promise<void>, show: () => boolean): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const ticker = setInterval(() => changed(), TICK_MS)
  let changed = () => {}
  try {
    await Promise.race([
      asked,
      new Promise<void>((resolve, reject) => {
        const draw = () => {
          timer = undefined
          try {
            if (show()) resolve()
          } catch (error) {
            reject(error as Error)
          }
        }
        changed = () => (timer ??= setTimeout(draw, REDRAW_MS))
        live.onChange(changed)
        changed()
      }),
    ])
  } finally {
    clearInterval(ticker)
    clearTimeout(timer)
  }
}

/** One Pod by its name, and it is gone: nothing will happen to it any more. */
function isOver({ targets }: Question, filter: Filter, timelines: readonly PodTimeline[]): boolean {
  if (targets.length !== 1 || targets[0]!.kind !== Pod) return false
  const mine = timelines.filter(filter)
  return (
    mine.length > 0 &&
    mine.every(({ spans }) => spans.some(({ type, finishAt, origin }) => type === 'Deletion' && (finishAt !== undefined || origin === 'unknown')))
  )
}

/** Those that were asked for, of all that there are. */
type Show = (timelines: readonly PodTimeline[], all: readonly PodTimeline[]) => void

function redrawer(cli: Cli, { options }: Question): Show {
  let drawn = ''
  return timelines => {
    const terminal = terminalOf(cli, options)
    const text = timelines.length === 0 ? 'No Pods so far.' : drawText(timelineModel(timelines, { nowWallMs: Date.now() }), { ...terminal, wide: options.wide })
    // What does not fit would scroll, and every redraw would push another copy into the history.
    const lines = text.split('\n').slice(0, Math.max(1, (process.stdout.rows ?? 50) - 1))
    if (lines.join('\n') === drawn) return
    drawn = lines.join('\n')
    process.stdout.write(`\u001b[H\u001b[2J${drawn}\n`)
  }
}

function printer({ output }: Cli, format: TimelineFormat): Show {
  /** What was told last of each Pod that is remembered, by its uid. */
  const told = new Map<string, Told>()
  return (timelines, all) => {
    const uids = new Set(all.map(({ pod }) => pod.uid))
    for (const uid of told.keys()) if (!uids.has(uid)) told.delete(uid)
    const changed = timelines.filter(timeline => told.get(timeline.pod.uid)?.timeline !== timeline)
    const now = new Map(changed.map(timeline => [timeline.pod.uid, { timeline, keys: new Set<string>() }]))
    for (const { key, text, timeline, span } of spanLines(changed)) {
      const { uid } = timeline.pod
      const { keys } = now.get(uid)!
      if (!keys.has(key) && !told.get(uid)?.keys.has(key)) output.result(format === 'json' ? JSON.stringify(asJson(timeline, span)) : text)
      keys.add(key)
    }
    for (const [uid, { timeline, keys }] of now) told.set(uid, { timeline, keys })
  }
}

interface Told {
  readonly timeline: PodTimeline
  readonly keys: ReadonlySet<string>
}

const asJson = ({ metadata, pod }: PodTimeline, span: TimelineSpan) => ({ namespace: metadata.namespace, pod: pod.name, uid: pod.uid, ...span })
