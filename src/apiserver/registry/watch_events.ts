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

/** Events hang on the stored version they tell of, and go when it goes. */
export function createWatchEvents(views: Views): WatchEvents {
  const events = new Map<Kind, Record<EventType, WeakMap<Stored, WatchEvent>>>()
  return {
    of(kind, type, stored) {
      let ofKind = events.get(kind)
      if (!ofKind) events.set(kind, (ofKind = { ADDED: new WeakMap(), MODIFIED: new WeakMap(), DELETED: new WeakMap() }))
      let event = ofKind[type].get(stored)
      if (!event) ofKind[type].set(stored, (event = framed(type, views.of(kind, stored))))
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
