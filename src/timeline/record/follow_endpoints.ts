/**
 * Which Pods are behind which Service, and which node follows each change of that since when.
 *
 *   EndpointSlice changes ─▶ Endpoint spans
 *            └─ its revision ─▶ a node's proxy has programmed all up to it ─▶ RulesProgrammed
 */
import type { EndpointSlice } from '../../api/kinds/endpoint_slice.ts'
import { keyText } from '../../api/meta.ts'
import type { SpanType } from '../../api/types/pod_timeline.ts'
import type { Millis } from '../../base/clock.ts'
import type { Cache, CacheChange } from '../../client/cache.ts'
import { newSpan, type PodRecord, type SpanRecord } from './pod_record.ts'
import type { Records } from './records.ts'

/** From now on a node sends requests where the objects up to this revision say. */
export interface ProgrammedStep {
  /** `namespace/name`. */
  readonly services: readonly string[]
  readonly endpointSlicesRevision: number
  readonly at: Millis
}

export interface EndpointFollower {
  programmed(node: string, step: ProgrammedStep): void
  /** It is no more: nobody waits for it to follow. One that comes back is a new one. */
  forget(node: string): void
  /** Changes that some node has not followed. */
  readonly pending: number
  stop(): void
}

type State = 'EndpointReady' | 'EndpointServing' | 'EndpointTerminating' | 'EndpointNotReady'
/** Where several slices hold one Pod, the first of these counts. */
const STATES: readonly State[] = ['EndpointReady', 'EndpointServing', 'EndpointTerminating', 'EndpointNotReady']

interface Member {
  readonly record: PodRecord
  readonly slices: Map<string, State>
  state: State | undefined
  span: SpanRecord | undefined
}

interface Change {
  readonly revision: number
  readonly record: PodRecord
  readonly span: SpanRecord
  /** Nodes that have not followed. */
  readonly left: Set<string>
}

interface ServiceRecord {
  readonly name: string
  /** By uid. */
  readonly members: Map<string, Member>
  /** Those that some node may not have followed, oldest first. */
  readonly changes: Change[]
}

/** Of one Service; a node that is down may never follow. */
const CHANGES_MAX = 256

export function followEndpoints(records: Records, slices: Cache<EndpointSlice>): EndpointFollower {
  const services = new Map<string, ServiceRecord>()
  const nodes = new Set<string>()
  /** What each slice said last, by its key: the state of each Pod, by uid. */
  const known = new Map<string, ReadonlyMap<string, State>>()
  // What the first list brings was there before anybody looked.
  let isNews = false
  void slices.synced.then(() => (isNews = true))

  function changed({ key, object, previous }: CacheChange<EndpointSlice>): void {
    const slice = (object ?? previous)!
    const name = slice.metadata.labels?.['kubernetes.io/service-name']
    if (!name) return
    const text = keyText(key)
    const before = known.get(text)
    const now = object && statesOf(object)
    if (now) known.set(text, now)
    else known.delete(text)
    const serviceKey = `${slice.metadata.namespace}/${name}`
    const service = serviceOf(serviceKey, name)
    // Its removal is the next revision at the earliest.
    const revision = object ? Number(object.metadata.resourceVersion) : slices.revision + 1
    for (const endpoint of object?.endpoints ?? []) {
      const uid = endpoint.targetRef?.uid
      const state = uid && now!.get(uid)
      if (state && before?.get(uid) !== state) moved(service, endpoint.targetRef!, text, state, revision)
    }
    for (const uid of before?.keys() ?? []) if (!now?.has(uid)) moved(service, { uid }, text, undefined, revision)
    forgetIdle(serviceKey, service)
  }

  function moved(
    service: ServiceRecord,
    pod: { uid?: string; namespace?: string; name?: string },
    slice: string,
    state: State | undefined,
    revision: number,
  ): void {
    const { uid = '', namespace = '', name = '' } = pod
    const member = service.members.get(uid) ?? { record: records.of({ uid, namespace, name }), slices: new Map(), state: undefined, span: undefined }
    service.members.set(uid, member)
    if (state) member.slices.set(slice, state)
    else member.slices.delete(slice)
    const next = STATES.find(one => [...member.slices.values()].includes(one))
    if (!next) service.members.delete(uid)
    if (next === member.state) return
    member.state = next
    const at = records.now()
    if (member.span) {
      member.span.finish = at
      records.touch(member.record)
    }
    const span = (type: SpanType, reason: string) =>
      records.add(member.record, newSpan(type, isNews ? at : undefined, { service: service.name, reason, origin: isNews ? 'recorded' : 'unknown' }))
    member.span = next && span('Endpoint', next)
    if (!isNews || nodes.size === 0) return
    service.changes.push({ revision, record: member.record, span: span('RulesProgrammed', next ?? 'EndpointRemoved'), left: new Set(nodes) })
    if (service.changes.length > CHANGES_MAX) service.changes.shift()
  }

  function programmed(node: string, { services: names, endpointSlicesRevision, at }: ProgrammedStep): void {
    // What changed before there was this node is not for it to follow.
    nodes.add(node)
    for (const name of names) {
      const service = services.get(name)
      if (!service) continue
      for (const { revision, left, record, span } of service.changes)
        if (revision <= endpointSlicesRevision && left.delete(node)) records.addFollow(record, span, { node, at })
      forgetFollowed(name, service)
    }
  }

  function forget(node: string): void {
    if (!nodes.delete(node)) return
    for (const [name, service] of services) {
      for (const { left } of service.changes) left.delete(node)
      forgetFollowed(name, service)
    }
  }

  function forgetFollowed(name: string, service: ServiceRecord): void {
    const { changes } = service
    if (!changes.some(({ left }) => left.size === 0)) return
    changes.splice(0, changes.length, ...changes.filter(({ left }) => left.size > 0))
    forgetIdle(name, service)
  }

  function forgetIdle(key: string, { members, changes }: ServiceRecord): void {
    if (members.size === 0 && changes.length === 0) services.delete(key)
  }

  function serviceOf(key: string, name: string): ServiceRecord {
    const found = services.get(key)
    if (found) return found
    const made: ServiceRecord = { name, members: new Map(), changes: [] }
    services.set(key, made)
    return made
  }

  const listener = slices.onChange(changed)
  return {
    programmed,
    forget,
    get pending() {
      return [...services.values()].reduce((sum, { changes }) => sum + changes.length, 0)
    },
    stop: () => listener.stop(),
  }
}

function statesOf(slice: EndpointSlice): ReadonlyMap<string, State> {
  const states = new Map<string, State>()
  for (const { targetRef, conditions } of slice.endpoints) {
    if (targetRef?.kind !== 'Pod' || !targetRef.uid) continue
    states.set(targetRef.uid, endpointState({ conditions }))
  }
  return states
}

/** What a slice says of a Pod, as the reason of its Endpoint span. */
export function endpointState({ conditions }: Pick<EndpointSlice['endpoints'][number], 'conditions'>): State {
  const isServing = conditions?.serving ?? conditions?.ready ?? true
  if (conditions?.terminating) return isServing ? 'EndpointServing' : 'EndpointTerminating'
  return (conditions?.ready ?? true) ? 'EndpointReady' : 'EndpointNotReady'
}
