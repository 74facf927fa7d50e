/**
 * What is in a namespace that is being deleted: Pods first, and the rest only when none of them is left, so that nothing
 * they need is taken from under them.
 *
 *   for each kind: list ─▶ delete what is not leaving yet ─▶ list what is left ─▶ why is it, and when to look again
 */
import type { Kind } from '../../api/kind.ts'
import type { KubernetesObject } from '../../api/meta.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { isTerminal } from '../../api/pod.ts'
import { isCollected, oneVersionEach } from '../../api/ownership.ts'
import type { Millis } from '../../base/clock.ts'
import { messageOf } from '../../base/error_message.ts'
import { collectionPath } from '../../client/api_client.ts'
import type { Client } from '../../client/client.ts'

export interface Remains {
  readonly kind: Kind
  readonly objects: readonly KubernetesObject[]
}

export interface Contents {
  readonly remains: readonly Remains[]
  /** What went wrong, in sentences. */
  readonly failures: readonly string[]
  /** When something may have changed that nobody tells us of. */
  readonly againMs: Millis
}

/** For whoever holds an object by a finalizer. */
const FINALIZER_ESTIMATE_S = 15
const FAILED_AGAIN_MS = 1_000

/** Each resource once, in the order in which they go. */
export function contentKinds(kinds: readonly Kind[]): Kind[] {
  const deletable = oneVersionEach(kinds.filter(kind => kind.namespaced && kind.verbs.includes('deletecollection')))
  return deletable.sort((a, b) => Number(isPods(b)) - Number(isPods(a)) || (a.storage.prefix < b.storage.prefix ? -1 : 1))
}

/** Kinds whose caches the garbage collector keeps anyway. */
export const watchedKinds = (contents: readonly Kind[]): Kind[] => contents.filter(isCollected)

/** Deletes what can be deleted now, and tells what is left. Never throws. @param sinceMs how long the namespace has been on its way out */
export async function deleteContents(client: Client, kinds: readonly Kind[], namespace: string, sinceMs: Millis): Promise<Contents> {
  const remains: Remains[] = []
  const failures: string[] = []
  let againMs = Infinity
  for (const kind of kinds) {
    // The first that is left keeps all others.
    if (!isPods(kind) && remains.some(left => isPods(left.kind))) break
    try {
      const objects = await deleteAll(client, kind, namespace)
      if (objects.length === 0) continue
      remains.push({ kind, objects })
      const estimateS = estimateSeconds(kind, objects, sinceMs)
      if (estimateS > 0) againMs = Math.min(againMs, (Math.floor(estimateS / 2) + 1) * 1_000)
      else failures.push(`unexpected items still remain in namespace: ${namespace} for gvr: ${kind.group}/${kind.version}, Resource=${kind.plural}`)
    } catch (error) {
      failures.push(messageOf(error))
      if (isPods(kind)) break
    }
  }
  return { remains, failures, againMs: failures.length > 0 ? Math.min(againMs, FAILED_AGAIN_MS) : againMs }
}

/** What is on its way out already is not told again. Answers with what is left. */
async function deleteAll(client: Client, kind: Kind, namespace: string): Promise<readonly KubernetesObject[]> {
  const { items } = await client.list(kind, { namespace })
  if (items.every(({ metadata }) => metadata.deletionTimestamp !== undefined)) return items
  await client.request({
    method: 'DELETE',
    path: collectionPath(kind, namespace),
    headers: { 'content-type': 'application/json' },
    // Whatever the kind's own default is: dependents are in the namespace, too.
    body: { is: 'object', object: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' } },
  })
  return (await client.list(kind, { namespace })).items
}

/** How long what is left may need at most. 0: it should be gone by now. */
function estimateSeconds(kind: Kind, objects: readonly KubernetesObject[], sinceMs: Millis): number {
  const graceS = isPods(kind)
    ? Math.max(0, ...(objects as readonly Pod[]).filter(pod => !isTerminal(pod)).map(({ spec }) => spec.terminationGracePeriodSeconds ?? 0))
    : 0
  if (graceS * 1_000 > sinceMs) return graceS
  return objects.some(({ metadata }) => (metadata.finalizers?.length ?? 0) > 0) ? FINALIZER_ESTIMATE_S : 0
}

const isPods = ({ storage }: Kind): boolean => storage.prefix === '/pods/'
