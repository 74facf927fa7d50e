/**
 * Where a list goes on: behind which key, and at which revision. Opaque to clients.
 *
 * A token that says revision -1 goes on in the present: it is what a client gets when its own revision is gone.
 */
import { badRequest, expired } from '../../api/status.ts'

export interface Continuation {
  readonly revision: number
  /** Relative to the prefix that is listed, so that a token cannot reach beyond it. */
  readonly after: string
}

export const CONTINUE_IN_PRESENT = -1

export const encodeContinue = ({ revision, after }: Continuation): string =>
  btoa(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: after }))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')

/** Throws a 400 ApiError for what is no token. */
export function decodeContinue(token: string): Continuation {
  try {
    const parsed = JSON.parse(atob(token.replaceAll('-', '+').replaceAll('_', '/'))) as { v?: unknown; rv?: unknown; start?: unknown }
    if (parsed.v === 'meta.k8s.io/v1' && Number.isSafeInteger(parsed.rv) && typeof parsed.start === 'string')
      return { revision: parsed.rv as number, after: parsed.start }
  } catch {
    // Not ours: answered below.
  }
  throw badRequest('continue key is not valid: it is not a token of this server')
}

/** The answer to a token whose revision has been compacted: it brings a token for going on in the present. */
export const continueExpired = (after: string) =>
  expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, ' +
      'or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - ' +
      'objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    { continue: encodeContinue({ revision: CONTINUE_IN_PRESENT, after }) },
  )
