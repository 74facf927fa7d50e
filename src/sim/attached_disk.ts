import type { Clock } from '../base/clock.ts'
import type { Disk } from '../base/disk.ts'
import type { Random } from '../base/random.ts'
import type { MemoryDisk } from './disk.ts'

/**
 * A machine's disk as one life of a process sees it: every call takes a little time of that process's own clock,
 * so that calls overlap as on a real disk, and after a crash no completion is delivered.
 */
export function createAttachedDisk(disk: MemoryDisk, { clock, random }: { clock: Clock; random: Random }): Disk {
  const wait = (label: string) => new Promise<void>(resolve => {
    clock.at(clock.now() + 1 + random.below(LATENCY_SPREAD_MS), resolve, label)
  })
  const later = <Args extends readonly unknown[], T>(label: string, act: (...args: Args) => Promise<T>) => async (...args: Args): Promise<T> => {
    await wait(label)
    return act(...args)
  }
  return {
    readFile: later('disk read', disk.readFile),
    writeFile: later('disk write', disk.writeFile),
    rename: later('disk rename', disk.rename),
    makeDirectory: later('disk makeDirectory', disk.makeDirectory),
    remove: later('disk remove', disk.remove),
    symlink: later('disk symlink', disk.symlink),
    readLink: later('disk readLink', disk.readLink),
    stat: later('disk stat', disk.stat),
    list: later('disk list', disk.list),
    changeMode: later('disk changeMode', disk.changeMode),
    changeOwner: later('disk changeOwner', disk.changeOwner),
    readAt: later('disk readAt', disk.readAt),
    watch(path, changed) {
      let pending = false
      let open = true
      const watch = disk.watch(path, () => {
        if (pending || !open) return
        pending = true
        clock.at(clock.now() + 1, () => {
          pending = false
          if (open) changed()
        }, 'disk watch')
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
