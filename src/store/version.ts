import { decodeText, encodeText } from '../base/bytes.ts'
import { deepFreeze } from '../base/freeze.ts'
import type { LogEntry } from './commit_log.ts'
import type { EncodingHolder, Encodings } from './encodings.ts'
import type { Revision, Stored } from './store.ts'

/** A version of this store: knows what it weighs. */
export interface WeighedVersion extends Stored {
  /** How long its JSON is; 0 while it has never been encoded. */
  readonly jsonBytes: number
}

/** Freezes the value through and through: from here on it is shared by every reader. */
export function createVersion(key: string, value: object, revision: Revision, created: Revision, encodings: Encodings): WeighedVersion {
  return new Version(key, revision, created, deepFreeze(value), undefined, encodings)
}

/** A version read from disk stays bytes until somebody looks at its value: opening a big store parses nothing. */
export function loadedVersion({ key, revision, created, json }: LogEntry, encodings: Encodings): WeighedVersion {
  return new Version(key, revision, created, undefined, json, encodings)
}

/**
 * What a watcher sees of a removed key: its last value, stamped with the revision of the removal. It shares with the
 * last value all that a stamp may not touch.
 */
export function removedVersion(last: Stored, revision: Revision, stamp: (value: object, revision: Revision) => object, encodings: Encodings): WeighedVersion {
  return createVersion(last.key, stamp(copyTwoLevels(last.value), revision), revision, last.created, encodings)
}

/**
 * Holds its value, and its bytes only while they are fresh (encodings.ts): who asks later has them made again. One
 * that was loaded holds its bytes alone, until somebody asks for its value.
 */
class Version implements WeighedVersion, EncodingHolder {
  readonly key: string
  readonly revision: Revision
  readonly created: Revision
  readonly #encodings: Encodings
  #value: object | undefined
  #json: Uint8Array | undefined
  #jsonBytes: number

  constructor(key: string, revision: Revision, created: Revision, value: object | undefined, json: Uint8Array | undefined, encodings: Encodings) {
    this.key = key
    this.revision = revision
    this.created = created
    this.#value = value
    this.#json = json
    this.#jsonBytes = json?.length ?? 0
    this.#encodings = encodings
  }

  get jsonBytes(): number {
    return this.#jsonBytes
  }

  get value(): object {
    if (this.#value) return this.#value
    this.#value = deepFreeze(JSON.parse(decodeText(this.#json!)) as object)
    // These bytes are part of a larger piece, which the last version that holds on to it keeps whole.
    this.#json = undefined
    return this.#value
  }

  json(): Uint8Array {
    if (this.#json) return this.#json
    const json = encodeText(JSON.stringify(this.#value))
    this.#json = json
    this.#jsonBytes = json.length
    this.#encodings.made(this, json.length)
    return json
  }

  forgetEncoding(): void {
    this.#json = undefined
  }
}

function copyTwoLevels(value: object): object {
  const copy: Record<string, unknown> = { ...value }
  for (const name in copy) {
    const part = copy[name]
    if (typeof part === 'object' && part !== null && !Array.isArray(part)) copy[name] = { ...part }
  }
  return copy
}
