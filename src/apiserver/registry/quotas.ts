/**
 * Charges what is written to the ResourceQuotas of its namespace, in the same commit: of two who want the last Pod one gets
 * it, and what was refused for another reason was never charged. Whatever goes is taken off again by a controller.
 *
 *   planCharge ─▶ refused: 403 │ nothing to charge: store │ in turn: planCharge ─▶ store with the quotas' new status
 *                                                              ▲                      │ one of them was changed
 *                                                              └──────────────────────┘
 */
import { cloneJson } from '../../api/deep.ts'
import { ResourceQuota } from '../../api/kinds/resource_quota.ts'
import { planCharge } from '../../api/quota/charge.ts'
import { forbiddenBy, staleWrite } from '../../api/status.ts'
import type { Clock } from '../../base/clock.ts'
import type { Store, Stored, Write } from '../../store/store.ts'
import type { AdmissionRequest } from '../admission/admission.ts'
import { createPresence } from '../admission/presence.ts'
import type { Turns } from './turns.ts'

export interface Quotas {
  /**
   * Runs `store` with what is to be written besides; it throws ChargesOvertaken when that could not be.
   * Throws 403 when a quota is exceeded, does not know its use, or needs something that the Pod does not say.
   */
  charging<T>(request: AdmissionRequest, store: (charges: readonly Write[]) => Promise<T>): Promise<T>
}

/** Nothing was written, because a quota has changed since it was read. */
export class ChargesOvertaken extends Error {
  override readonly name = 'ChargesOvertaken'
}

const PREFIX = '/resourcequotas/'
/** Those of one server take turns, so what comes between is the controller, and people. */
const TRIES = 20

export function createQuotas({ store, clock, turns }: { readonly store: Store; readonly clock: Clock; readonly turns: Turns }): Quotas {
  const hasQuotas = createPresence(store, PREFIX)

  /** Throws what refuses the request. */
  const chargesFor = async (request: AdmissionRequest): Promise<Write[]> => {
    const { kind, namespace, object, old } = request
    const { items } = await store.list(`${PREFIX}${namespace}/`)
    if (items.length === 0) return []
    const byQuota = new Map(items.map(stored => [stored.value as ResourceQuota, stored]))
    const plan = planCharge([...byQuota.keys()], kind, object!, old, clock.wall())
    if (plan.is === 'refused') throw forbiddenBy(kind, object!.metadata.name ?? '', plan.why)
    return [...plan.used].map(([quota, used]) => chargeTo(byQuota.get(quota)!, used))
  }

  async function charge<T>(request: AdmissionRequest, write: (charges: readonly Write[]) => Promise<T>): Promise<T> {
    if (!(await hasQuotas(request.namespace)) || (await chargesFor(request)).length === 0) return write([])
    return turns.take(`quota/${request.namespace}`, async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await write(await chargesFor(request))
        } catch (error) {
          if (!(error instanceof ChargesOvertaken)) throw error
          if (attempt === TRIES) throw staleWrite(ResourceQuota, '')
        }
      }
    })
  }

  return {
    // Nearly every write ends here: it is not made to wait for anything.
    charging: (request, write) => (isCharged(request) && hasQuotas(request.namespace) !== false ? charge(request, write) : write([])),
  }
}

function chargeTo({ key, value, revision }: Stored, used: Record<string, string>): Write {
  const quota = cloneJson(value) as ResourceQuota
  return { key, value: { ...quota, status: { ...quota.status, used } }, expect: revision }
}

/** What may come to use more later than at its creation. */
const CHARGED_ON_UPDATE: readonly string[] = ['/services/', '/persistentvolumeclaims/']

function isCharged({ operation, kind, namespace, subresource }: AdmissionRequest): boolean {
  // As on Kubernetes, Events are never counted: they must get through when nothing else does.
  if (!kind.namespaced || !namespace || kind.storage.prefix === '/events/') return false
  if (kind.storage.prefix === '/pods/' && subresource === 'resize') return true
  return subresource === '' && (operation === 'CREATE' || (operation === 'UPDATE' && CHARGED_ON_UPDATE.includes(kind.storage.prefix)))
}
