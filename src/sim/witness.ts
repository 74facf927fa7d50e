/** What happens to containers, told the moment it happens and to whoever wants to know: checkers see each life to its end. */
import type { Millis } from '../base/clock.ts'

export interface ContainerEvent {
  /** Virtual time. */
  readonly at: Millis
  readonly container: ContainerIdentity
  readonly what: ContainerHappening
}

export interface ContainerIdentity {
  readonly id: string
  readonly sandboxId: string
  readonly podUid: string
  readonly name: string
  /** Its restart count. */
  readonly attempt: number
}

export type ContainerHappening =
  | { readonly is: 'started' }
  | { readonly is: 'exited'; readonly exitCode: number }
  /** The runtime was told to stop it; after `timeoutMs` it is killed. */
  | { readonly is: 'stopping'; readonly timeoutMs: Millis }
  /** Because its time was over. */
  | { readonly is: 'killed' }
  /** A command beside the first process. */
  | { readonly is: 'exec'; readonly command: readonly string[] }

export type Witness = (event: ContainerEvent) => void
