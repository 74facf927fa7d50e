/**
 * What the kubelet writes on sandboxes and containers, and reads back after a restart: the runtime is its only memory
 * of what runs. The names are Kubernetes' own, so that crictl and other tools of a node understand them.
 */
import { canonicalJson } from '../../base/canonical_json.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { CONFIG_SOURCE_ANNOTATION } from '../../api/pod.ts'
import type { Container } from '../../api/types/container.ts'
import type { ContainerSummary, Labels } from '../../runtime/runtime.ts'

export const POD_UID_LABEL = 'io.kubernetes.pod.uid'
const POD_NAME_LABEL = 'io.kubernetes.pod.name'
const POD_NAMESPACE_LABEL = 'io.kubernetes.pod.namespace'
const CONTAINER_NAME_LABEL = 'io.kubernetes.container.name'
const HASH_ANNOTATION = 'io.kubernetes.container.hash'
const RESTART_COUNT_ANNOTATION = 'io.kubernetes.container.restartCount'
const MESSAGE_PATH_ANNOTATION = 'io.kubernetes.container.terminationMessagePath'
const MESSAGE_POLICY_ANNOTATION = 'io.kubernetes.container.terminationMessagePolicy'
const GRACE_ANNOTATION = 'io.kubernetes.pod.terminationGracePeriod'
/** Ours: where the termination message is on this machine. */
const MESSAGE_FILE_ANNOTATION = 'poise.dev/termination-message-file'

export function sandboxLabels(pod: Pod): Labels {
  return { ...pod.metadata.labels, ...podLabels(pod) }
}

export function sandboxAnnotations(pod: Pod): Labels {
  return { [CONFIG_SOURCE_ANNOTATION]: 'api', ...pod.metadata.annotations }
}

export const containerLabels = (pod: Pod, container: Container): Labels => ({ ...podLabels(pod), [CONTAINER_NAME_LABEL]: container.name })

export function containerAnnotations(pod: Pod, container: Container, restartCount: number, messageFile: string): Labels {
  return {
    [HASH_ANNOTATION]: containerHash(container),
    [RESTART_COUNT_ANNOTATION]: String(restartCount),
    [MESSAGE_PATH_ANNOTATION]: container.terminationMessagePath ?? '',
    [MESSAGE_POLICY_ANNOTATION]: container.terminationMessagePolicy ?? 'File',
    [MESSAGE_FILE_ANNOTATION]: messageFile,
    [GRACE_ANNOTATION]: String(pod.spec.terminationGracePeriodSeconds ?? 30),
  }
}

export const podUidOf = ({ labels }: { labels: Labels }): string | undefined => labels[POD_UID_LABEL]
export const podNameOf = ({ labels }: { labels: Labels }) => ({ namespace: labels[POD_NAMESPACE_LABEL] ?? '', name: labels[POD_NAME_LABEL] ?? '' })
export const containerNameOf = ({ labels }: { labels: Labels }): string => labels[CONTAINER_NAME_LABEL] ?? ''
export const hashOf = ({ annotations }: { annotations: Labels }): string | undefined => annotations[HASH_ANNOTATION]
export const messageFileOf = ({ annotations }: { annotations: Labels }): string => annotations[MESSAGE_FILE_ANNOTATION] ?? ''
export const messagePolicyOf = ({ annotations }: { annotations: Labels }): string => annotations[MESSAGE_POLICY_ANNOTATION] ?? 'File'

/** How often the container had been started before this instance. */
export const restartCountOf = (container: Pick<ContainerSummary, 'annotations' | 'metadata'>): number =>
  Number(container.annotations[RESTART_COUNT_ANNOTATION] ?? container.metadata.attempt)

/** A running container is replaced when this changes. Only name and image take part: nothing else of a Pod can change in place. */
export const containerHash = (container: Container): string => fnv1a(canonicalJson({ name: container.name, image: container.image }))

/** Crash back-off is kept per this: another image or other resources start afresh. */
export const backoffKey = (container: Container): string =>
  canonicalJson({ name: container.name, image: container.image, resources: container.resources ?? {} })

const podLabels = (pod: Pod): Labels => ({
  [POD_NAME_LABEL]: pod.metadata.name ?? '',
  [POD_NAMESPACE_LABEL]: pod.metadata.namespace ?? '',
  [POD_UID_LABEL]: pod.metadata.uid ?? '',
})

function fnv1a(text: string): string {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return (hash >>> 0).toString(16)
}
