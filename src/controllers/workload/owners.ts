/** Which workloads a change of a Pod concerns: its controller, and for one that nobody controls, whoever would adopt it. */
import { deepEqual } from '../../api/deep.ts'
import { apiVersionOf, type Kind } from '../../api/kind.ts'
import { controllerOf, keyOf, type KubernetesObject, type ObjectKey } from '../../api/meta.ts'
import type { Cache, CacheChange } from '../../client/cache.ts'

/** @param selects whether the owner's selector selects the object */
export function ownersTouchedBy<O extends KubernetesObject, T extends KubernetesObject>(
  { object, previous }: CacheChange<T>,
  ownerKind: Kind<O>,
  owners: Cache<O>,
  selects: (owner: O, object: T) => boolean,
): readonly ObjectKey[] {
  const keys = [object, previous].flatMap(version => (version ? (ownerKey(version, ownerKind) ?? []) : []))
  const isOrphan = object !== undefined && !controllerOf(object)
  // Its labels, or the loss of its controller, may make it somebody's.
  if (isOrphan && !object.metadata.deletionTimestamp && concernsAdoption(object, previous))
    keys.push(
      ...owners
        .list(object.metadata.namespace ?? '')
        .filter(owner => selects(owner, object))
        .map(keyOf),
    )
  return keys
}

function ownerKey<O extends KubernetesObject>(object: KubernetesObject, kind: Kind<O>): ObjectKey | undefined {
  const controller = controllerOf(object)
  if (controller?.kind !== kind.kind || controller.apiVersion !== apiVersionOf(kind)) return undefined
  return { namespace: object.metadata.namespace ?? '', name: controller.name }
}

const concernsAdoption = (object: KubernetesObject, previous: KubernetesObject | undefined): boolean =>
  previous === undefined || controllerOf(previous) !== undefined || !deepEqual(previous.metadata.labels, object.metadata.labels)
