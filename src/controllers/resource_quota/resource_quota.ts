/**
 * Counts what the objects of a namespace use, for its ResourceQuotas. The API server charges a quota for what is made;
 * this takes off again what has gone, and sets right whatever was never charged.
 *
 *   watch ResourceQuota, whatever quotas count ─▶ read the quota, then list ─▶ planQuota ─▶ status
 *
 * The quota is read before the rest, and written only if it is still that version. Whatever is made in between has been
 * charged to it and thereby changed it, so a count is never written that lacks something the server has let through.
 */
import { deepEqual } from '../../api/deep.ts'
import type { Kind } from '../../api/kind.ts'
import { ResourceQuota } from '../../api/kinds/resource_quota.ts'
import { keyOf, keyText, type KubernetesObject, type ObjectKey } from '../../api/meta.ts'
import { isInScopes } from '../../api/quota/scopes.ts'
import { quantitiesOf, sameAmounts } from '../../api/quota/amounts.ts'
import { usageOf } from '../../api/quota/usage.ts'
import { isReason } from '../../api/status.ts'
import type { Millis } from '../../base/clock.ts'
import type { Host } from '../../base/host.ts'
import type { CacheChange } from '../../client/cache.ts'
import { indexBy } from '../../client/cache_index.ts'
import type { CacheOf } from '../../client/caches.ts'
import type { Client } from '../../client/client.ts'
import { settled, startController, watches, type Outcome } from '../../client/controller.ts'
import { kindsCounted, planQuota } from './plan_quota.ts'

export interface ResourceQuotaParts {
  readonly kinds: readonly Kind[]
  readonly cacheOf: CacheOf
}

/** As Kubernetes' --resource-quota-sync-period. */
const RESYNC_MS = 5 * 60_000
/** A namespace that is being emptied is not counted anew after every single object, and a large one less often. */
const paceMs = (objects: number): Millis => Math.max(100, objects / 5)

export function startResourceQuotaController(host: Host, client: Client, { kinds, cacheOf }: ResourceQuotaParts) {
  const { clock } = host
  const quotas = cacheOf(ResourceQuota)
  const byNamespace = indexBy(quotas, ({ metadata }) => [metadata.namespace ?? ''])
  const countable = kinds.filter(isCountable)
  /** When each may be counted again; never more than there are quotas. */
  const notBefore = new Map<string, Millis>()

  const controller = startController(host, client, {
    name: 'resourcequota',
    sources: [
      watches(ResourceQuota, quotas, change => (concernsCount(change) ? [change.key] : [])),
      ...countable.map(kind => watches(kind, cacheOf(kind), change => quotasConcerned(byNamespace.find(change.key.namespace), kind, change, clock.wall()))),
    ],
    async reconcile(key, api) {
      if (!quotas.get(key)) {
        notBefore.delete(keyText(key))
        return settled
      }
      const waitMs = (notBefore.get(keyText(key)) ?? -Infinity) - clock.now()
      return waitMs > 0 ? { again: waitMs } : count(api, key)
    },
  })
  return {
    async stop() {
      byNamespace.stop()
      await controller.stop()
    },
  }

  async function count(api: Client, key: ObjectKey): Promise<Outcome> {
    try {
      const quota = await api.get(ResourceQuota, key)
      const found = new Map<Kind, readonly KubernetesObject[]>()
      for (const kind of kindsCounted(quota, countable)) found.set(kind, (await api.list(kind, { namespace: key.namespace })).items)
      const objects = [...found.values()].reduce((sum, { length }) => sum + length, 0)
      notBefore.set(keyText(key), clock.now() + paceMs(objects))
      const plan = planQuota(quota, found, clock.wall())
      if (plan.status) await api.updateStatus(ResourceQuota, { ...quota, status: plan.status })
      return { again: Math.min(RESYNC_MS, plan.againInMs ?? Infinity) }
    } catch (error) {
      if (isReason(error, 'NotFound')) return settled
      if (isReason(error, 'Conflict')) return { again: 0 }
      throw error
    }
  }
}

/** Events are not counted; reviews and the like are nowhere to be counted. */
const isCountable = ({ namespaced, verbs, storage }: Kind): boolean =>
  namespaced && verbs.includes('watch') && verbs.includes('create') && storage.prefix !== '/events/' && storage.fromStored === undefined

/** Not every charge: it is itself the count. */
const concernsCount = ({ object, previous }: CacheChange<ResourceQuota>): boolean =>
  object !== undefined &&
  (!previous ||
    !deepEqual(object.spec, previous.spec) ||
    !sameAmounts(object.spec.hard, object.status.hard) ||
    Object.keys(previous.status.used ?? {}).some(name => object.status.used?.[name] === undefined))

/** Those that count this object, as it is or as it was, if it uses more or less than before. */
function quotasConcerned(quotas: readonly ResourceQuota[], kind: Kind, { object, previous }: CacheChange<KubernetesObject>, wallMs: number): ObjectKey[] {
  const counting = quotas.filter(quota => kindsCounted(quota, [kind]).length > 0)
  if (counting.length === 0) return []
  const [now, before] = [object, previous].map(one => one && quantitiesOf(usageOf(kind, one, wallMs)))
  // From its deletion on a Pod has an end, from which on it will not count.
  const isSame = deepEqual(now, before) && object?.metadata.deletionTimestamp === previous?.metadata.deletionTimestamp
  return counting
    .filter(quota => {
      const [isIn, wasIn] = [object, previous].map(one => one !== undefined && isInScopes(quota, kind, one))
      return isIn !== wasIn || (isIn && !isSame)
    })
    .map(keyOf)
}
