/**
 * Which timelines are kept, and who is told of their changes.
 *
 * Memory is bounded: Pods that are gone make room first, the oldest before the others, and a Pod that restarts for ever keeps
 * its beginning and the newest of what came after.
 */
import type { TimelineChange, TimelineReadings } from '../../api/timelines.ts'
import type { Clock, Millis, Timer } from '../../base/clock.ts'
import type { TracedPod } from '../../base/lifecycle_trace.ts'
import { createInstants } from './instants.ts'
import type { Follow, PodRecord, SpanRecord } from './pod_record.ts'
import { renderTimeline, timelineName } from './render.ts'

export interface TimelineLimits {
  /** How many Pods are remembered after they are gone. */
  readonly gonePodsMax: number
  /** Of one Pod. */
  readonly spansOfPodMax: number
  /** Of these the oldest stay for good: how the Pod began. */
  readonly firstSpansKept: number
  /** Of all Pods together, some 200 bytes each. A Pod that lives has about twenty. */
  readonly spansMax: number
}

export const TIMELINE_LIMITS: TimelineLimits = { gonePodsMax: 1_000, spansOfPodMax: 256, firstSpansKept: 64, spansMax: 200_000 }

/** Listeners hear of a timeline no more often. */
export const TELL_MS = 250
/** Of timelines that had to make room: what a watch that comes back must be told. Their spans are gone. */
const DROPPED_REMEMBERED = 1_000

export interface Records {
  /** Makes one for a Pod it has never heard of. */
  of(pod: TracedPod): PodRecord
  /** A mirror Pod has another uid than the static Pod whose record this is. */
  alias(uid: string, record: PodRecord): void
  add(record: PodRecord, span: SpanRecord): SpanRecord
  addFollow(record: PodRecord, span: SpanRecord, follow: Follow): void
  /** It is in the API: it is remembered as long as there is room. */
  known(record: PodRecord): void
  /** It will be forgotten when there are many who went later. */
  gone(record: PodRecord): void
  touch(record: PodRecord): void
  /** By the clock that never goes back. */
  now(): Millis
  readonly readings: TimelineReadings
}

