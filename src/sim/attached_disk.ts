import type { Clock } from '../base/clock.ts'
import type { Disk } from '../base/disk.ts'
import type { Random } from '../base/random.ts'
import type { MemoryDisk } from './disk.ts'

/**
 * A machine's disk as one life of a process sees it: every call takes a little time of that process's own clock,
 * so that calls overlap as on a real disk, and after a crash no completion is delivered.
 */
export function createAttachedDisk(disk: MemoryDisk, { clock, random }: { clock: Clock; random: Random }): Disk {
  const wait = (label: string) =>
    new Promise<void>(resolve => {
      clock.at(clock.now() + 1 + random.below(LATENCY_SPREAD_MS), resolve, label)
    })
  const later = async <T>(label: string, act: () => Promise<T>): Promise<T> => {
    await wait(label)
    return act()
  }
  return {
    readFile: (path, options) => later('disk read', () => disk.readFile(path, options)),
    writeFile: (path, data, options) => later('disk write', () => disk.writeFile(path, data, options)),
    rename: (from, to) => later('disk rename', () => disk.rename(from, to)),
    makeDirectory: (path, options) => later('disk makeDirectory', () => disk.makeDirectory(path, options)),
    remove: path => later('disk remove', () => disk.remove(path)),
    symlink: (target, path) => later('disk symlink', () => disk.symlink(target, path)),
    readLink: path => later('disk readLink', () => disk.readLink(path)),
    stat: path => later('disk stat', () => disk.stat(path)),
    list: path => later('disk list', () => disk.list(path)),
    // Measured in the background: it draws no latency, so that nobody else's calls take another time because of it.
    async usage(path, options) {
      await new Promise<void>(resolve => {
        clock.at(clock.now() + 1, resolve, 'disk usage')
      })
      return disk.usage(path, options)
    },
    changeMode: (path, mode) => later('disk changeMode', () => disk.changeMode(path, mode)),
    changeOwner: (path, uid, gid) => later('disk changeOwner', () => disk.changeOwner(path, uid, gid)),
    readAt: (path, offset, length) => later('disk readAt', () => disk.readAt(path, offset, length)),
    watch(path, changed) {
      let pending = false
      let open = true
      const watch = disk.watch(path, () => {
        if (pending || !open) return
        pending = true
        clock.at(
          clock.now() + 1,
          () => {
            pending = false
            if (open) changed()
          },
          'disk watch',
        )
      })
      return {
        close() {
          open = false
          watch.close()
        },
      }
    },
  }
}

/** A call takes 1 ms or 2: never nothing, or callers would come to rely on the order within one instant. */
const LATENCY_SPREAD_MS = 2
