/**
 * Who goes first when the node is short of something (behaviour 6.5): whoever uses more than it asked for, then the lower
 * priority, then whoever uses the most beyond what it asked for. Processes cannot be asked for: priority, then their number.
 */
import { ALL_DISK_PARTS, requestOf, usageOf, type Candidate, type DiskParts } from './pod_usage.ts'
import { SIGNALS, type Signal, type StarvedResource } from './signals.ts'

export interface RankInputs {
  readonly candidates: readonly Candidate[]
  readonly signal: Signal
  /** Images and writable layers have a filesystem of their own. */
  readonly hasSeparateImageFilesystem: boolean
}

/** The first is the first to go. Pods that nothing is known of go before those that are known to behave. */
export function rankCandidates({ candidates, signal, hasSeparateImageFilesystem }: RankInputs): Candidate[] {
  const { resource } = SIGNALS[signal]
  const parts = diskPartsOf(signal, hasSeparateImageFilesystem)
  const measured = candidates.map(candidate => {
    const usage = usageOf(candidate, resource, parts)
    const request = requestOf(candidate, resource)
    return { candidate, usage, request, priority: candidate.pod.spec.priority ?? 0, offends: offends(candidate, resource, usage, request) }
  })
  return measured
    .sort((a, b) => b.offends - a.offends || a.priority - b.priority || b.usage - b.request - (a.usage - a.request))
    .map(({ candidate }) => candidate)
}

/** 2: nothing is known of it. 1: it uses more than it has asked for. */
const offends = ({ stats }: Candidate, resource: StarvedResource, usage: number, request: number): number =>
  resource === 'pids' ? 0 : stats === undefined ? 2 : Number(usage > request)

function diskPartsOf(signal: Signal, hasSeparateImageFilesystem: boolean): DiskParts {
  if (!hasSeparateImageFilesystem) return ALL_DISK_PARTS
  return signal.startsWith('imagefs') ? { writableLayers: true, logsAndVolumes: false } : { writableLayers: false, logsAndVolumes: true }
}
