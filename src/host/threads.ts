/** Workers that each answer one question at a time in a thread of their own, for what keeps a processor busy. */
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

export interface Threads<Question, Answer> {
  /** One for each thread. Rejects when the thread has ended, and with what the question ended in. */
  readonly ask: readonly ((question: Question) => Promise<Answer>)[]
  stop(): Promise<void>
}

export interface ThreadsOptions {
  /** The module that runs in each, by its path; to each message it posts one Reply. */
  readonly program: string
  readonly count: number
  /** What each is given to begin with: plain data. */
  readonly data: unknown
}

/** More would only share what the memory of the machine can carry. */
const THREADS_MAX = 8
/** What lives for the moment of one question only; with less, too much of it is kept too long. */
const YOUNG_MB = 64

/** One for each processor that this process may use. */
export const threadsFor = (questions: number): number => Math.max(1, Math.min(THREADS_MAX, availableParallelism(), questions))

export function startThreads<Question, Answer>({ program, count, data }: ThreadsOptions): Threads<Question, Answer> {
  const workers = Array.from({ length: count }, () => new Worker(program, { workerData: data, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } }))
  // Whoever asks hears of it; between questions nobody does.
  for (const worker of workers) worker.on('error', () => {})
  return {
    ask: workers.map(worker => async question => {
      const ended = new AbortController()
      const answered = once(worker, 'message', { signal: ended.signal }) as Promise<[Reply<Answer>]>
      const gone = once(worker, 'exit', { signal: ended.signal }).then(([code]) => {
        throw new Error(`a thread has ended with code ${code}`)
      })
      try {
        worker.postMessage(question)
        const [reply] = (await Promise.race([answered, gone])) as [Reply<Answer>]
        if (reply.is === 'failed') throw new Error(reply.message)
        return reply.answer
      } finally {
        for (const waiting of [answered, gone]) waiting.catch(() => {})
        ended.abort()
      }
    }),
    async stop() {
      await Promise.all(workers.map(worker => worker.terminate()))
    },
  }
}

export type Reply<Answer> = { readonly is: 'answered'; readonly answer: Answer } | { readonly is: 'failed'; readonly message: string }
