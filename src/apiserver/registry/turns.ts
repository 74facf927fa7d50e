/**
 * Work on the same thing, one after the other. What is written is still written only if nobody else was faster (several
 * servers may share one store); but those of one server do not make each other try again and again.
 */
export interface Turns {
  /** Waiting are at most as many as there are requests in flight. */
  take<T>(key: string, work: () => Promise<T>): Promise<T>
}

export function createTurns(): Turns {
  const last = new Map<string, Promise<void>>()
  return {
    async take(key, work) {
      const before = last.get(key)
      const { promise, resolve } = pending()
      last.set(key, promise)
      await before
      try {
        return await work()
      } finally {
        if (last.get(key) === promise) last.delete(key)
        resolve()
      }
    },
  }
}

function pending(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {}
  const promise = new Promise<void>(done => (resolve = done))
  return { promise, resolve }
}
