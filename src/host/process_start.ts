import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Tells a process from a later one with the same number: ticks since boot at its start.
 * '' when there is no such process. Where there is no /proc, the number alone must do.
 */
export async function processStart(pid: number): Promise<string> {
  try {
    const stat = await readFile(join('/proc', String(pid), 'stat'), 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // A zombie holds its number and nothing else.
    return fields[0] === 'Z' ? '' : (fields[19] ?? '')
  } catch {
    if (process.platform === 'linux') return ''
    try {
      process.kill(pid, 0)
      return 'unknown'
    } catch {
      return ''
    }
  }
}
