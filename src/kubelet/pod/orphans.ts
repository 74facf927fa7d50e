/** What runs or lies on the node for a Pod that nobody knows any more: removed while we were away. */
import type { Pod } from '../../api/kinds/pod.ts'
import { messageOf } from '../../base/error_message.ts'
import { podNameOf, podUidOf } from '../container/labels.ts'
import type { KubeletContext } from '../context.ts'
import { removeWithMounts } from '../volume/removal.ts'

/**
 * Removes their directories, and hands out the Pods that still have a sandbox: nobody is left to write a status for, but
 * they must be ended.
 */
export async function removeOrphans(
  { host, runtime, directories }: Pick<KubeletContext, 'host' | 'runtime' | 'directories'>,
  isKnown: (uid: string) => boolean,
  end: (pod: Pod) => void,
): Promise<void> {
  const { disk, log } = host
  for (const sandbox of await runtime.listPodSandboxes()) {
    const uid = podUidOf(sandbox)
    if (!uid || isKnown(uid)) continue
    const { name, namespace } = podNameOf(sandbox)
    log.info('the runtime has a Pod that the API does not know', { pod: name, namespace, uid })
    end({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, uid }, spec: { containers: [] }, status: {} } as unknown as Pod)
  }
  await removeDirectories(directories.pods, name => name)
  await removeDirectories(directories.memory, name => name)
  await removeDirectories(directories.logs, name => name.slice(name.lastIndexOf('_') + 1))

  async function removeDirectories(parent: string, uidOf: (name: string) => string): Promise<void> {
    for (const name of await disk.list(parent).catch(() => [])) {
      if (isKnown(uidOf(name))) continue
      await removeWithMounts(host, `${parent}/${name}`).catch((error: unknown) =>
        log.warn('an orphaned directory could not be removed', { directory: name, error: messageOf(error) }),
      )
    }
  }
}
