/**
 * How often a workload is looked at. A look costs as much as the workload has Pods, and each of its Pods is a reason for
 * several: without a pace a thousand Pods that become ready would be a million steps.
 */
import { keyText, type ObjectKey } from '../../api/meta.ts'
import type { Clock, Millis } from '../../base/clock.ts'

export interface PassPace {
  /** 0: now, and this look is counted. Otherwise: not before so long. */
  waitMs(key: ObjectKey, pods: number): Millis
}

/** Of ten Pods a millisecond, which nobody notices; of a thousand a tenth of a second. */
const MS_PER_POD = 0.1
const PACE_MS_MAX = 200
/** Smaller ones are looked at whenever there is a reason. */
const PODS_MIN = 50
/** More than there are large workloads; those that are gone are swept out beyond it. */
const REMEMBERED_MAX = 1_000

export function createPassPace(clock: Clock): PassPace {
  const looks = new Map<string, Millis>()
  return {
    waitMs(key, pods) {
      const name = keyText(key)
      if (pods < PODS_MIN) {
        looks.delete(name)
        return 0
      }
      const waitMs = (looks.get(name) ?? -Infinity) + Math.min(PACE_MS_MAX, pods * MS_PER_POD) - clock.now()
      if (waitMs > 0) return waitMs
      looks.set(name, clock.now())
      if (looks.size > REMEMBERED_MAX) for (const [other, at] of looks) if (clock.now() - at > PACE_MS_MAX) looks.delete(other)
      return 0
    },
  }
}
