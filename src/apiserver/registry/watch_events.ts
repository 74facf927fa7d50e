/** The event that a stored version is, made and framed once and shared by all who receive it. */
import type { Kind } from '../../api/kind.ts'
import { encodeText } from '../../base/bytes.ts'
import type { WatchEvent } from '../../base/transport.ts'
import type { Stored } from '../../store/store.ts'
import type { View, Views } from './views.ts'

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED'

export interface WatchEvents {
  of(kind: Kind, type: EventType, stored: Stored): WatchEvent
}

/**
 * All who watch receive a change within moments of each other, so that sharing needs only the newest events. Held by
 * the stored versions themselves, the bytes of each would stay as long as its object.
 */
const RECENT_MAX = 512

export function createWatchEvents(views: Views): WatchEvents {
  const recent = new Map<Kind, Record<EventType, Map<Stored, WatchEvent>>>()
  return {
    of(kind, type, stored) {
      let ofKind = recent.get(kind)
      if (!ofKind) recent.set(kind, (ofKind = { ADDED: new Map(), MODIFIED: new Map(), DELETED: new Map() }))
      const events = ofKind[type]
      const known = events.get(stored)
      if (known) return known
      const event = framed(type, views.of(kind, stored))
      events.set(stored, event)
      if (events.size > RECENT_MAX) events.delete(events.keys().next().value!)
      return event
    },
  }
}

const HEADS = {
  ADDED: encodeText('{"type":"ADDED","object":'),
  MODIFIED: encodeText('{"type":"MODIFIED","object":'),
  DELETED: encodeText('{"type":"DELETED","object":'),
}
const TAIL = encodeText('}\n')

function framed(type: EventType, view: View): WatchEvent {
  let bytes: Uint8Array | undefined
  return {
    type,
    object: view.object,
    json: () => (bytes ??= frame(HEADS[type], view.json())),
  }
}

function frame(head: Uint8Array, object: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + object.length + TAIL.length)
  bytes.set(head)
  bytes.set(object, head.length)
  bytes.set(TAIL, head.length + object.length)
  return bytes
}
