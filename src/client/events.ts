/**
 * Writes Events, counts the ones that repeat, and drops floods.
 *
 * An Event that says the same again is not a new one: its count and lastTimestamp are patched. More than ten different
 * messages for one object and reason are folded into one, and one object may cause 25 at once and one in five
 * minutes after that (the rules of client-go's recorder: 14.3 of the behaviour Kubernetes documents).
 */
import { Event } from '../api/kinds/event.ts'
import { timestamp, type KubernetesObject } from '../api/meta.ts'
import { isReason } from '../api/status.ts'
import type { Host } from '../base/host.ts'
import type { Client } from './client.ts'
import type { EventRecorder } from './event_recorder.ts'

export interface EventSource {
  /** `kubelet`, `default-scheduler`: the From column of `kubectl describe`. */
  component: string
  host?: string
}

const BURST = 25
const REFILL_MS = 300_000
const SIMILAR_MAX = 10
const SIMILAR_WINDOW_MS = 600_000
/** Correlation is forgotten beyond this many keys; oldest first. */
const MEMORY_MAX = 4096
/** Events waiting to be written; more are dropped and counted in the log. */
const QUEUE_MAX = 1000

interface Occurrence {
  about: KubernetesObject
  type: 'Normal' | 'Warning'
  reason: string
  message: string
  fieldPath: string | undefined
  wallMs: number
}

export function createEventRecorder(host: Host, client: Client, source: EventSource): EventRecorder {
  const { clock, log } = host
  const known = boundedMap<{ name: string; count: number }>(MEMORY_MAX)
  const budgets = boundedMap<{ tokens: number; at: number }>(MEMORY_MAX)
  const similar = boundedMap<{ messages: Set<string>; at: number }>(MEMORY_MAX)
  const queue: Occurrence[] = []
  let writing = false

  const record = (type: Occurrence['type']) => (about: KubernetesObject, reason: string, message: string, fieldPath?: string) => {
    const subject = `${about.metadata.uid}`
    const folded = foldSimilar(`${subject}/${reason}/${type}`, message)
    if (!mayWrite(subject)) return
    if (queue.length >= QUEUE_MAX) return log.warn('event dropped: too many are waiting', { reason, object: about.metadata.name })
    queue.push({ about, type, reason, message: folded, fieldPath, wallMs: clock.wall() })
    if (writing) return
    writing = true
    host.spawn('event recorder', drain)
  }

  async function drain(signal: AbortSignal): Promise<void> {
    try {
      for (let next = queue.shift(); next && !signal.aborted; next = queue.shift()) {
        await write(next).catch((error: unknown) => log.debug('an event was not written', { error: String(error) }))
      }
    } finally {
      writing = false
    }
  }

  async function write(occurrence: Occurrence): Promise<void> {
    const { about, type, reason, message, fieldPath, wallMs } = occurrence
    const key = JSON.stringify([about.metadata.uid, fieldPath, type, reason, message])
    const namespace = about.metadata.namespace || 'default'
    const earlier = known.get(key)
    if (earlier) {
      earlier.count += 1
      try {
        await client.patch(Event, { namespace, name: earlier.name }, { type: 'merge', body: { count: earlier.count, lastTimestamp: timestamp(wallMs) } })
        return
      } catch (error) {
        if (!isReason(error, 'NotFound')) throw error
        known.delete(key)
      }
    }
    const name = `${about.metadata.name}.${nanoseconds(wallMs, host.random.below(1_000_000))}`
    await client.create(Event, {
      metadata: { name, namespace },
      involvedObject: {
        apiVersion: about.apiVersion,
        kind: about.kind,
        namespace: about.metadata.namespace,
        name: about.metadata.name,
        uid: about.metadata.uid,
        resourceVersion: about.metadata.resourceVersion,
        ...(fieldPath && { fieldPath }),
      },
      type,
      reason,
      message: message.slice(0, 1024),
      source: { component: source.component, ...(source.host && { host: source.host }) },
      reportingComponent: source.component,
      reportingInstance: source.host ?? '',
      firstTimestamp: timestamp(wallMs),
      lastTimestamp: timestamp(wallMs),
      count: 1,
    })
    known.set(key, { name, count: 1 })
  }

  function foldSimilar(key: string, message: string): string {
    const now = clock.now()
    let seen = similar.get(key)
    if (!seen || now - seen.at > SIMILAR_WINDOW_MS) similar.set(key, (seen = { messages: new Set(), at: now }))
    seen.at = now
    if (seen.messages.has(message)) return message
    if (seen.messages.size >= SIMILAR_MAX) return `(combined from similar events): ${message}`
    seen.messages.add(message)
    return message
  }

  function mayWrite(key: string): boolean {
    const now = clock.now()
    const budget = budgets.get(key) ?? { tokens: BURST, at: now }
    budget.tokens = Math.min(BURST, budget.tokens + (now - budget.at) / REFILL_MS)
    budget.at = now
    budgets.set(key, budget)
    if (budget.tokens < 1) return false
    budget.tokens -= 1
    return true
  }

  return { normal: record('Normal'), warning: record('Warning') }
}

/** Event names end in the time in hexadecimal nanoseconds. */
const nanoseconds = (wallMs: number, below: number): string => (BigInt(Math.floor(wallMs)) * 1_000_000n + BigInt(below)).toString(16)

function boundedMap<V>(max: number) {
  const map = new Map<string, V>()
  return {
    get: (key: string) => map.get(key),
    delete: (key: string) => map.delete(key),
    set(key: string, value: V) {
      map.delete(key)
      map.set(key, value)
      if (map.size > max) map.delete(map.keys().next().value!)
    },
  }
}
