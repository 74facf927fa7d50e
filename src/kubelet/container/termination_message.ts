/** What a container wanted to say at its end: a file of its own, or the last lines of its log. */
import { decodeText, encodeText } from '../../base/bytes.ts'
import type { Disk } from '../../base/disk.ts'
import { messageOf } from '../../base/error_message.ts'
import { joinBytes, parseLogLine, splitLines } from '../logs/log_line.ts'

const FILE_BYTES_MAX = 4096
const LOG_BYTES_MAX = 2048
const LOG_LINES_MAX = 80
/** The runtime cuts longer ones. The first line that is read may be cut off by the reading, and must not be all there is. */
const LINE_BYTES_MAX = 17 * 1024
/** A time, a stream and a tag before each text. */
const LINE_OVERHEAD_BYTES_MAX = 64

/** '' when there is none. Of a long file its end counts. */
export async function readTerminationMessage(
  disk: Disk,
  { file, log, policy, exitCode }: { file: string; log: string; policy: string; exitCode: number },
): Promise<string> {
  const message = file ? await readFileTail(disk, file).catch((error: unknown) => `Error on reading termination log ${file}: ${messageOf(error)}`) : ''
  if (message || policy !== 'FallbackToLogsOnError' || exitCode === 0 || !log) return message
  return readLogTail(disk, log).catch(() => '')
}

async function readFileTail(disk: Disk, file: string): Promise<string> {
  const size = (await disk.stat(file))?.size ?? 0
  const length = Math.min(size, FILE_BYTES_MAX)
  return length === 0 ? '' : decodeText(await disk.readAt(file, size - length, length))
}

async function readLogTail(disk: Disk, log: string): Promise<string> {
  const size = (await disk.stat(log))?.size ?? 0
  const length = Math.min(size, LOG_BYTES_MAX + LINE_OVERHEAD_BYTES_MAX * LOG_LINES_MAX + LINE_BYTES_MAX)
  const { lines } = splitLines(await disk.readAt(log, size - length, length))
  const texts = lines
    .slice(size > length ? 1 : 0)
    .flatMap(line => parseLogLine(line) ?? [])
    .slice(-LOG_LINES_MAX)
    .flatMap(({ text, isPartial }) => (isPartial ? [text] : [text, encodeText('\n')]))
  return decodeText(joinBytes(texts).slice(-LOG_BYTES_MAX))
}