export function createRecords(clock: Clock, limits: TimelineLimits = TIMELINE_LIMITS): Records {
  // Later than all revisions of an earlier life, so that nobody takes up a watch where nothing is known.
  const firstRevision = Math.floor(clock.wall())
  let revision = firstRevision
  const instants = createInstants(clock)
  const living = new Map<string, PodRecord>()
  const gone = new Map<string, PodRecord>()
  const byUid = new Map<string, PodRecord>()
  const byName = new Map<string, PodRecord>()
  const aliases = new Map<PodRecord, string>()
  let spans = 0
  let dropped: { readonly record: PodRecord; readonly revision: number }[] = []
  let droppedForgottenAt = firstRevision

  const listeners = new Set<(change: TimelineChange) => void>()
  const untold = new Map<PodRecord, TimelineChange['is']>()
  let timer: Timer | undefined

  function changed(record: PodRecord, is: TimelineChange['is']): void {
    record.revision = ++revision
    if (listeners.size === 0) return
    if (is === 'gone' && untold.get(record) === 'added') return void untold.delete(record)
    untold.set(record, untold.get(record) === 'added' ? 'added' : is)
    timer ??= clock.at(clock.now() + TELL_MS, tell, 'every timeline change')
  }

  function tell(): void {
    timer = undefined
    const changes = [...untold].sort(([a], [b]) => a.revision - b.revision).map(([record, is]) => ({ is, timeline: render(record) }))
    forgetUntold()
    for (const listener of Array.from(listeners)) for (const change of changes) listener(change)
  }

  function forgetUntold(): void {
    for (const record of untold.keys()) if (record.isDropped) letGo(record)
    untold.clear()
  }

  function drop(record: PodRecord): void {
    record.isDropped = true
    living.delete(record.uid)
    gone.delete(record.uid)
    byUid.delete(record.uid)
    byUid.delete(aliases.get(record) ?? record.uid)
    aliases.delete(record)
    byName.delete(nameKey(record))
    spans -= weightOf(record)
    changed(record, 'gone')
    if (!untold.has(record)) letGo(record)
    dropped.push({ record, revision: record.revision })
    if (dropped.length > DROPPED_REMEMBERED) {
      droppedForgottenAt = dropped.shift()!.revision
    }
  }

  function makeRoom(): void {
    while (gone.size > limits.gonePodsMax) drop(gone.values().next().value!)
    while (spans > limits.spansMax && gone.size + living.size > 1) drop((gone.size > 0 ? gone : living).values().next().value!)
  }

  /** Its beginning stays, and what goes on. */
  function makeRoomIn(record: PodRecord): void {
    const at = record.spans.findIndex((span, index) => index >= limits.firstSpansKept && span.finish !== undefined)
    const [old] = record.spans.splice(at < 0 ? limits.firstSpansKept : at, 1)
    record.droppedSpans++
    const answer = old ? record.answers.indexOf(old) : -1
    if (answer >= 0) record.answers.splice(answer, 1)
    spans -= 1 + (old?.follows?.length ?? 0)
  }

  const render = (record: PodRecord) => renderTimeline(record, instants)
  const records = (namespace?: string): PodRecord[] =>
    [...gone.values(), ...living.values()].filter(record => namespace === undefined || record.namespace === namespace)

  return {
    of({ uid, namespace, name }) {
      const found = byUid.get(uid)
      if (found) return found
      const record: PodRecord = {
        uid,
        namespace,
        name,
        labels: undefined,
        createdAt: undefined,
        node: undefined,
        ip: undefined,
        owner: undefined,
        phase: undefined,
        isKnown: false,
        isDropped: false,
        deliveredAt: undefined,
        spans: [],
        scheduling: undefined,
        delivery: undefined,
        ready: undefined,
        deletion: undefined,
        answers: [],
        droppedSpans: 0,
        addedRevision: revision + 1,
        revision: 0,
      }
      byUid.set(uid, record)
      byName.set(nameKey(record), record)
      // Of whom only a kubelet knows nobody may ever tell that it is gone.
      makeRoom()
      gone.set(uid, record)
      changed(record, 'added')
      return record
    },
    alias(uid, record) {
      // A mirror that was made anew has another one again.
      byUid.delete(aliases.get(record) ?? uid)
      aliases.set(record, uid)
      byUid.set(uid, record)
    },
    add(record, span) {
      if (record.isDropped) return span
      if (record.spans.length >= limits.spansOfPodMax) makeRoomIn(record)
      record.spans.push(span)
      spans++
      changed(record, 'changed')
      if (spans > limits.spansMax) makeRoom()
      return span
    },
    addFollow(record, span, follow) {
      // A node may follow long after the span had to make room.
      if (!record.spans.includes(span)) return
      const { follows = [] } = span
      const hasRoom = follows.length < FOLLOWS_MAX
      if (hasRoom) spans++
      // The first and the last tell the most. A copy is as long as it need be, where an array that grows keeps room for sixteen more.
      span.follows = [...(hasRoom ? follows : follows.toSpliced(FOLLOWS_MAX / 2, 1)), follow]
      span.finish = follow.at
      changed(record, 'changed')
    },
    known(record) {
      record.isKnown = true
      gone.delete(record.uid)
      living.set(record.uid, record)
    },
    gone(record) {
      living.delete(record.uid)
      gone.delete(record.uid)
      gone.set(record.uid, record)
      changed(record, 'changed')
      makeRoom()
    },
    touch(record) {
      if (!record.isDropped) changed(record, 'changed')
    },
    now: instants.now,
    readings: {
      get revision() {
        return revision
      },
      list: namespace => records(namespace).map(render),
      get(namespace, name) {
        const record = byName.get(`${namespace}/${name}`)
        return record && render(record)
      },
      since(from) {
        if (from < droppedForgottenAt || from > revision) return undefined
        return [
          ...records().map(record => ({ record, is: record.addedRevision > from ? ('added' as const) : ('changed' as const) })),
          // Who came and went meanwhile was never there.
          ...dropped.filter(({ record }) => record.addedRevision <= from).map(({ record }) => ({ record, is: 'gone' as const })),
        ]
          .filter(({ record }) => record.revision > from)
          .sort((a, b) => a.record.revision - b.record.revision)
          .map(({ record, is }) => ({ is, timeline: render(record) }))
      },
      onChange(listener) {
        listeners.add(listener)
        return {
          stop() {
            listeners.delete(listener)
            if (listeners.size > 0) return
            timer?.cancel()
            timer = undefined
            forgetUntold()
          },
        }
      },
    },
  }
}

/** Nodes that are told of for one change. */
const FOLLOWS_MAX = 64

const nameKey = (record: PodRecord): string => `${record.namespace}/${timelineName(record)}`

/** Of who is told to nobody any more. */
function letGo(record: PodRecord): void {
  record.droppedSpans += record.spans.length
  record.spans.length = record.answers.length = 0
  record.scheduling = record.delivery = record.ready = record.deletion = undefined
}

const weightOf = ({ spans }: PodRecord): number => spans.reduce((sum, { follows }) => sum + 1 + (follows?.length ?? 0), 0)
