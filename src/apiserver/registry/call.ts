import type { Kind, Subresource } from '../../api/kind.ts'
import type { Request, User } from '../../base/transport.ts'
import type { Stored } from '../../store/store.ts'

/** A request for a resource that exists, from a user who may. */
export interface Call {
  readonly kind: Kind
  readonly namespace: string
  readonly name: string
  readonly subresource: Subresource | undefined
  readonly user: User
  readonly request: Request
  /** Sentences for Warning headers; whoever notices something adds to it. */
  readonly warnings: string[]
}

/** What a write or a get came to. */
export interface Outcome {
  readonly status: number
  /** In the version of the request's kind. */
  readonly object: object
  /** The stored version, when this is one: it brings its bytes. */
  readonly stored?: Stored
}

export const subresourceName = (call: Call): string => call.subresource?.name ?? ''
