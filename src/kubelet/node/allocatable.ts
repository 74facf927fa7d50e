/**
 * What the Pods of a node may ask for together: its capacity, less what would be evicted as soon as it was used (behaviour
 * 6.4). Nothing more is kept back for the system, as Kubernetes' own defaults have it.
 */
import { formatQuantity } from '../../api/quantity.ts'
import { hardReservation, type Threshold } from '../eviction/thresholds.ts'
import type { Machine } from './machine.ts'

export type Allocatable = Pick<Machine, 'cpuMilli' | 'memoryBytes' | 'ephemeralStorageBytes' | 'podsMax'>

export function allocatableOf({ cpuMilli, memoryBytes, ephemeralStorageBytes, podsMax }: Machine, thresholds: readonly Threshold[]): Allocatable {
  const memory = wholeKibibytes(memoryBytes)
  const storage = wholeKibibytes(ephemeralStorageBytes)
  return {
    cpuMilli,
    podsMax,
    memoryBytes: Math.max(0, memory - hardReservation(thresholds, 'memory', memory)),
    ephemeralStorageBytes: Math.max(0, storage - hardReservation(thresholds, 'ephemeral-storage', storage)),
  }
}

/** In the unit that keeps it whole, as Kubernetes prints it. */
export const allocatableResources = ({ cpuMilli, memoryBytes, ephemeralStorageBytes, podsMax }: Allocatable): Record<string, string> => ({
  cpu: printed(cpuMilli / 1000, 'decimal'),
  'ephemeral-storage': printed(ephemeralStorageBytes, 'binary'),
  'hugepages-1Gi': '0',
  'hugepages-2Mi': '0',
  memory: printed(memoryBytes, 'binary'),
  pods: String(podsMax),
})

/** The capacity is told in them. */
const wholeKibibytes = (bytes: number): number => Math.floor(bytes / 1024) * 1024

const printed = (amount: number, format: 'decimal' | 'binary'): string => formatQuantity({ nano: BigInt(Math.round(amount * 1e3)) * 1_000_000n, format })
