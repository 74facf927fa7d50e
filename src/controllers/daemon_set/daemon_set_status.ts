import type { DaemonSet } from '../../api/kinds/daemon_set.ts'
import { isAvailable, isReady } from '../../api/pod.ts'
import type { DaemonSetStatus } from '../../api/types/daemon_set.ts'
import { hashOf } from './daemon_pods.ts'
import type { Observed } from './plan_daemon_set.ts'

/** What the set says about its nodes. The oldest Pod of a node speaks for it. */
export function daemonSetStatusOf({ set, nodes, hash, wallMs }: Observed, collisionCount: number): DaemonSetStatus {
  const wanted = nodes.filter(({ verdict }) => verdict === 'run')
  const speakers = wanted.flatMap(({ pods }) => pods.slice(0, 1))
  const available = speakers.filter(pod => isAvailable(pod, set.spec.minReadySeconds ?? 0, wallMs)).length
  const counts = {
    updatedNumberScheduled: speakers.filter(pod => hashOf(pod) === hash).length,
    numberAvailable: available,
    numberUnavailable: wanted.length - available,
  }
  return {
    ...(set.status.conditions && { conditions: set.status.conditions }),
    currentNumberScheduled: speakers.length,
    numberMisscheduled: nodes.filter(({ verdict, pods }) => verdict !== 'run' && pods.length > 0).length,
    desiredNumberScheduled: wanted.length,
    numberReady: speakers.filter(isReady).length,
    observedGeneration: set.metadata.generation!,
    // Numbers that are 0 are left out, as in Kubernetes.
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    ...(collisionCount > 0 && { collisionCount }),
  } satisfies DaemonSet['status']
}
