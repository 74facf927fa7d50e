/** Mounts of the machine, by its own `mount` and `umount`. */
import { constants } from 'node:fs'
import { mkdir, open, readFile, realpath, writeFile, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DiskError } from '../base/disk.ts'
import type { Mounts } from '../base/mounts.ts'
import type { Processes } from '../base/processes.ts'

export function createMounts(processes: Processes): Mounts {
  const run = async (command: string, args: readonly string[]) => {
    const { exitCode, stderr } = await processes.run(command, args)
    if (exitCode !== 0) throw new DiskError('Other', `${command} ${args.join(' ')}: ${stderr.trim() || `exit code ${exitCode}`}`)
  }
  return {
    async memory(directory, { mode, bytes, groupId }) {
      const options = [`mode=0${mode.toString(8)}`, ...(bytes === undefined ? [] : [`size=${bytes}`]), ...(groupId === undefined ? [] : [`gid=${groupId}`])]
      await run('mount', ['-t', 'tmpfs', '-o', options.join(','), 'tmpfs', directory])
    },
    async bindInside(root, parts, target, { mode }) {
      const held = await holdInside(root, parts, mode)
      try {
        if (await isMounted(target)) await run('umount', [target])
        await makeTarget(target, (await held.stat()).isDirectory())
        // By descriptor: a path would be looked up once more, and may lead elsewhere by then.
        await run('mount', ['--no-canonicalize', '--bind', `/proc/${process.pid}/fd/${held.fd}`, target])
      } finally {
        await held.close()
      }
      return target
    },
    isMounted,
    async unmountBelow(directory) {
      const mounts = await mountsBelow(directory)
      if (mounts.length > 0) await run('umount', mounts.toReversed())
    },
  }
}

async function isMounted(directory: string): Promise<boolean> {
  return (await mountPoints()).includes(await realOf(directory))
}

/** In the order they were made. */
export async function mountsBelow(directory: string): Promise<string[]> {
  const real = await realOf(directory)
  return (await mountPoints()).filter(mount => mount.startsWith(`${real}/`))
}

const realOf = (directory: string): Promise<string> => realpath(directory).catch(() => directory)

/** Systems without that file have no mounts of ours. */
async function mountPoints(): Promise<string[]> {
  const table = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '')
  return table.split('\n').map(line => (line.split(' ')[4] ?? '').replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))))
}

/** A directory to go on from, and nothing else: it is neither read nor followed when it is a link. */
const O_PATH = 0o10000000

async function holdInside(root: string, parts: readonly string[], mode: number): Promise<FileHandle> {
  // The volume's own path is the node's: there links are its owner's business.
  let held = await open(root, O_PATH)
  try {
    for (const part of parts) {
      const next = await step(held, part, mode)
      await held.close()
      held = next
    }
    return held
  } catch (error) {
    await held.close()
    if (error instanceof Error && 'code' in error) throw new DiskError('Other', error.message)
    throw error
  }
}

async function step(from: FileHandle, part: string, mode: number): Promise<FileHandle> {
  const path = `/proc/self/fd/${from.fd}/${part}`
  const look = () => open(path, O_PATH | constants.O_NOFOLLOW)
  const found = await look().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    await mkdir(path, { mode: 0o700 })
    const made = await look()
    await setMode(made, mode)
    return made
  })
  if (!(await found.stat()).isSymbolicLink()) return found
  await found.close()
  throw new DiskError('Other', `${part}: is a symbolic link`)
}

/** What is held by O_PATH cannot be changed itself, and its name may mean something else by now: it is opened anew by what is held. */
async function setMode(held: FileHandle, mode: number): Promise<void> {
  const opened = await open(`/proc/self/fd/${held.fd}`, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await opened.chmod(mode)
  } finally {
    await opened.close()
  }
}

async function makeTarget(target: string, isDirectory: boolean): Promise<void> {
  await mkdir(isDirectory ? target : dirname(target), { recursive: true, mode: 0o750 })
  if (!isDirectory) await writeFile(target, '', { mode: 0o640 })
}
