/**
 * Images from archives (OCI's layout or `docker save`) into containerd.
 */
import type { Processes } from '../../base/processes.ts'
import type { ContainerdPaths } from './config.ts'
import type { Machine } from './machine.ts'

export interface ImageImport {
  readonly machine: Machine
  readonly paths: ContainerdPaths
  readonly processes: Processes
}

/** The namespace that containerd's CRI part keeps everything in. */
const NAMESPACE = 'k8s.io'

/** Returns the names the archive's images have now. */
export async function importImage({ machine, paths, processes }: ImageImport, tarFile: string): Promise<string[]> {
  const result = await processes.run(machine.ctr, ['--address', paths.socket, '--namespace', NAMESPACE, 'images', 'import', tarFile])
  if (result.exitCode !== 0) throw new Error(`${tarFile} could not be loaded: ${(result.stderr || result.stdout).trim()}`)
  return result.stdout.split('\n').flatMap(line => /^unpacking (\S+) /.exec(line)?.[1] ?? [])
}
