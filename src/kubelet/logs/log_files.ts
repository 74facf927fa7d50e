/**
 * The files of one container's log. The runtime writes `web/0.log`; what was moved aside is `web/0.log.20260102-030405`.
 */
import type { Disk } from '../../base/disk.ts'

/** What was moved aside, oldest first. The current file is not among it. */
export async function rotatedLogs(disk: Disk, path: string): Promise<string[]> {
  const { directory, name } = split(path)
  const names = await disk.list(directory).catch(() => [])
  return names
    .filter(other => other.startsWith(`${name}.`))
    .sort()
    .map(other => `${directory}/${other}`)
}

/** Times in names sort as text. */
export const rotatedLogName = (path: string, wallMs: number): string =>
  `${path}.${new Date(wallMs).toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}`

/** The current file and all that was moved aside. */
export async function removeLogs(disk: Disk, path: string): Promise<void> {
  for (const file of [...(await rotatedLogs(disk, path)), path]) await disk.remove(file)
}

function split(path: string): { directory: string; name: string } {
  const slash = path.lastIndexOf('/')
  return { directory: path.slice(0, slash), name: path.slice(slash + 1) }
}
