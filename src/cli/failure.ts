/** Turns what went wrong below into a sentence and a next step. */
import { messageOf } from '../base/error_message.ts'
import { UserError } from './output.ts'

/** Errors of the lower floors end in `Next: …` when there is something to do. */
export function splitNext(message: string): { what: string; next: string | undefined } {
  const [what, next] = message.split(/[.]? Next: /, 2) as [string, string | undefined]
  return { what, next: next && `${next[0]!.toUpperCase()}${next.slice(1)}` }
}

/** `context` says what was being done; the log is where more can be read, when there is nothing better to say. */
export function failure(context: string, error: unknown, log: string): UserError {
  if (error instanceof UserError) return error
  const { what, next } = splitNext(messageOf(error))
  return new UserError(`${context}: ${what}`, { next: next ?? `More is in its log: ${log}` })
}
