/**
 * Takes away everything that a containerd of ours has brought onto this machine.
 */
import { readdir, readFile, realpath, rm } from 'node:fs/promises'
import { sleep } from '../../base/clock.ts'
import { silentLog } from '../../base/log.ts'
import { createCriRuntime } from '../cri/runtime.ts'
import { containerdPaths } from './config.ts'
import { livingContainerd, startContainerd } from './containerd.ts'
import type { ContainerdOptions } from './containerd.ts'
import { removeMasquerade } from './network.ts'

/**
 * Removes all Pods, ends containerd and deletes its state. A containerd that is not running is started for it: only it
 * knows which network namespaces and addresses are its own.
 */
export async function destroyContainerd(options: ContainerdOptions): Promise<void> {
  const { stateDirectory } = options
  const paths = containerdPaths(stateDirectory)
  if ((await livingContainerd(paths)) !== undefined || (await exists(paths.root))) {
    const containerd = await startContainerd(options)
    await removeAllPods(containerd.socketPath, options)
    await containerd.stop()
  }
  await clearRemains(options)
  await rm(stateDirectory, { recursive: true, force: true })
}

export type Remains = Pick<ContainerdOptions, 'stateDirectory' | 'networkName' | 'host'>

/** Once containerd has ended: what it was just starting, what it had mounted, and the rules for its network. */
export async function clearRemains({ stateDirectory, networkName, host }: Remains): Promise<void> {
  await killShims(containerdPaths(stateDirectory).socket, { host })
  const realDirectory = await realpath(stateDirectory).catch(() => stateDirectory)
  for (const mount of (await mountsBelow(realDirectory)).toReversed()) await host.processes.run('umount', ['--lazy', mount])
  await removeMasquerade(networkName, host.processes)
}

async function removeAllPods(socketPath: string, { host }: ContainerdOptions): Promise<void> {
  const none = () => Promise.reject(new Error('not while everything is being removed'))
  const runtime = createCriRuntime({ socketPath, clock: host.clock, log: silentLog, openRemoteCommand: none, openPortForward: none })
  try {
    await Promise.all(
      (await runtime.listPodSandboxes()).map(async ({ id }) => {
        try {
          await runtime.stopPodSandbox(id)
          await runtime.removePodSandbox(id)
        } catch (error) {
          host.log.warn('a sandbox could not be removed', { sandbox: id, error })
        }
      }),
    )
  } finally {
    await runtime.close()
  }
}

/** Those that containerd could not end itself, with everything that runs below them. One may just be starting: the last look finds none. */
async function killShims(socketPath: string, options: Pick<ContainerdOptions, 'host'>): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX && (await killShimsOnce(socketPath, options)); round++) {
    /* look again */
  }
}

const ROUNDS_MAX = 20

async function killShimsOnce(socketPath: string, { host }: Pick<ContainerdOptions, 'host'>): Promise<boolean> {
  const processes = await processTable()
  const shims = processes.filter(({ commandLine }) => commandLine.includes(socketPath) && /containerd-shim/.test(commandLine[0] ?? ''))
  const doomed = new Set(shims.map(({ pid }) => pid))
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
  if (doomed.size > 0) await sleep(host.clock, 100)
  return doomed.size > 0
}

async function processTable(): Promise<{ pid: number; parent: number; commandLine: string[] }[]> {
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

async function mountsBelow(directory: string): Promise<string[]> {
  return (await read('/proc/self/mountinfo'))
    .split('\n')
    .map(line => (line.split(' ')[4] ?? '').replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))))
    .filter(mount => mount.startsWith(`${directory}/`))
}

const read = (path: string) => readFile(path, 'utf8').catch(() => '')
const exists = (path: string) =>
  readdir(path).then(
    () => true,
    () => false,
  )
