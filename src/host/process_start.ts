import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Tells a process from a later one with the same number: the machine's boot, and the clock tick since then it was
 * started at. '' when there is no such process. Where there is no /proc, the number alone must do.
 */
export async function processStart(pid: number): Promise<string> {
  if (!Number.isInteger(pid) || pid <= 0) return ''
  try {
    const [boot, stat] = await Promise.all([readFile('/proc/sys/kernel/random/boot_id', 'utf8'), readFile(join('/proc', String(pid), 'stat'), 'utf8')])
    // The name, in parentheses, may hold anything; behind it come the state and, 19 fields on, the start.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // A zombie holds its number and nothing else.
    return fields[0] === 'Z' ? '' : `${boot.trim()} ${fields[19] ?? ''}`
  } catch {
    return process.platform !== 'linux' && isRunning(pid) ? 'unknown' : ''
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // It runs and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
