/** Slow work of one Pod: at most one job of a name at a time. The end of each is told, so that the worker looks again. */
import { abortReason } from '../../base/abort.ts'

export interface Jobs {
  /** The work may throw: `failed` is told. Returns false when a job of this name is still going. */
  start(name: string, work: (signal: AbortSignal) => Promise<void>): boolean
  cancel(name: string): void
  cancelAll(): void
  has(name: string): boolean
}

export function createJobs({ ended, failed }: { ended: () => void; failed: (name: string, error: unknown) => void }): Jobs {
  const going = new Map<string, AbortController>()

  async function run(name: string, abort: AbortController, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    try {
      await work(abort.signal)
    } catch (error) {
      if (!abort.signal.aborted) failed(name, error)
    } finally {
      going.delete(name)
      ended()
    }
  }

  return {
    start(name, work) {
      if (going.has(name)) return false
      const abort = new AbortController()
      going.set(name, abort)
      void run(name, abort, work)
      return true
    },
    cancel: name => going.get(name)?.abort(new Error('cancelled')),
    cancelAll: () => going.forEach(abort => abort.abort(new Error('cancelled'))),
    has: name => going.has(name),
  }
}

/** Rejects as soon as the signal is aborted, whatever the promise does. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(abortReason(signal))
  return new Promise((resolve, reject) => {
    const stop = () => reject(abortReason(signal))
    signal.addEventListener('abort', stop, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
