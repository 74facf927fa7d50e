/**
 * DELETE: an object goes at once, or it is marked and goes later.
 *
 *   nothing holds it ────────────────────────────────▶ removed, answer Status
 *   grace left (Pods) ─▶ deletionTimestamp = now + grace ─▶ its kubelet deletes it with grace 0
 *   finalizers left ───▶ deletionTimestamp, grace 0 ─────▶ whoever takes off the last one removes it
 */
import type { Kind } from '../../api/kind.ts'
import type { Namespace } from '../../api/kinds/namespace.ts'
import { timestamp, type KubernetesObject } from '../../api/meta.ts'
import { FOREGROUND_FINALIZER, isCollected, ORPHAN_FINALIZER } from '../../api/ownership.ts'
import { conflict, notFound, staleWrite, success } from '../../api/status.ts'
import { cloneJson } from '../../api/deep.ts'
import type { Millis } from '../../base/clock.ts'
import type { Stored } from '../../store/store.ts'
import type { Parts } from '../parts.ts'
import type { Call, Outcome } from './call.ts'
import { readDeleteOptions, type DeleteHow, type Propagation } from './delete_options.ts'
import { keyIn } from './keys.ts'

export async function deleteObject(parts: Parts, call: Call): Promise<Outcome> {
  const how = readDeleteOptions(call.request)
  warnOfDefaultPolicy(call, how)
  return deleteWith(parts, call, how)
}

/** For who might expect the Pods to go as well. kubectl always names a policy. */
export function warnOfDefaultPolicy({ kind, warnings }: Pick<Call, 'kind' | 'warnings'>, { propagation }: DeleteHow): void {
  const warning = propagation === undefined && ORPHANS_BY_DEFAULT.get(kind.storage.prefix)
  if (warning) warnings.push(warning)
}

/** Deletes never lose to other writers for long; a client that named a version is told at once. */
const CONFLICT_TRIES = 20

/** Throws NotFound, or Conflict when a precondition does not hold. */
export async function deleteWith(parts: Parts, call: Pick<Call, 'kind' | 'namespace' | 'name' | 'user' | 'warnings'>, how: DeleteHow): Promise<Outcome> {
  const { kind, namespace, name, user } = call
  for (let attempt = 1; ; attempt++) {
    const current = await parts.store.get(keyIn(kind, namespace, name))
    if (!current) throw notFound(kind, name)
    const object = parts.views.of(kind, current).object
    checkPreconditions(kind, object, how)
    await parts.admission.check({
      operation: 'DELETE',
      kind,
      namespace,
      name,
      subresource: '',
      user,
      dryRun: how.dryRun,
      warnings: call.warnings,
      object: undefined,
      old: object,
    })
    const plan = planDelete(kind, object, how, parts.clock.wall())
    const outcome = await carryOut(parts, kind, current, plan, how.dryRun)
    if (outcome) return outcome
    if (attempt === CONFLICT_TRIES) throw staleWrite(kind, name)
  }
}

export type DeletePlan = { readonly is: 'remove' } | { readonly is: 'mark'; readonly marked: KubernetesObject } | { readonly is: 'nothing' }

/** Decides what a DELETE does to an object. */
export function planDelete(kind: Kind, object: KubernetesObject, how: DeleteHow, wallMs: Millis): DeletePlan {
  const finalizers = finalizersFor(kind, object, how.propagation)
  const finalizersChange = finalizers.join() !== (object.metadata.finalizers ?? []).join()
  const deletion = deletionOf(kind, object, how.graceSeconds, isHeld({ ...object, metadata: { ...object.metadata, finalizers } }), wallMs)
  if (deletion === 'remove') return { is: 'remove' }
  if (deletion === 'keep' && !finalizersChange) return { is: 'nothing' }

  const marked = cloneJson(object)
  if (finalizersChange) marked.metadata.finalizers = finalizers
  if (deletion !== 'keep') {
    marked.metadata.deletionTimestamp = deletion.deletionTimestamp
    marked.metadata.deletionGracePeriodSeconds = deletion.graceSeconds
    if (!object.metadata.deletionTimestamp && kind.generation) marked.metadata.generation = (object.metadata.generation ?? 0) + 1
  }
  if (kind.storage.prefix === '/namespaces/') (marked as Namespace).status = { ...(marked as Namespace).status, phase: 'Terminating' }
  return { is: 'mark', marked }
}

/** Somebody has still something to do before the object may go. Namespaces have finalizers in their spec besides. */
export const isHeld = (object: KubernetesObject): boolean =>
  (object.metadata.finalizers?.length ?? 0) > 0 || (object.kind === 'Namespace' && ((object as Namespace).spec?.finalizers?.length ?? 0) > 0)

