/** Makes room on the disk without ending anything: what ended Pods have left behind, then images that nobody uses. */
import type { Pod } from '../../api/kinds/pod.ts'
import { messageOf } from '../../base/error_message.ts'
import { POD_UID_LABEL } from '../container/labels.ts'
import type { KubeletContext } from '../context.ts'
import { podLogsOf } from '../directories.ts'
import type { ImageGc } from '../image/image_gc.ts'
import type { PodWorkers } from '../pod/pod_workers.ts'

/**
 * The status of an ended Pod stays; its logs do not. Of Pods that live on, the kubelet keeps no more dead containers than
 * it must at any time. Throws when something could not be removed.
 */
export async function reclaimDisk({ runtime, host, directories }: KubeletContext, workers: Pick<PodWorkers, 'list'>, imageGc: ImageGc): Promise<void> {
  const ended = workers.list().filter(({ state }) => state === 'finished')
  const outcomes: PromiseSettledResult<void>[] = await Promise.allSettled(ended.map(({ pod }) => removeRemains(pod)))
  // After the containers: what only they were made from is unused now.
  outcomes.push(...(await Promise.allSettled([imageGc.deleteUnused()])))
  const problems = outcomes.flatMap(outcome => (outcome.status === 'rejected' ? [messageOf(outcome.reason)] : []))
  if (problems.length > 0) throw new Error(problems.join(', '))

  async function removeRemains(pod: Pod): Promise<void> {
    const sandboxes = await runtime.listPodSandboxes({ labels: { [POD_UID_LABEL]: pod.metadata.uid ?? '' } })
    await Promise.all(sandboxes.map(({ id }) => runtime.removePodSandbox(id)))
    await host.disk.remove(podLogsOf(directories, pod))
  }
}
