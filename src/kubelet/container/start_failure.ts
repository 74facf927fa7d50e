/** Why a container could not be started: the reason it waits with, and a message for its user. */
export class StartError extends Error {
  override readonly name = 'StartError'
  readonly reason: string
  /** An earlier failure, waited out: it has been told in an event when it happened. */
  readonly isBackOff: boolean
  constructor(reason: string, message: string, { isBackOff = false } = {}) {
    super(message)
    this.reason = reason
    this.isBackOff = isBackOff
  }
}

export const configError = (message: string): StartError => new StartError('CreateContainerConfigError', message)
