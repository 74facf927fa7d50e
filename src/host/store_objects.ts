import { chmod, open as openFile, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { open, type RootDatabase } from 'lmdb'
import type { LogEntry, LogSnapshot } from '../store/commit_log.ts'
import type { Revision, Stored } from '../store/store.ts'
import { StoreUnusable } from './store_directory.ts'

/** The records in lmdb: under `s` the newest revision, under `o` and its key each object. */
export type Objects = RootDatabase<Uint8Array, Uint8Array>

const OBJECT_TAG = 'o'
export const STATE_KEY: Uint8Array = Buffer.from('s')
export const objectKey = (key: string): Uint8Array => Buffer.from(OBJECT_TAG + key)

/** Two big-endian doubles, revision and created; then the JSON as it goes over the wire. */
const HEADER_BYTES = 16

export function encodeVersion(stored: Stored): Uint8Array {
  const json = stored.json()
  const record = Buffer.allocUnsafe(HEADER_BYTES + json.length)
  record.writeDoubleBE(stored.revision, 0)
  record.writeDoubleBE(stored.created, 8)
  record.set(json, HEADER_BYTES)
  return record
}

export function encodeState(revision: Revision): Uint8Array {
  return Buffer.from(JSON.stringify({ revision }))
}

export async function openObjects(path: string): Promise<Objects> {
  await checkHeader(path)
  const objects = open<Uint8Array, Uint8Array>({
    path,
    // Otherwise a dot in the name would make it a file.
    noSubdir: false,
    // A commit and its sync in one step: faster for batches than lmdb's default, and simpler to believe.
    overlappingSync: false,
    pageSize: PAGE_BYTES,
    encoding: 'binary',
    keyEncoding: 'binary',
    // We batch ourselves. lmdb's own batching leaves a promise that nobody can catch when the disk refuses.
    eventTurnBatching: false,
  })
  // lmdb makes its files readable to all; Secrets are in them.
  for (const file of ['data.mdb', 'lock.mdb']) await chmod(join(path, file), 0o600)
  return objects
}

/**
 * Everything that is stored. The environment is closed again afterwards: having read it all, it would keep the
 * whole file mapped and so count it once more in the memory of the process (260 MB for 100,000 objects of 1.5 KB).
 */
export async function readObjects(path: string): Promise<LogSnapshot> {
  try {
    return await readAll(path)
  } catch (error) {
    if (error instanceof StoreUnusable) throw error
    throw damaged(path, (error as Error).message)
  }
}

async function readAll(path: string): Promise<LogSnapshot> {
  const objects = await openObjects(path)
  try {
    await fillUp(path, objects)
    const state = objects.get(STATE_KEY)
    if (!state) return { revision: 0, entries: [] }
    const { revision } = JSON.parse(decode(state)) as { revision: Revision }
    return { revision, entries: [...readVersions(objects, revision, path)] }
  } finally {
    await objects.close()
  }
}

function* readVersions(objects: Objects, newest: Revision, path: string): Iterable<LogEntry> {
  const keep = createSlabs()
  for (const { key, value } of objects.getRange({ start: Buffer.from(OBJECT_TAG), end: Buffer.from('p') })) {
    const header = new DataView(value.buffer, value.byteOffset, HEADER_BYTES)
    const revision = header.getFloat64(0)
    if (!(revision <= newest)) {
      throw damaged(path, `${decode(key)} has revision ${revision}, the store ends at ${newest}`)
    }
    yield { key: decode(key).slice(OBJECT_TAG.length), revision, created: header.getFloat64(8), json: keep(value.subarray(HEADER_BYTES)) }
  }
}

function damaged(path: string, what: string): StoreUnusable {
  return new StoreUnusable(
    `${path} cannot be read: ${what}. If the disk and the permissions are in order, it is damaged: restore the directory around it from a copy, or move that away to start empty.`,
  )
}

/**
 * Of a store that is made now. A larger object lies in pages of its own, which a commit beside it need neither read
 * nor copy: with 16 KB, four times the file came to be mapped, and counted in the memory of the process.
 */
const PAGE_BYTES = 4_096
const MAGIC = 0xbeefc0de
const MAGIC_OFFSET = 24
/** Where the first page says how large pages are. */
const PAGE_BYTES_OFFSET = 48

/** lmdb crashes the process when both of its first pages are not its own. No crash of ours leaves them so; a bad copy can. */
async function checkHeader(path: string): Promise<void> {
  const size = await sizeOf(path)
  if (size === 0) return
  await using file = await openFile(join(path, 'data.mdb'))
  const wordAt = async (offset: number) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, offset)
    return bytesRead === 4 ? buffer.readUInt32LE() : undefined
  }
  const pageBytes = await wordAt(PAGE_BYTES_OFFSET)
  // Powers of two; of anything else the magic numbers would be looked for in the wrong place.
  const isPossible = pageBytes !== undefined && pageBytes >= 512 && pageBytes <= 65_536 && (pageBytes & (pageBytes - 1)) === 0
  const pages = !isPossible ? [] : [await wordAt(MAGIC_OFFSET), await wordAt(pageBytes + MAGIC_OFFSET)]
  if (pages.length === 0 || pages.some(magic => magic !== MAGIC)) throw damaged(path, 'data.mdb does not begin as a store does')
}

/**
 * A file that was cut short would end the process with SIGBUS at the first page that is missing; with holes in their
 * place lmdb reports the damage. Pages at the end may also rightly be missing, when they were given up before
 * they were ever written.
 */
async function fillUp(path: string, objects: Objects): Promise<void> {
  const { lastPageNumber, pageSize } = objects.getStats() as { lastPageNumber: number; pageSize: number }
  const wanted = (lastPageNumber + 1) * pageSize
  if ((await sizeOf(path)) < wanted) await truncate(join(path, 'data.mdb'), wanted)
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(join(path, 'data.mdb')).catch(() => undefined))?.size ?? 0
}

/** 100,000 buffers of their own cost half as much time again as their contents; a slab costs one. */
const SLAB_BYTES = 65_536

function createSlabs(): (bytes: Uint8Array) => Uint8Array {
  let slab = new Uint8Array(0)
  let used = 0
  return bytes => {
    if (used + bytes.length > slab.length) {
      slab = new Uint8Array(Math.max(SLAB_BYTES, bytes.length))
      used = 0
    }
    const kept = slab.subarray(used, used + bytes.length)
    kept.set(bytes)
    used += bytes.length
    return kept
  }
}

function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()
}
