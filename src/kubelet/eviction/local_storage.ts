/**
 * Pods that use more of the node's disk than they may: an emptyDir over its sizeLimit, a container over its limit of
 * ephemeral-storage, or the whole Pod over the sum of these. Such a Pod goes whether or not the node is short of anything.
 */
import type { Pod } from '../../api/kinds/pod.ts'
import { canonicalQuantity, formatQuantity, parseQuantity, quantityValue } from '../../api/quantity.ts'
import { podLimits } from '../../api/resources.ts'
import { containerStorageMessage, emptyDirMessage, podStorageMessage } from './messages.ts'
import { ALL_DISK_PARTS, containerFigures, diskFigures, sum, type Candidate } from './pod_usage.ts'

/** Whether there is anything to measure. */
export const hasStorageLimit = (pod: Pod): boolean =>
  podLimits(pod).has('ephemeral-storage') || (pod.spec.volumes ?? []).some(({ emptyDir }) => emptyDir?.sizeLimit !== undefined)

/** Why the Pod must go, or undefined. The first of its reasons, in Kubernetes' order: volumes, Pod, containers. */
export function localStorageExcess(candidate: Candidate, hasSeparateImageFilesystem: boolean): string | undefined {
  if (!candidate.stats) return undefined
  return emptyDirExcess(candidate) ?? podExcess(candidate) ?? containerExcess(candidate, hasSeparateImageFilesystem)
}

function emptyDirExcess({ pod, stats }: Candidate): string | undefined {
  for (const { name, emptyDir } of pod.spec.volumes ?? []) {
    if (emptyDir?.sizeLimit === undefined) continue
    const limit = quantityValue(String(emptyDir.sizeLimit))
    const used = stats!.volumes.find(volume => volume.name === name)?.usedBytes
    if (limit > 0 && used !== undefined && used > limit) return emptyDirMessage(name, canonicalQuantity(String(emptyDir.sizeLimit))!)
  }
  return undefined
}

/** Containers without a limit add nothing to it, but what they use counts: Kubernetes has it so. */
function podExcess({ pod, stats }: Candidate): string | undefined {
  const limit = podLimits(pod).get('ephemeral-storage')
  if (limit === undefined) return undefined
  const used = sum(diskFigures(stats!, ALL_DISK_PARTS), figures => figures.usedBytes)
  return used > limit ? podStorageMessage(printedLimit(pod, limit)) : undefined
}

/** In the family of suffixes that its first part was written in, as Kubernetes' totals come out. */
function printedLimit(pod: Pod, limit: number): string {
  const texts = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].map(({ resources }) => resources?.limits?.['ephemeral-storage'])
  const format = parseQuantity(texts.find(text => text !== undefined) ?? '')?.format ?? 'binary'
  return formatQuantity({ nano: BigInt(limit) * 1_000_000_000n, format })
}

/** Writable layers on a filesystem of their own are not counted, as in the kubelet. A limit of zero is none. */
function containerExcess({ pod, stats }: Candidate, hasSeparateImageFilesystem: boolean): string | undefined {
  for (const { name, resources } of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
    const limit = resources?.limits?.['ephemeral-storage']
    const usage = stats!.containers.find(container => container.name === name)
    if (limit === undefined || !usage || quantityValue(limit) === 0) continue
    const used = sum(containerFigures(usage, { writableLayers: !hasSeparateImageFilesystem, logsAndVolumes: true }), figures => figures.usedBytes)
    if (used > quantityValue(limit)) return containerStorageMessage(name, canonicalQuantity(limit)!)
  }
  return undefined
}
