import { applyPatch, type Operation } from 'rfc6902'
import { cloneJson } from './deep.ts'
import { badRequest, failure, type ApiError } from './status.ts'

export const JSON_PATCH_OPERATIONS_MAX = 10_000

/**
 * JSON patch (RFC 6902), all or nothing, on a copy. Throws an ApiError: 400 for what is no patch, 413 for too many
 * operations, 422 for one that fails (a test, a path that is not there).
 */
export function applyJsonPatch(target: unknown, patch: unknown): unknown {
  const operations = readOperations(patch)
  // Below a member, so that the document itself can be replaced as well.
  const holder = { root: cloneJson(target) as any }
  let copiedBytes = 0
  for (const operation of operations) {
    if (operation.op === 'copy') copiedBytes += sizeAt(holder.root, operation.from)
    if (copiedBytes > COPIED_BYTES_MAX)
      throw cannotApply(`Unable to complete the copy, the accumulated size increase of copy is ${copiedBytes}, exceeding the limit ${COPIED_BYTES_MAX}`)
    const [error] = applyPatch(holder, [belowRoot(operation)])
    if (error) throw cannotApply(describe(operation, error))
  }
  return holder.root
}

/** A few `copy` operations could otherwise double the document again and again. */
const COPIED_BYTES_MAX = 3 * 1024 * 1024

const OPERATIONS = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test'])

function readOperations(patch: unknown): Operation[] {
  if (!Array.isArray(patch)) throw badRequest('error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch')
  if (patch.length > JSON_PATCH_OPERATIONS_MAX)
    throw failure(
      413,
      'RequestEntityTooLarge',
      `Request entity too large: The allowed maximum operations in a JSON patch is ${JSON_PATCH_OPERATIONS_MAX}, got ${patch.length}`,
    )
  for (const operation of patch) {
    if (!OPERATIONS.has(operation?.op)) throw cannotApply(`Unexpected kind: ${operation?.op ?? 'unknown'}`)
    if (!isPointer(operation.path)) throw cannotApply(`${operation.op} operation does not apply: unable to decode path`)
    for (const pointer of [operation.path, operation.from ?? '']) {
      if (throughPrototype(pointer))
        throw cannotApply(`${operation.op} operation does not apply: doc is missing path: ${JSON.stringify(pointer)}: missing value`)
    }
    if ((operation.op === 'move' || operation.op === 'copy') && !isPointer(operation.from))
      throw cannotApply(`${operation.op} operation does not apply: unable to decode from`)
    if ((operation.op === 'add' || operation.op === 'replace') && operation.value === undefined)
      throw cannotApply(`${operation.op} operation does not apply: missing value`)
  }
  return patch as Operation[]
}

const isPointer = (path: unknown): path is string => typeof path === 'string' && (path === '' || path.startsWith('/'))

/** Steps that no document has, but every JavaScript object. The patch library would skip them and change what is above. */
function throughPrototype(pointer: unknown): boolean {
  const steps = String(pointer).split('/')
  return steps.includes('__proto__') || steps.slice(0, -1).some(step => step === 'constructor' || step === 'prototype')
}

function belowRoot(operation: Operation): Operation {
  const moved = { ...operation, path: `/root${operation.path}` }
  return 'from' in operation ? ({ ...moved, from: `/root${operation.from}` } as Operation) : (moved as Operation)
}

function sizeAt(document: unknown, pointer: string): number {
  let value: any = document
  for (const token of pointer.split('/').slice(1)) value = value?.[token.replaceAll('~1', '/').replaceAll('~0', '~')]
  return JSON.stringify(value)?.length ?? 0
}

function describe(operation: Operation, error: Error): string {
  if (operation.op === 'test') return `testing value ${operation.path} failed: test failed`
  const missing =
    error.name === 'MissingError' ? `doc is missing path: ${JSON.stringify(operation.path)}: missing value` : error.message.replaceAll('/root', '')
  return `${operation.op} operation does not apply: ${missing}`
}

/** Kubernetes' own sentence, and what it keeps to itself: kubectl prints `The request is invalid: …`. */
const cannotApply = (why: string): ApiError => failure(422, 'Invalid', `the server rejected our request due to an error in our request: ${why}`, {})
