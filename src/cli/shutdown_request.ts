/** How `poise down --grace` tells the process of a cluster, before it is told to stop, how long its Pods get. */
import { readFile, rm } from 'node:fs/promises'
import { writeFileAtomically } from '../host/atomic_file.ts'
import type { ShutdownGrace } from '../kubelet/node/shutdown.ts'

export async function requestShutdown(file: string, graceMs: number): Promise<void> {
  await writeFileAtomically(file, JSON.stringify({ graceMs, criticalMs: Math.floor(graceMs / 3) } satisfies ShutdownGrace), 0o600)
}

/** Undefined: nobody has asked for any. It counts once. */
export async function takeShutdownRequest(file: string): Promise<ShutdownGrace | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  await rm(file, { force: true })
  if (text === undefined) return undefined
  const { graceMs, criticalMs } = JSON.parse(text) as Partial<ShutdownGrace>
  return typeof graceMs === 'number' && typeof criticalMs === 'number' ? { graceMs, criticalMs } : undefined
}
