/** Ctrl-C, TERM and the closing of the terminal. */
export interface StopSignal {
  /** Aborted at the first one. */
  readonly signal: AbortSignal
  readonly asked: Promise<void>
  /** Nobody listens any more, unless it was asked already: then a press may still be handed on. */
  release(): void
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const INTERRUPTED = 130
/** The terminal tells every program of its one Ctrl-C, and `npx` and `npm` hand it on once more. */
const SAME_PRESS_MS = 500

/** The first one asks for an orderly end; a second Ctrl-C or TERM ends the process at once. */
export function listenForStop(): StopSignal {
  const controller = new AbortController()
  let firstMs = 0
  const ask = (name: NodeJS.Signals) => {
    const nowMs = performance.now()
    if (!controller.signal.aborted) {
      firstMs = nowMs
      controller.abort()
      return
    }
    // Terminals that close send more than one, and nobody is there who could be impatient.
    if (name !== 'SIGHUP' && nowMs - firstMs > SAME_PRESS_MS) process.exit(INTERRUPTED)
  }
  for (const name of SIGNALS) process.on(name, ask)
  const asked = new Promise<void>(resolve => controller.signal.addEventListener('abort', () => resolve(), { once: true }))
  const release = () => {
    if (!controller.signal.aborted) for (const name of SIGNALS) process.off(name, ask)
  }
  return { signal: controller.signal, asked, release }
}
