/** Which of the runtime's handlers runs a Pod: the one its RuntimeClass names. */
import type { Pod } from '../../api/kinds/pod.ts'
import { RuntimeClass } from '../../api/kinds/runtime_class.ts'
import { isReason } from '../../api/status.ts'
import type { Client } from '../../client/client.ts'

/** '' is the default handler. Rejects when the class has gone since the Pod was made. */
export async function runtimeHandlerOf({ spec }: Pod, client: Pick<Client, 'get'>): Promise<string> {
  const name = spec.runtimeClassName
  if (!name) return ''
  try {
    return (await client.get(RuntimeClass, { namespace: '', name })).handler
  } catch (error) {
    if (isReason(error, 'NotFound')) throw new Error(`runtimeclass.node.k8s.io ${JSON.stringify(name)} not found`)
    throw error
  }
}
