import { Pod } from '../src/api/kinds/pod.ts'
import type { ObjectKey } from '../src/api/meta.ts'
import type { Client } from '../src/client/client.ts'

/** Resolves at the first event of the Pod for which it holds; undefined stands for a Pod that is gone. */
export async function watchPod(client: Client, { namespace, name }: ObjectKey, reached: (pod: Pod | undefined) => boolean): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const watch = client.watch(
      Pod,
      { namespace, fieldSelector: `metadata.name=${name}` },
      {
        event({ type, object }) {
          if (type === 'BOOKMARK' || type === 'ERROR' || !reached(type === 'DELETED' ? undefined : (object as Pod))) return
          watch.stop()
          resolve()
        },
        ended: error => reject(error ?? new Error('the watch ended')),
      },
    )
  })
}

export const isReady = (pod: Pod): boolean => pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
