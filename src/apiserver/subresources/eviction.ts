/**
 * POST pods/<name>/eviction: a delete that says why, and that a disruption budget may refuse.
 *
 *   planEviction ─▶ refused: 429 │ one commit: the budget counted down and the reason in the Pod ─▶ delete
 *        ▲                                       │ somebody else wrote one of them
 *        └───────────────────────────────────────┘
 */
import { cloneJson } from '../../api/deep.ts'
import { Eviction } from '../../api/kinds/eviction.ts'
import { Pod } from '../../api/kinds/pod.ts'
import { PodDisruptionBudget } from '../../api/kinds/pod_disruption_budget.ts'
import { timestamp } from '../../api/meta.ts'
import { isActive, setCondition } from '../../api/pod.ts'
import { badRequest, isReason, notFound, success, timeout } from '../../api/status.ts'
import type { Stored, Write } from '../../store/store.ts'
import type { Parts } from '../parts.ts'
import type { Call, Outcome } from '../registry/call.ts'
import { checkPreconditions, deleteWith } from '../registry/delete.ts'
import { deleteHow, type DeleteHow } from '../registry/delete_options.ts'
import { keyIn, prefixOf } from '../registry/keys.ts'
import { readObject, type Typed } from '../registry/read_object.ts'
import { writeOptions } from '../registry/write_options.ts'
import { planEviction, stillProcessed, type EvictionVerdict } from './plan_eviction.ts'

const POD = Pod as never
/** Clients older than 1.22 send v1beta1, and Kubernetes has never stopped to take it. */
const EVICTION: Typed = { ...(Eviction as never as Typed), formerVersion: 'v1beta1' }
const BUDGET = PodDisruptionBudget as never
/** As often as Kubernetes tries. Between two tries somebody else has got something done. */
const CONFLICT_TRIES = 20

/** Throws 429 with the cause DisruptionBudget, 404, 409 for a precondition, 500 for a Pod with several budgets. */
export async function evictPod(parts: Parts, call: Call): Promise<Outcome> {
  const { namespace, name } = call
  const how = readEviction(parts, call)
  for (let attempt = 1; attempt <= CONFLICT_TRIES; attempt++) {
    // In turn: otherwise the evictions of a drain would spend their tries on each other.
    const begun = await parts.turns.take(`eviction/${namespace}`, () => beginEviction(parts, namespace, name, how))
    if (!begun) continue
    try {
      // What comes in its place has a right to be asked about, too.
      await deleteWith(parts, { ...call, kind: POD }, { ...how, uid: begun.uid, resourceVersion: begun.resourceVersion })
      return { status: 201, object: success(undefined, 201) }
    } catch (error) {
      if (!isReason(error, 'Conflict')) throw error
      if (begun.verdict.is === 'unhealthy') throw stillProcessed(begun.verdict.budget)
    }
  }
  throw timeout(`couldn't evict pod ${JSON.stringify(name)} due to conflicts`)
}

function readEviction(parts: Parts, call: Call): DeleteHow {
  const options = writeOptions(call.request, 'CreateOptions')
  const { metadata, deleteOptions } = readObject(parts, EVICTION, call.request, options.fieldValidation, call.warnings) as Eviction
  if (metadata.name && metadata.name !== call.name) throw badRequest('name in URL does not match name in Eviction object')
  const how = deleteHow(deleteOptions ?? {})
  return { ...how, dryRun: options.dryRun || how.dryRun }
}

interface Begun {
  readonly verdict: EvictionVerdict
  readonly uid: string
  /** The only version of the Pod that may be deleted now; any, if undefined. */
  readonly resourceVersion: string | undefined
}

/** Undefined: somebody else wrote in between. Throws what refuses the eviction. */
async function beginEviction(parts: Parts, namespace: string, name: string, how: DeleteHow): Promise<Begun | undefined> {
  const current = await parts.store.get(keyIn(POD, namespace, name))
  if (!current) throw notFound(Pod, name)
  const pod = current.value as Pod
  checkPreconditions(POD, pod, how)
  const { items: budgets } = await parts.store.list(prefixOf(BUDGET, namespace))
  const wallMs = parts.clock.wall()
  const verdict = planEviction(
    pod,
    budgets.map(({ value }) => value as PodDisruptionBudget),
    wallMs,
  )
  if (verdict.is === 'refused') throw verdict.error
  const uid = pod.metadata.uid!
  const isExact = verdict.is === 'unhealthy' || (verdict.is === 'free' && verdict.while === 'pending')
  const writes = how.dryRun ? [] : [...countedDown(verdict, budgets), ...(isActive(pod) ? [withReason(current, wallMs)] : [])]
  if (writes.length === 0) return { verdict, uid, resourceVersion: isExact ? pod.metadata.resourceVersion : undefined }
  // One commit: an allowance is taken only with the eviction it is taken for.
  const commit = await parts.store.commit(writes)
  return commit.done ? { verdict, uid, resourceVersion: isExact ? String(commit.revision) : undefined } : undefined
}

function countedDown(verdict: EvictionVerdict, budgets: readonly Stored[]): Write[] {
  if (verdict.is !== 'counted') return []
  const stored = budgets.find(({ value }) => value === verdict.budget)!
  return [{ key: stored.key, value: cloneJson({ ...verdict.budget, status: verdict.status }), expect: stored.revision }]
}

function withReason({ key, value, revision }: Stored, wallMs: number): Write {
  const pod = cloneJson(value) as Pod
  const { generation } = pod.metadata
  pod.status.conditions = setCondition(
    pod.status.conditions,
    { ...EVICTED, ...(generation !== undefined && { observedGeneration: generation }) },
    timestamp(wallMs),
  )
  return { key, value: pod, expect: revision }
}

const EVICTED = { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting' } as const
