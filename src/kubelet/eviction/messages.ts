/** What an evicted Pod says of its end, to Kubernetes' letter: sentences end with a full stop and a space, the last one too. */
import { isSidecar } from '../../api/pod.ts'
import { canonicalQuantity, quantityValue } from '../../api/quantity.ts'
import type { PodStats } from '../stats/stats.ts'
import { containerFigures, sum, ALL_DISK_PARTS, type Candidate } from './pod_usage.ts'
import { SIGNALS, type Observations, type PressureCondition, type StarvedResource } from './signals.ts'
import { printedAmount, printedAvailable, printedBinary, type Threshold } from './thresholds.ts'

/** @param met all thresholds that are acted on in this pass: the first of the resource is the one that is told */
export function pressureMessage({ pod, stats }: Candidate, resource: StarvedResource, met: readonly Threshold[], observations: Observations): string {
  const threshold = met.find(({ signal }) => SIGNALS[signal].resource === resource)
  const seen = threshold && observations.get(threshold.signal)
  const quantity =
    threshold && seen ? `Threshold quantity: ${printedAmount(threshold.value, seen.capacity)}, available: ${printedAvailable(threshold.signal, seen)}. ` : ''
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? []).filter(isSidecar)].flatMap(container => {
    const bytes = containerBytes(stats, container.name, resource)
    const request = canonicalQuantity(container.resources?.requests?.[resource] ?? '0') ?? '0'
    if (bytes === undefined || bytes <= quantityValue(request)) return []
    return [`Container ${container.name} was using ${printedBinary(bytes)}, request is ${request}, has larger consumption of ${resource}. `]
  })
  return `The node was low on resource: ${resource}. ${quantity}${containers.join('')}`
}

/** Undefined where it is not known, and for what no container can ask for. */
function containerBytes(stats: PodStats | undefined, name: string, resource: StarvedResource): number | undefined {
  const usage = stats?.containers.find(container => container.name === name)
  if (!usage) return undefined
  if (resource === 'memory') return usage.memory?.workingSetBytes
  if (resource !== 'ephemeral-storage' || !usage.logs) return undefined
  return sum(containerFigures(usage, ALL_DISK_PARTS), figures => figures.usedBytes)
}

export const emptyDirMessage = (volume: string, limit: string): string => `Usage of EmptyDir volume "${volume}" exceeds the limit "${limit}". `

export const podStorageMessage = (limit: string): string => `Pod ephemeral local storage usage exceeds the total limit of containers ${limit}. `

export const containerStorageMessage = (container: string, limit: string): string =>
  `Container ${container} exceeded its local ephemeral storage limit "${limit}". `

/** Why a Pod is refused: `The node had condition: [DiskPressure]. ` */
export const conditionMessage = (conditions: readonly PressureCondition[]): string => `The node had condition: [${conditions.join(' ')}]. `
