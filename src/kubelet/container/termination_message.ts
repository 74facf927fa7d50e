/** What a container wanted to say at its end: a file of its own, or the last lines of its log. */
import { decodeText } from '../../base/bytes.ts'
import type { Disk } from '../../base/disk.ts'
import { parseLogLine } from '../logs/log_line.ts'

const FILE_BYTES_MAX = 4096
const LOG_BYTES_MAX = 2048
const LOG_LINES_MAX = 80

/** '' when there is none. A file that cannot be read is none. */
export async function readTerminationMessage(
  disk: Disk,
  { file, log, policy, exitCode }: { file: string; log: string; policy: string; exitCode: number },
): Promise<string> {
  const message = file
    ? await disk
        .readFile(file, { bytesMax: FILE_BYTES_MAX })
        .then(decodeText)
        .catch(() => '')
    : ''
  if (message || policy !== 'FallbackToLogsOnError' || exitCode === 0 || !log) return message
  return readLogTail(disk, log).catch(() => '')
}

async function readLogTail(disk: Disk, log: string): Promise<string> {
  const size = (await disk.stat(log))?.size ?? 0
  // Each line carries a time and a stream before its text, so more is read than is wanted.
  const length = Math.min(size, LOG_BYTES_MAX + LOG_LINES_MAX * 64)
  const lines = decodeText(await disk.readAt(log, size - length, length))
    .split('\n')
    .slice(size > length ? 1 : 0)
  const text = lines
    .flatMap(line => parseLogLine(line) ?? [])
    .slice(-LOG_LINES_MAX)
    .map(({ text, isPartial }) => (isPartial ? text : `${text}\n`))
    .join('')
  return text.slice(-LOG_BYTES_MAX)
}
