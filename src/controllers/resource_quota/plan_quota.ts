/** What the status of a ResourceQuota is to say, from everything in its namespace. Touches nothing. */
import type { Kind } from '../../api/kind.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import type { ResourceQuota } from '../../api/kinds/resource_quota.ts'
import type { KubernetesObject } from '../../api/meta.ts'
import type { Quantity } from '../../api/quantity.ts'
import { addAmounts, amountsOf, only, quantitiesOf, sameAmounts, ZERO } from '../../api/quota/amounts.ts'
import { isCountedFor } from '../../api/quota/resource_names.ts'
import { isInScopes } from '../../api/quota/scopes.ts'
import { releasedAtMs, usageOf } from '../../api/quota/usage.ts'
import type { Millis } from '../../base/clock.ts'

export interface QuotaPlan {
  /** Undefined: it says so already. */
  readonly status: ResourceQuota['status'] | undefined
  /** When a Pod stops to count although nothing changes: it should have been gone by then. */
  readonly againInMs: Millis | undefined
}

/** The kinds this quota counts. */
export const kindsCounted = ({ spec }: ResourceQuota, kinds: readonly Kind[]): Kind[] =>
  kinds.filter(kind => Object.keys(spec.hard ?? {}).some(name => isCountedFor(kind, name)))

/** @param found the objects of each kind that is counted, all of the quota's namespace */
export function planQuota(quota: ResourceQuota, found: ReadonlyMap<Kind, readonly KubernetesObject[]>, wallMs: Millis): QuotaPlan {
  const hard = Object.keys(quota.spec.hard ?? {})
  const counted = hard.filter(name => [...found.keys()].some(kind => isCountedFor(kind, name)))
  const used = new Map<string, Quantity>(counted.map(name => [name, ZERO]))
  for (const [kind, objects] of found) {
    const names = counted.filter(name => isCountedFor(kind, name))
    for (const object of objects) if (isInScopes(quota, kind, object)) addAmounts(used, only(usageOf(kind, object, wallMs), names))
  }
  // What nobody can count, such as a kind that is not there, stays as somebody has said it was.
  const before = amountsOf(quota.status.used)
  for (const name of hard) if (!used.has(name) && before.has(name)) used.set(name, before.get(name)!)

  const status = { hard: { ...quota.spec.hard }, used: quantitiesOf(used) }
  const isSaid =
    quota.status.hard !== undefined &&
    quota.status.used !== undefined &&
    sameAmounts(quota.status.hard, status.hard) &&
    sameAmounts(quota.status.used, status.used)
  return { status: isSaid ? undefined : status, againInMs: nextRelease(found, wallMs) }
}

function nextRelease(found: ReadonlyMap<Kind, readonly KubernetesObject[]>, wallMs: Millis): Millis | undefined {
  let nextMs = Infinity
  for (const [kind, objects] of found) {
    if (kind.storage.prefix !== '/pods/') continue
    for (const pod of objects) {
      const releasedMs = releasedAtMs(pod as Pod)
      // It counts up to that instant and not beyond.
      if (releasedMs !== undefined && releasedMs >= wallMs) nextMs = Math.min(nextMs, releasedMs + 1 - wallMs)
    }
  }
  return nextMs === Infinity ? undefined : nextMs
}
