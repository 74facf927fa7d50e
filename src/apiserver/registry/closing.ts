/** Ends what has no end of its own when the server closes: watches, of which there may be thousands at a time. */
export interface Closing {
  readonly closed: boolean
  /** `end` is called when the server closes; not when it has closed already. Returns how to forget it. */
  whenClosed(end: () => void): () => void
}

/** A plain set: an AbortSignal with a listener for each watch warns of a leak at the eleventh. */
export function createClosing(): Closing & { close(): void } {
  const ends = new Set<() => void>()
  let closed = false
  return {
    get closed() {
      return closed
    },
    whenClosed(end) {
      ends.add(end)
      return () => void ends.delete(end)
    },
    close() {
      closed = true
      for (const end of ends) end()
      ends.clear()
    },
  }
}
