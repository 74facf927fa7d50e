/**
 * How much directories hold. Counting takes long where there are many files, so it is done in the background, one
 * directory at a time, and whoever asks gets the last figure at once.
 *
 *   ask ─▶ last figure (or none yet)
 *     └──▶ queue of those whose figure is too old ─▶ count ─▶ keep
 *
 * Nothing is counted that nobody asks for.
 */
import type { Host } from '../../base/host.ts'
import type { Millis } from '../../base/clock.ts'
import { messageOf } from '../../base/error_message.ts'
import type { SpaceStats } from './stats.ts'

export interface DirectorySizes {
  /** The last figure; a new one is on its way when it is older than `maxAgeMs`. */
  of(path: string, maxAgeMs: Millis): SpaceStats | undefined
  /** Forgets all others: their Pods are gone. */
  keep(paths: ReadonlySet<string>): void
  /** Resolves when what was asked for so far has been counted. */
  settled(): Promise<void>
}

/** A directory with more files is counted up to here: the figure is too low then, and the node is not kept busy for minutes. */
const ENTRIES_MAX = 200_000

export function createDirectorySizes({ disk, clock, log }: Pick<Host, 'disk' | 'clock' | 'log'>): DirectorySizes {
  const known = new Map<string, { readonly countedAt: Millis; readonly size: SpaceStats | undefined }>()
  /** No path stands in it twice, so it is never longer than the directories there are. */
  const waiting = new Set<string>()
  let counting: Promise<void> | undefined

  async function countAll(): Promise<void> {
    for (const path of waiting) {
      const size = await count(path)
      if (waiting.delete(path)) known.set(path, { countedAt: clock.now(), size })
    }
    counting = undefined
  }

  async function count(path: string): Promise<SpaceStats | undefined> {
    try {
      const at = clock.wall()
      const usage = await disk.usage(path, { entriesMax: ENTRIES_MAX })
      if (usage && !usage.isComplete) log.warn('a directory has too many files to be counted', { path, entriesMax: ENTRIES_MAX })
      return usage && { at, usedBytes: usage.bytes, inodesUsed: usage.inodes }
    } catch (error) {
      log.warn('a directory could not be counted', { path, error: messageOf(error) })
      return known.get(path)?.size
    }
  }

  return {
    of(path, maxAgeMs) {
      const last = known.get(path)
      if (!last || clock.now() - last.countedAt >= maxAgeMs) {
        waiting.add(path)
        counting ??= countAll()
      }
      return last?.size
    },
    keep(paths) {
      for (const path of [...known.keys(), ...waiting]) {
        if (paths.has(path)) continue
        known.delete(path)
        waiting.delete(path)
      }
    },
    settled: async () => counting,
  }
}
