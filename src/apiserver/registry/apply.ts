/** Server-side apply: a PATCH that says what its manager wants, and nothing about the rest. */
import { failure } from '../../api/status.ts'
import type { Parts } from '../parts.ts'
import type { Call, Outcome } from './call.ts'

export async function applyObject(_parts: Parts, _call: Call): Promise<Outcome> {
  throw failure(415, 'UnsupportedMediaType', 'server-side apply is not supported by this server yet')
}
