/**
 * Writes Events of core/v1, counts the ones that repeat, and drops floods.
 *
 * An Event that says the same again is not a new one: its count and lastTimestamp are patched. More than ten different
 * messages for one object and reason are folded into one Event whose message keeps changing, and one object may cause
 * 25 writes at once and one in five minutes after that; what is dropped is counted all the same (behaviour 14.3).
 */
import { Event } from '../api/kinds/event.ts'
import { timestamp, type KubernetesObject } from '../api/meta.ts'
import { isReason } from '../api/status.ts'
import type { Host } from '../base/host.ts'
import type { Client } from './client.ts'
import type { EventRecorder } from './event_recorder.ts'
import { boundedMap, createEventNames, createEventWriter, type EventEntry } from './event_writer.ts'

export interface EventSource {
  /** `kubelet`, `deployment-controller`: the From column of `kubectl describe`. */
  component: string
  host?: string
}

const BURST = 25
const REFILL_MS = 300_000
const SIMILAR_MAX = 10
const SIMILAR_WINDOW_MS = 600_000
/** Correlation is forgotten beyond this many keys; oldest first. */
const MEMORY_MAX = 4096

interface CountedEvent extends EventEntry {
  count: number
  message: string
  lastWallMs: number
}

export function createEventRecorder(host: Host, client: Client, source: EventSource): EventRecorder {
  const { clock } = host
  const newName = createEventNames({ clock, random: host.random.fork(`events/${source.component}`) })
  const writer = createEventWriter(host)
  const known = boundedMap<CountedEvent>(MEMORY_MAX)
  const budgets = boundedMap<{ tokens: number; at: number }>(MEMORY_MAX)
  const similar = boundedMap<{ messages: Set<string>; at: number }>(MEMORY_MAX)

  const record = (type: 'Normal' | 'Warning') => (about: KubernetesObject, reason: string, message: string, fieldPath?: string) => {
    const { namespace, name, uid } = about.metadata
    const subject = JSON.stringify([about.apiVersion, about.kind, namespace, name, uid])
    const group = `${subject} ${type} ${reason}`
    const isOneOfMany = hasManyMessages(group, message)
    const key = isOneOfMany ? group : JSON.stringify([group, fieldPath, message])
    let entry = known.get(key)
    if (!entry) known.set(key, (entry = countedEvent(type, about, reason, fieldPath, clock.wall())))
    entry.count += 1
    entry.message = isOneOfMany ? `(combined from similar events): ${message}` : message
    entry.lastWallMs = clock.wall()
    if (mayWrite(subject)) writer.put(entry)
  }

  function countedEvent(type: string, about: KubernetesObject, reason: string, fieldPath: string | undefined, firstWallMs: number): CountedEvent {
    const namespace = about.metadata.namespace || 'default'
    let name = newName(about.metadata.name ?? '')
    let isWritten = false
    const entry: CountedEvent = {
      count: 0,
      message: '',
      lastWallMs: firstWallMs,
      async write() {
        const { count, message, lastWallMs } = entry
        const state = { count, message, lastTimestamp: timestamp(lastWallMs) }
        if (isWritten) {
          try {
            await client.patch(Event, { namespace, name }, { type: 'merge', body: state })
            return
          } catch (error) {
            // Events live for an hour; the next one is a new object that knows the count.
            if (!isReason(error, 'NotFound')) throw error
            name = newName(about.metadata.name ?? '')
          }
        }
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
          ...state,
          source: { component: source.component, ...(source.host && { host: source.host }) },
          reportingComponent: source.component,
          reportingInstance: source.host ?? '',
          firstTimestamp: timestamp(firstWallMs),
        })
        isWritten = true
      },
    }
    return entry
  }

  function hasManyMessages(group: string, message: string): boolean {
    const now = clock.now()
    let seen = similar.get(group)
    if (!seen || now - seen.at > SIMILAR_WINDOW_MS) similar.set(group, (seen = { messages: new Set(), at: now }))
    seen.at = now
    if (seen.messages.has(message)) return false
    if (seen.messages.size >= SIMILAR_MAX) return true
    seen.messages.add(message)
    return false
  }

  function mayWrite(subject: string): boolean {
    const now = clock.now()
    const budget = budgets.get(subject) ?? { tokens: BURST, at: now }
    budget.tokens = Math.min(BURST, budget.tokens + (now - budget.at) / REFILL_MS)
    budget.at = now
    budgets.set(subject, budget)
    if (budget.tokens < 1) return false
    budget.tokens -= 1
    return true
  }

  return { normal: record('Normal'), warning: record('Warning') }
}
