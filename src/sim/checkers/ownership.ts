/** Owners and dependents: who may go before whom. */
import type { KubernetesObject } from '../../api/meta.ts'
import { awaitsDependents } from '../../api/ownership.ts'
import type { Checker } from './checker.ts'

/**
 * An owner that is deleted in the foreground goes only when nothing is left that blocks it. It does not hold for who
 * creates dependents of an owner that is on its way out.
 */
export function foregroundWaits(): Checker {
  /** By the uid of the owner: the keys of what blocks it. */
  const blockers = new Map<string, Set<string>>()
  const blocked = (object: KubernetesObject | undefined): string[] =>
    (object?.metadata.ownerReferences ?? []).flatMap(({ uid, blockOwnerDeletion }) => (blockOwnerDeletion ? uid : []))
  return {
    name: 'foreground deletion waits',
    prefix: '/',
    see({ key, stored, previous }) {
      const now = stored?.value as KubernetesObject | undefined
      const before = previous?.value as KubernetesObject | undefined
      for (const uid of blocked(before)) blockers.get(uid)?.delete(key)
      for (const uid of blocked(now)) blockers.set(uid, (blockers.get(uid) ?? new Set()).add(key))
      if (now || !before || !awaitsDependents(before)) return undefined
      const left = [...(blockers.get(before.metadata.uid!) ?? [])]
      return left.length > 0 ? `${key} went before ${left.join(', ')}` : undefined
    },
  }
}
