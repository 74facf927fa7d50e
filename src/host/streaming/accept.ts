import type { ApiError } from '../../api/status.ts'
import { badRequest } from '../../api/status.ts'
import type { Log } from '../../base/log.ts'
import type { Session } from '../../base/transport.ts'
import type { Upgrade } from '../http/exchange.ts'

/** A session that runs until its socket closes, or why there is none; then nothing has been written yet. */
export type Acceptance =
  | { readonly is: 'accepted'; stop(): void }
  | { readonly is: 'refused'; readonly error: ApiError }

export function acceptSession(_upgrade: Upgrade, _session: Session, _log: Log): Acceptance {
  return { is: 'refused', error: badRequest('Upgrade request required') }
}
