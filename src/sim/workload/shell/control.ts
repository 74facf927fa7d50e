/** How control leaves a list of commands, and what a loop does with it. */
import type { Process } from '../process.ts'
import type { Script } from './syntax.ts'

export class ExitShell extends Error {
  readonly exitCode: number
  constructor(exitCode: number) {
    super('exit')
    this.exitCode = exitCode
  }
}

/** `break`, `continue` and `return`, on their way to what they leave. */
export class Leave extends Error {
  readonly what: 'break' | 'continue' | 'return'
  levels: number
  constructor(what: 'break' | 'continue' | 'return', levels: number) {
    super(what)
    this.what = what
    this.levels = levels
  }
}

/** A loop that never sleeps burns a CPU; here it costs virtual time instead, more the longer it spins, and none of ours. */
const SPIN_MS = { first: 1, long: 100, longAfter: 1_000 }

export type Loop = (goOn: () => Promise<boolean>, body: Script) => Promise<number>

export function createLoop(process: Process, run: (body: Script) => Promise<number>): Loop {
  let spins = 0
  let spinsBegan = -1

  return async (goOn, body) => {
    let status = 0
    try {
      while (await goOn()) {
        await spin()
        try {
          status = await run(body)
        } catch (error) {
          if (!(error instanceof Leave) || error.what !== 'continue' || --error.levels > 0) throw error
        }
      }
    } catch (error) {
      if (!(error instanceof Leave) || error.what !== 'break') throw error
      if (--error.levels > 0) throw error
    }
    return status
  }

  async function spin(): Promise<void> {
    const now = process.guest.clock.now()
    spins = now === spinsBegan ? spins + 1 : 0
    // Once round is nothing: that is how a loop begins that waits in its body.
    const isBusy = spins > 0
    if (isBusy) process.cpus += 1
    try {
      await process.sleep(spins > SPIN_MS.longAfter ? SPIN_MS.long : SPIN_MS.first)
    } finally {
      if (isBusy) process.cpus -= 1
    }
    spinsBegan = process.guest.clock.now()
  }
}
