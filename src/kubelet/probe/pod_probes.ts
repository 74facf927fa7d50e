import type { Pod } from '../../api/kinds/pod.ts'
import type { HealthOf, ObservedPod } from '../pod/pod_state.ts'

/** The probes of one Pod: a worker for each container and kind of probe. */
export interface PodProbes {
  /** Starts workers for what runs and stops those of what does not. */
  sync(pod: Pod, observed: ObservedPod, state: { readonly isEnding: boolean; readonly starting: ReadonlySet<string> }): void
  readonly healthOf: HealthOf
  stop(): void
}
