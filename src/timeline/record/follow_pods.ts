/** What the API shows of Pods, as spans: scheduling, readiness, deletion. */
import type { Pod } from '../../api/kinds/pod.ts'
import { deepEqual } from '../../api/deep.ts'
import { controllerOf } from '../../api/meta.ts'
import { CONFIG_MIRROR_ANNOTATION } from '../../api/pod.ts'
import type { SpanType } from '../../api/types/pod_timeline.ts'
import type { Millis } from '../../base/clock.ts'
import type { Cache, CacheChange } from '../../client/cache.ts'
import type { DayTime, Instant } from './instants.ts'
import { newSpan, type PodRecord, type SpanRecord } from './pod_record.ts'
import type { Records } from './records.ts'

export function followPods(records: Records, pods: Cache<Pod>): { stop(): void } {
  // What the first list brings was there before anybody looked.
  let isNews = false
  void pods.synced.then(() => (isNews = true))

  function changed({ object: pod, previous }: CacheChange<Pod>): void {
    const record = recordOf((pod ?? previous)!)
    if (pod && previous === undefined) seen(record, pod)
    if (!pod) return gone(record)
    follow(record, pod)
  }

  function recordOf({ metadata }: Pod): PodRecord {
    const { uid = '', namespace = '', name = '', annotations } = metadata
    const staticUid = annotations?.[CONFIG_MIRROR_ANNOTATION]
    const record = records.of({ uid: staticUid ?? uid, namespace, name })
    if (staticUid) records.alias(uid, record)
    return record
  }

  function seen(record: PodRecord, pod: Pod): void {
    const owner = controllerOf(pod)
    record.createdAt = pod.metadata.creationTimestamp
    record.owner = owner && `${owner.kind}/${owner.name}`
    records.known(record)
    if (isNews) record.scheduling = add('Scheduling', record, records.now())
    else derive(record, pod)
  }

  function follow(record: PodRecord, { metadata, spec, status }: Pod): void {
    const { podIP = record.ip, phase } = status
    const isOther = record.ip !== podIP || record.phase !== phase || !deepEqual(record.labels, metadata.labels)
    if (isOther) {
      record.labels = metadata.labels
      record.ip = podIP
      record.phase = phase
      records.touch(record)
    }
    if (spec.nodeName && !record.node) bound(record, spec.nodeName)
    if (record.scheduling) complain(record, record.scheduling, status)
    readiness(record, status)
    if (metadata.deletionTimestamp && !record.deletion) {
      const disruption = status.conditions?.find(({ type, status: is }) => type === 'DisruptionTarget' && is === 'True')
      record.deletion = add('Deletion', record, records.now(), { reason: disruption?.reason, message: `grace ${metadata.deletionGracePeriodSeconds ?? 0}s` })
    }
  }

  function bound(record: PodRecord, node: string): void {
    record.node = node
    records.touch(record)
    const { scheduling } = record
    if (!scheduling) return
    const at = record.deliveredAt ?? records.now()
    scheduling.finish = at
    record.scheduling = undefined
    const delivery = add('Delivery', record, at)
    // The kubelet was told of it first.
    if (record.deliveredAt !== undefined) delivery.finish = record.deliveredAt
    else record.delivery = delivery
  }

  function complain(record: PodRecord, scheduling: SpanRecord, status: Pod['status']): void {
    const why = status.conditions?.find(({ type, status: is }) => type === 'PodScheduled' && is === 'False')
    if (!why || scheduling.message === why.message) return
    scheduling.reason = why.reason
    scheduling.message = why.message?.slice(0, MESSAGE_CHARACTERS_MAX)
    records.touch(record)
  }

  function readiness(record: PodRecord, { conditions }: Pod['status']): void {
    const isReady = conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
    const span = record.ready
    if (isReady && !span) record.ready = add('Ready', record, records.now())
    if (!isReady && span) {
      span.finish = records.now()
      span.reason = conditions?.find(({ type }) => type === 'Ready')?.reason
      record.ready = undefined
      records.touch(record)
    }
  }

  function gone(record: PodRecord): void {
    const at = records.now()
    // Nobody had asked for it before: it went at once.
    const deletion = record.deletion ?? add('Deletion', record, at, { reason: 'Forced', message: 'grace 0s' })
    deletion.finish = at
    for (const span of [record.scheduling, record.delivery, record.ready]) {
      if (!span) continue
      span.finish = at
      span.reason = 'Deleted'
    }
    record.scheduling = record.delivery = record.ready = record.deletion = undefined
    records.gone(record)
  }

  function add(type: SpanType, record: PodRecord, start: Instant | undefined, rest: Partial<SpanRecord> = {}): SpanRecord {
    return records.add(record, newSpan(type, start, rest))
  }

  /** Of a Pod that is older than this process: what its object still says, to the second. */
  function derive(record: PodRecord, { metadata, spec, status }: Pod): void {
    const conditionSince = (wanted: string) => dayTime(status.conditions?.find(({ type, status: is }) => type === wanted && is === 'True')?.lastTransitionTime)
    const created = dayTime(metadata.creationTimestamp)
    if (spec.nodeName) {
      record.node = spec.nodeName
      const scheduled = conditionSince('PodScheduled')
      add('Scheduling', record, created, { finish: scheduled, origin: scheduled ? 'derived' : 'unknown' })
    } else record.scheduling = add('Scheduling', record, created, { origin: 'derived' })
    const ready = conditionSince('Ready')
    if (ready) record.ready = add('Ready', record, ready, { origin: 'derived' })
    const { deletionTimestamp, deletionGracePeriodSeconds: grace = 0 } = metadata
    const dueAt = dayTime(deletionTimestamp)
    if (dueAt) record.deletion = add('Deletion', record, { wallMs: dueAt.wallMs - grace * 1_000 }, { origin: 'derived', message: `grace ${grace}s` })
  }

  return pods.onChange(changed)
}

const MESSAGE_CHARACTERS_MAX = 256

function dayTime(text: string | undefined): DayTime | undefined {
  const wallMs: Millis = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(wallMs) ? undefined : { wallMs }
}
