/** Why a check could not be run: what is wrong, and what to do next. Not a verdict about the manifest. */
export class CheckProblem extends Error {
  override readonly name = 'CheckProblem'
  readonly next: string | undefined
  constructor(message: string, next?: string) {
    super(message)
    this.next = next
  }
}
