/** containerd as a process: found, started, waited for, ended. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../../base/clock.ts'
import { sleep } from '../../base/clock.ts'
import { createCriClient } from '../cri/client.ts'
import { StatusRequest, StatusResponse } from '../cri/messages.ts'
import { runtimeStatus } from '../cri/statuses.ts'
import { onNode } from '../node_places.ts'
import type { ContainerdPaths } from './config.ts'
import type { ContainerdNode } from './containerd.ts'
import { systemPath } from './machine.ts'
import type { Machine } from './machine.ts'

const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 10_000

/** The process that was started with this configuration and still runs: its number alone could be anybody's by now. */
export async function livingContainerd(paths: ContainerdPaths): Promise<number | undefined> {
  const pid = Number(await readFile(paths.pid, 'utf8').catch(() => ''))
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  return (await isContainerd(pid, paths)) ? pid : undefined
}

export async function isContainerd(pid: number, paths: ContainerdPaths): Promise<boolean> {
  for (let tries = 0; tries < BETWEEN_PROGRAMS_TRIES; tries++) {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (commandLine !== '') return commandLine.split('\0').includes(paths.config)
    // Empty is that of one that has ended, and for a moment that of one which becomes another program.
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    const [state, , , , , , flags] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (!state || state === 'Z' || state === 'X' || (Number(flags) & KERNEL_THREAD) !== 0) return false
    await pause(1)
  }
  return false
}

/** They never have one, and may have the number by now. */
const KERNEL_THREAD = 0x0020_0000
/** Tries of a millisecond each. A program that must first be read from a busy disk takes a second to become one. */
const BETWEEN_PROGRAMS_TRIES = 10_000

export async function launchContainerd(machine: Pick<Machine, 'containerd'>, paths: ContainerdPaths, node: ContainerdNode | undefined): Promise<number> {
  // The file of a containerd that has died would be taken for a living one's.
  await rm(paths.socket, { force: true })
  await rename(paths.log, `${paths.log}.1`).catch(() => {})
  const output = await open(paths.log, 'a', 0o600)
  try {
    const [program, ...args] = [...(node ? insideOf(node) : []), machine.containerd, '--config', paths.config]
    const child = spawn(program!, args, {
      cwd: '/',
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
      env: { ...process.env, PATH: systemPath() },
    })
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject))
    await writeFile(paths.pid, `${child.pid}\n`).catch(async (error: unknown) => {
      // A disk may be full. Nobody would find it again, and it has no containers yet.
      const ended = once(child, 'exit')
      if (child.kill('SIGKILL')) await ended
      throw error
    })
    child.unref()
    return child.pid!
  } finally {
    await output.close()
  }
}

/**
 * In the node's network, with a host name of its own that containers on that network see, and otherwise on the machine.
 * Each program becomes the next one, so that the process is containerd itself in the end.
 */
const insideOf = ({ hostname, network }: ContainerdNode): string[] => [
  ...onNode({ network }),
  'unshare',
  '--uts',
  '--',
  'sh',
  '-c',
  'echo "$0" >/proc/sys/kernel/hostname && exec "$@"',
  hostname,
]

/** Throws when it ends before, and after half a minute. */
export async function untilContainerdReady(paths: ContainerdPaths, pid: number, clock: Clock, signal?: AbortSignal): Promise<void> {
  const deadline = clock.now() + START_TIMEOUT_MS
  let last: unknown
  while (clock.now() < deadline) {
    if (!(await isContainerd(pid, paths))) throw new Error(`containerd ended while it was starting: ${await lastLine(paths.log)}. Its log: ${paths.log}`)
    // A client for each try: one that was refused would first wait before it dials again.
    const client = createCriClient(paths.socket)
    try {
      const { runtimeReady, networkReady, message } = runtimeStatus(
        await client.call('/runtime.v1.RuntimeService/Status', StatusRequest, StatusResponse, {}, { timeoutMs: 5_000 }),
      )
      if (runtimeReady && networkReady) return
      last = message
    } catch (error) {
      last = error
    } finally {
      client.close()
    }
    await sleep(clock, 10, signal)
  }
  throw new Error(`containerd did not become ready within ${START_TIMEOUT_MS / 1000} s: ${String(last)}. Its log: ${paths.log}`)
}

export async function stopContainerd(pid: number, clock: Clock, paths: ContainerdPaths): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!(await isContainerd(pid, paths))) break
    try {
      process.kill(pid, signal)
    } catch {
      // It has just ended.
    }
    for (const deadline = clock.now() + STOP_TIMEOUT_MS; (await isContainerd(pid, paths)) && clock.now() < deadline;) await sleep(clock, 10)
  }
  await rm(paths.pid, { force: true })
}

async function lastLine(file: string): Promise<string> {
  const lines = (await readFile(file, 'utf8').catch(() => '')).trimEnd().split('\n')
  return lines.at(-1) || 'it wrote nothing'
}
