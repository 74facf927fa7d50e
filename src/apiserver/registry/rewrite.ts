import { cloneJson } from '../../api/deep.ts'
import type { Kind } from '../../api/kind.ts'
import type { KubernetesObject } from '../../api/meta.ts'
import { notFound, staleWrite } from '../../api/status.ts'
import type { Parts } from '../parts.ts'
import { keyIn } from './keys.ts'

const CONFLICT_TRIES = 20

/**
 * A change the server itself makes to a stored object (binding, eviction): none of the rules for clients apply.
 * `change` gets a copy and changes it, or throws; it returns false to leave the object as it is.
 */
export async function rewriteObject<T extends KubernetesObject>(
  parts: Parts,
  kind: Kind<T>,
  namespace: string,
  name: string,
  change: (draft: T) => boolean | void,
): Promise<void> {
  const plain = kind as unknown as Kind
  const key = keyIn(plain, namespace, name)
  for (let attempt = 1; attempt <= CONFLICT_TRIES; attempt++) {
    const current = await parts.store.get(key)
    if (!current) throw notFound(plain, name)
    const draft = cloneJson(current.value) as T
    if (change(draft) === false) return
    const commit = await parts.store.commit([{ key, value: draft, expect: current.revision }])
    if (commit.done) return
  }
  throw staleWrite(plain, name)
}
