import { decodeText, encodeText } from '../base/bytes.ts'
import type { LogEntry } from './commit_log.ts'
import type { Revision, Stored } from './store.ts'

/** Freezes the value through and through: from here on it is shared by every reader. */
export function createVersion(key: string, value: object, revision: Revision, created: Revision): Stored {
  return new Version(key, revision, created, deepFreeze(value), undefined)
}

/** A version read from disk stays bytes until somebody looks at its value: opening a big store parses nothing. */
export function loadedVersion({ key, revision, created, json }: LogEntry): Stored {
  return new Version(key, revision, created, undefined, json)
}

/** What a watcher sees of a removed key: its last value, stamped with the revision of the removal. */
export function removedVersion(last: Stored, revision: Revision, stamp: (value: object, revision: Revision) => object): Stored {
  return createVersion(last.key, stamp(JSON.parse(decodeText(last.json())) as object, revision), revision, last.created)
}

/**
 * Keeps both forms once both were asked for. The bytes lie outside the heap and are about a third of what the
 * parsed object takes, so dropping them would save little and make the next list over the wire encode all again.
 */
class Version implements Stored {
  readonly key: string
  readonly revision: Revision
  readonly created: Revision
  #value: object | undefined
  #json: Uint8Array | undefined

  constructor(key: string, revision: Revision, created: Revision, value: object | undefined, json: Uint8Array | undefined) {
    this.key = key
    this.revision = revision
    this.created = created
    this.#value = value
    this.#json = json
  }

  get value(): object {
    return (this.#value ??= deepFreeze(JSON.parse(decodeText(this.#json!))))
  }

  json(): Uint8Array {
    return (this.#json ??= encodeText(JSON.stringify(this.#value)))
  }
}

/** Goes into parts that are frozen already, too: a caller may have frozen only the outside. */
function deepFreeze<T extends object>(value: T): T {
  Object.freeze(value)
  for (const name in value) {
    const part = value[name]
    if (typeof part === 'object' && part !== null) deepFreeze(part)
  }
  return value
}
