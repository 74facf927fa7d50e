/** What a check tells on its way. */
export interface CheckProgress {
  /** Something that is waited for: `text` is asked again and again while it lasts. The answer is called when it is over. */
  step(text: () => string): (outcome?: 'done' | 'failed') => void
  /** A sentence worth knowing. */
  note(text: string): void
}

export const silentProgress: CheckProgress = { step: () => () => {}, note() {} }