type Deletion = 'remove' | 'keep' | { readonly deletionTimestamp: string; readonly graceSeconds: number }

function deletionOf(kind: Kind, object: KubernetesObject, requested: number | undefined, held: boolean, wallMs: Millis): Deletion {
  const { deletionTimestamp, deletionGracePeriodSeconds: running = 0 } = object.metadata
  if (deletionTimestamp) {
    if (!kind.graceSeconds) return held ? 'keep' : 'remove'
    return shortened(deletionTimestamp, running, requested, held, wallMs)
  }
  const graceSeconds = kind.graceSeconds?.(object, requested) ?? 0
  if (graceSeconds === 0 && !held) return 'remove'
  return { deletionTimestamp: timestamp(wallMs + graceSeconds * 1000), graceSeconds }
}

/** A second DELETE can only shorten: to an earlier end, or to an end at once. */
function shortened(deletionTimestamp: string, running: number, requested: number | undefined, held: boolean, wallMs: Millis): Deletion {
  if (running === 0) return held ? 'keep' : 'remove'
  if (requested === undefined || requested >= running) return 'keep'
  const asked = requested < 0 ? 1 : requested
  if (asked === 0) return held ? { deletionTimestamp: timestamp(wallMs), graceSeconds: 0 } : 'remove'
  const endMs = Date.parse(deletionTimestamp) - (running - asked) * 1000
  // It began so long ago that the shorter grace is over already: what is left is the least there is.
  if (endMs < wallMs) return { deletionTimestamp: timestamp(wallMs), graceSeconds: 1 }
  return { deletionTimestamp: timestamp(endMs), graceSeconds: asked }
}

/** The garbage collector finds its orders here: who waits for dependents, who lets them go. A policy that is there already stays unless another is named. */
function finalizersFor(kind: Kind, { metadata }: KubernetesObject, propagation: Propagation | undefined): string[] {
  const present = metadata.finalizers ?? []
  if (!isCollected(kind)) return withOnly(present, undefined)
  if (propagation !== undefined)
    return withOnly(present, propagation === 'Orphan' ? ORPHAN_FINALIZER : propagation === 'Foreground' ? FOREGROUND_FINALIZER : undefined)
  const isDecided = metadata.deletionTimestamp !== undefined || present.includes(ORPHAN_FINALIZER) || present.includes(FOREGROUND_FINALIZER)
  return isDecided || !ORPHANS_BY_DEFAULT.has(kind.storage.prefix) ? [...present] : withOnly(present, ORPHAN_FINALIZER)
}

/** Kept from the first days of these kinds, with what the writer is told. */
const ORPHANS_BY_DEFAULT: ReadonlyMap<string, string> = new Map([
  ['/replicationcontrollers/', ''],
  [
    '/batch/jobs/',
    'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
  ],
])

const withOnly = (finalizers: readonly string[], wanted: string | undefined): string[] => {
  const others = finalizers.filter(finalizer => finalizer === wanted || (finalizer !== ORPHAN_FINALIZER && finalizer !== FOREGROUND_FINALIZER))
  return wanted && !others.includes(wanted) ? [...others, wanted] : others
}

/** Undefined: somebody else wrote in between. */
async function carryOut(parts: Parts, kind: Kind, current: Stored, plan: DeletePlan, dryRun: boolean): Promise<Outcome | undefined> {
  const object = parts.views.of(kind, current).object
  switch (plan.is) {
    case 'nothing':
      return { status: 200, object, stored: current }
    case 'mark': {
      if (dryRun) return { status: 200, object: plan.marked }
      const value = kind.storage.toStored ? kind.storage.toStored(plan.marked) : plan.marked
      const commit = await parts.store.commit([{ key: current.key, value, expect: current.revision }])
      if (!commit.done) return undefined
      const stored = commit.stored[0]!
      return { status: 200, object: parts.views.of(kind, stored).object, stored }
    }
    case 'remove': {
      if (!dryRun) {
        const commit = await parts.store.commit([{ key: current.key, value: undefined, expect: current.revision }])
        if (!commit.done) return undefined
      }
      const { name, uid } = object.metadata
      return { status: 200, object: success({ name, ...(kind.group && { group: kind.group }), kind: kind.plural, uid }) }
    }
  }
}

export function checkPreconditions(kind: Kind, { metadata }: KubernetesObject, { uid, resourceVersion }: DeleteHow): void {
  const name = metadata.name!
  if (uid !== undefined && uid !== metadata.uid)
    throw conflict(
      kind,
      name,
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    )
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
    throw conflict(
      kind,
      name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    )
}
