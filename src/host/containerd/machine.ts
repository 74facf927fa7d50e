/**
 * What this machine can do, found out before containerd is started: an error here says what is missing and what to do.
 */
import { access, constants, mkdir, readFile, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import type { Processes } from '../../base/processes.ts'

/** A machine that cannot run containers as it is; the message says why and what to do next. */
export class MachineNotReady extends Error {
  override readonly name = 'MachineNotReady'
}

export interface Machine {
  readonly containerd: string
  readonly ctr: string
  readonly cniPlugins: string
  readonly hasSysResource: boolean
}

export async function inspectMachine(): Promise<Machine> {
  if (process.getuid?.() !== 0) {
    throw new MachineNotReady('real containers need root. Next: run as root, or use the simulated runtime (--runtime simulated)')
  }
  const [containerd, ctr, shim, runc, ip, cniPlugins] = await Promise.all([
    program('containerd'),
    program('ctr'),
    program('containerd-shim-runc-v2'),
    program('runc'),
    program('ip'),
    firstWith('ptp', CNI_DIRECTORIES),
  ])
  const missing = [
    ...(containerd && ctr && shim ? [] : ['containerd']),
    ...(runc ? [] : ['runc']),
    ...(cniPlugins ? [] : ['containernetworking-plugins']),
    ...(ip ? [] : ['iproute2']),
  ]
  if (!containerd || !ctr || !cniPlugins || missing.length > 0) {
    throw new MachineNotReady(`real containers need programs that are not installed. Next: apt-get install ${missing.join(' ')}`)
  }
  return { containerd, ctr, cniPlugins, hasSysResource: await hasCapability(CAP_SYS_RESOURCE) }
}

/** overlayfs needs a filesystem below it that supports it: not another overlay, for one. */
export async function canOverlay(directory: string, processes: Processes): Promise<boolean> {
  const base = join(directory, 'overlay-check')
  const [lower, upper, work, merged] = ['lower', 'upper', 'work', 'merged'].map(name => join(base, name)) as [string, string, string, string]
  for (const path of [lower, upper, work, merged]) await mkdir(path, { recursive: true })
  try {
    const mount = await processes.run('mount', ['-t', 'overlay', 'overlay', '-o', `lowerdir=${lower},upperdir=${upper},workdir=${work}`, merged])
    if (mount.exitCode !== 0) return false
    await processes.run('umount', [merged])
    return true
  } finally {
    await rm(base, { recursive: true, force: true })
  }
}

const CAP_SYS_RESOURCE = 24
const CNI_DIRECTORIES = ['/opt/cni/bin', '/usr/lib/cni', '/usr/libexec/cni']
/** Not in everybody's PATH, and a root shell on Debian may have been entered without it. */
const SYSTEM_DIRECTORIES = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

export const systemPath = () => [...new Set([...(process.env['PATH'] ?? '').split(delimiter), ...SYSTEM_DIRECTORIES])].filter(Boolean).join(delimiter)

async function program(name: string): Promise<string | undefined> {
  const directory = await firstWith(name, systemPath().split(delimiter))
  return directory && join(directory, name)
}

async function firstWith(file: string, directories: readonly string[]): Promise<string | undefined> {
  for (const directory of directories) {
    if (
      await access(join(directory, file), constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return directory
  }
  return undefined
}

async function hasCapability(number: number): Promise<boolean> {
  const status = await readFile('/proc/self/status', 'utf8')
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'
  return ((BigInt(`0x${effective}`) >> BigInt(number)) & 1n) === 1n
}
