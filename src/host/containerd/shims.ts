/** The processes between containerd and its containers. They outlive it, which is how containers do. */
import { readdir, readFile } from 'node:fs/promises'
import { sleep, type Clock } from '../../base/clock.ts'

export interface Shim {
  readonly pid: number
  /** Of the sandbox that it serves. */
  readonly sandboxId: string
}

interface Process {
  readonly pid: number
  readonly parent: number
  readonly commandLine: readonly string[]
}

/** Those of the containerd at this socket. */
export const listShims = async (socketPath: string): Promise<Shim[]> => shimsIn(await processTable(), socketPath)

/** Looks at each process of the machine twice, because one that was just being made may not have had its own name yet; then it is known. */
export function createShimFinder(socketPath: string): () => Promise<Shim[]> {
  let known = new Map<number, { readonly shim: Shim | undefined; readonly looks: number }>()
  return async () => {
    const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name)).map(Number)
    const entries = await Promise.all(
      pids.map(async pid => {
        const before = known.get(pid)
        if (before && before.looks > 1) return [pid, before] as const
        const commandLine = (await read(`/proc/${pid}/cmdline`)).split('\0')
        return [pid, { shim: shimsIn([{ pid, parent: 0, commandLine }], socketPath)[0], looks: (before?.looks ?? 0) + 1 }] as const
      }),
    )
    known = new Map(entries)
    return entries.flatMap(([, { shim }]) => shim ?? [])
  }
}

/** With everything that runs below them. One may just be starting: the last look finds none. */
export async function killShims(socketPath: string, clock: Clock, isDoomed: (shim: Shim) => boolean = () => true): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const processes = await processTable()
    const doomed = new Set(
      shimsIn(processes, socketPath)
        .filter(isDoomed)
        .map(({ pid }) => pid),
    )
    if (doomed.size === 0) return
    // Once a round finds nobody new, all descendants are known.
    for (let size = 0; size !== doomed.size;) {
      size = doomed.size
      for (const { pid, parent } of processes) if (doomed.has(parent)) doomed.add(pid)
    }
    for (const pid of doomed) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has just ended.
      }
    }
    await sleep(clock, 100)
  }
}

const ROUNDS_MAX = 20

const shimsIn = (processes: readonly Process[], socketPath: string): Shim[] =>
  processes
    .filter(({ commandLine }) => commandLine.includes(socketPath) && /containerd-shim/.test(commandLine[0] ?? ''))
    .map(({ pid, commandLine }) => ({ pid, sandboxId: commandLine[commandLine.indexOf('-id') + 1] ?? '' }))

async function processTable(): Promise<Process[]> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
  const entries = await Promise.all(
    pids.map(async pid => {
      const [stat, commandLine] = await Promise.all([read(`/proc/${pid}/stat`), read(`/proc/${pid}/cmdline`)])
      // The program's name stands in parentheses and may hold anything.
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      return { pid: Number(pid), parent, commandLine: commandLine.split('\0') }
    }),
  )
  return entries.filter(({ parent }) => Number.isInteger(parent))
}

const read = (path: string) => readFile(path, 'utf8').catch(() => '')
