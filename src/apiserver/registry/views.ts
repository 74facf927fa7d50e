/**
 * A stored object in the version somebody asked for. Almost always that is the stored form itself, bytes included;
 * for a second version of a resource (events.k8s.io beside core) it is converted once and kept with the stored one.
 */
import type { Kind } from '../../api/kind.ts'
import type { KubernetesObject } from '../../api/meta.ts'
import { encodeText } from '../../base/bytes.ts'
import type { Stored } from '../../store/store.ts'

export interface View {
  readonly object: KubernetesObject
  json(): Uint8Array
}

export interface Views {
  of(kind: Kind, stored: Stored): View
}

export function createViews(): Views {
  const converted = new Map<Kind, WeakMap<Stored, View>>()
  return {
    of(kind, stored) {
      const convert = kind.storage.fromStored
      if (!convert) return new StoredView(stored)
      let views = converted.get(kind)
      if (!views) converted.set(kind, (views = new WeakMap()))
      let view = views.get(stored)
      if (!view) views.set(stored, (view = encodedOnce(convert(stored.value as KubernetesObject))))
      return view
    },
  }
}

/** Parses nothing when only the bytes are wanted, as in a list after a start. */
class StoredView implements View {
  readonly #stored: Stored

  constructor(stored: Stored) {
    this.#stored = stored
  }
  get object(): KubernetesObject {
    return this.#stored.value as KubernetesObject
  }
  json(): Uint8Array {
    return this.#stored.json()
  }
}

export function encodedOnce(object: KubernetesObject): View {
  let bytes: Uint8Array | undefined
  return { object, json: () => (bytes ??= encodeText(JSON.stringify(object))) }
}
