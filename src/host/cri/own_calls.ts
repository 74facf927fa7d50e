/**
 * What our own calls have made and ended. Whoever follows the runtime's events need not ask about these, and asking would
 * cost the most just when the runtime is busy with the call itself.
 */
export interface OwnCalls {
  /** Of a container, or of a sandbox by its own id; undefined when we did not make it. */
  sandboxOf(id: string): string | undefined
  /** Resolves when the call that is stopping it has returned; undefined when there is none. */
  stopping(id: string): Promise<unknown> | undefined
  hasEnded(id: string): boolean
  readonly isMakingSandbox: boolean

  makingSandbox(call: Promise<string>): Promise<string>
  made(id: string, sandboxId: string): void
  /** Of a sandbox: what runs in it is stopped with it. */
  stop<T>(id: string, call: Promise<T>): Promise<T>
  removed(id: string): void
}

interface Made {
  readonly sandboxId: string
  stopping: Promise<unknown> | undefined
  hasEnded: boolean
}

export function createOwnCalls(): OwnCalls {
  const known = new Map<string, Made>()
  let making = 0
  const made = (id: string, sandboxId: string) => void known.set(id, { sandboxId, stopping: undefined, hasEnded: false })
  const within = (id: string) => [...known].filter(([key, { sandboxId }]) => key === id || sandboxId === id)

  return {
    sandboxOf: id => known.get(id)?.sandboxId,
    stopping: id => known.get(id)?.stopping,
    hasEnded: id => known.get(id)?.hasEnded ?? false,
    get isMakingSandbox() {
      return making > 0
    },
    async makingSandbox(call) {
      making++
      try {
        const id = await call
        made(id, id)
        return id
      } finally {
        making--
      }
    },
    made,
    async stop(id, call) {
      const stopped = within(id).map(([, entry]) => entry)
      const waiting = call.catch(() => undefined)
      for (const entry of stopped) entry.stopping = waiting
      try {
        const answer = await call
        for (const entry of stopped) entry.hasEnded = true
        return answer
      } finally {
        for (const entry of stopped) if (entry.stopping === waiting) entry.stopping = undefined
      }
    },
    removed(id) {
      for (const [key] of within(id)) known.delete(key)
    },
  }
}
