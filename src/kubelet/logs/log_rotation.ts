/**
 * Keeps the logs of running containers from filling the disk.
 *
 *   larger than the limit? ─▶ rename to `web/0.log.<time>` ─▶ the runtime opens a new `web/0.log` ─▶ the oldest go
 *
 * Limits and file names are those of Kubernetes. What was moved aside is not compressed; `kubectl logs` shows the
 * current file only, and goes on across a rotation with -f.
 */
import { sleep, type Millis } from '../../base/clock.ts'
import { messageOf } from '../../base/error_message.ts'
import { containerNameOf, restartCountOf } from '../container/labels.ts'
import type { KubeletContext } from '../context.ts'
import { containerLogPath, podLogsOf } from '../directories.ts'
import { runningOf } from '../pod/instances.ts'
import type { PodWorkers } from '../pod/pod_workers.ts'
import { rotatedLogName, rotatedLogs } from './log_files.ts'

export interface LogLimits {
  /** A file that is larger is moved aside. */
  readonly bytesMax: number
  /** The current one and those moved aside, of one container. */
  readonly filesMax: number
}

/** Kubernetes' own: containerLogMaxSize, containerLogMaxFiles. */
export const DEFAULT_LOG_LIMITS: LogLimits = { bytesMax: 10 * 2 ** 20, filesMax: 5 }

const CHECK_EVERY_MS_MAX = 10_000
const CHECK_EVERY_MS_MIN = 1000

/** Goes on until the signal is aborted. */
export async function rotateLogs(context: KubeletContext, workers: Pick<PodWorkers, 'list'>, limits: LogLimits, signal: AbortSignal): Promise<void> {
  const { clock, log, disk } = context.host
  /** By container id, at the last look. */
  let sizes = new Map<string, number>()
  let waitMs = CHECK_EVERY_MS_MAX
  for (;;) {
    await sleep(clock, waitMs, signal, 'every log rotation').catch(() => undefined)
    if (signal.aborted) return
    const before = sizes
    const elapsedMs = waitMs
    sizes = new Map()
    waitMs = CHECK_EVERY_MS_MAX
    for (const { pod, worker } of workers.list()) {
      for (const container of runningOf(worker.observed)) {
        const path = `${podLogsOf(context.directories, pod)}/${containerLogPath(containerNameOf(container), restartCountOf(container))}`
        try {
          const size = (await disk.stat(path))?.size ?? 0
          const isFull = size > limits.bytesMax
          if (isFull) await rotate(context, container.id, path, limits.filesMax)
          const kept = isFull ? 0 : size
          sizes.set(container.id, kept)
          waitMs = Math.min(waitMs, msUntilFull(limits.bytesMax - kept, size - (before.get(container.id) ?? 0), elapsedMs))
        } catch (error) {
          log.warn('a log could not be rotated', { pod: pod.metadata.name, container: containerNameOf(container), error: messageOf(error) })
        }
      }
    }
  }
}

/** Who writes fast is looked after more often: otherwise ten seconds at full speed would lie above the limit. */
const msUntilFull = (bytesLeft: number, grownBytes: number, elapsedMs: Millis): Millis =>
  grownBytes <= 0 ? CHECK_EVERY_MS_MAX : Math.max(CHECK_EVERY_MS_MIN, Math.ceil((bytesLeft * elapsedMs) / grownBytes))

async function rotate({ host: { disk, clock }, runtime }: KubeletContext, containerId: string, path: string, filesMax: number): Promise<void> {
  const aside = rotatedLogName(path, clock.wall())
  // Twice in one second: the names have whole seconds, and a rename would put one log over another.
  if (await disk.stat(aside)) return
  const older = await rotatedLogs(disk, path)
  for (const file of older.slice(0, Math.max(0, older.length - (filesMax - 2)))) await disk.remove(file)
  await disk.rename(path, aside)
  try {
    await runtime.reopenContainerLog(containerId)
  } catch (error) {
    // Most often the container has just ended. Its last words are to be found where they are looked for.
    await disk.rename(aside, path)
    throw error
  }
}
