/** Ctrl-C, TERM and the closing of the terminal. */
export interface StopSignal {
  /** Aborted at the first one. */
  readonly signal: AbortSignal
  readonly asked: Promise<void>
}

const INTERRUPTED = 130

/** The first one asks for an orderly end; a second Ctrl-C or TERM ends the process at once. */
export function listenForStop(): StopSignal {
  const controller = new AbortController()
  const ask = (name: NodeJS.Signals) => {
    // Terminals that close send more than one, and nobody is there who could be impatient.
    if (controller.signal.aborted && name !== 'SIGHUP') process.exit(INTERRUPTED)
    controller.abort()
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, ask)
  const asked = new Promise<void>(resolve => controller.signal.addEventListener('abort', () => resolve(), { once: true }))
  return { signal: controller.signal, asked }
}
