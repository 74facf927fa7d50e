/** How the kubelet guards its node. Names are those of the kubelet's configuration; durations are in milliseconds. */
import type { Millis } from '../../base/clock.ts'
import { DEFAULT_EVICTION_HARD, type ThresholdSettings } from './thresholds.ts'

export interface EvictionSettings extends ThresholdSettings {
  /** A soft eviction gives a Pod at most this long, in seconds, and never more than its own grace. */
  readonly evictionMaxPodGracePeriod: number
  /** How long a node shows a pressure after it was last seen, so that Pods do not come and go with it. */
  readonly evictionPressureTransitionPeriodMs: Millis
  /** How often the node is looked at. Kubernetes has no option for it. */
  readonly evictionMonitorPeriodMs: Millis
}

/** The kubelet's own on Linux. */
export const DEFAULT_EVICTION: EvictionSettings = {
  evictionHard: DEFAULT_EVICTION_HARD,
  evictionSoft: {},
  evictionSoftGracePeriodMs: {},
  evictionMinimumReclaim: {},
  evictionMaxPodGracePeriod: 0,
  evictionPressureTransitionPeriodMs: 300_000,
  evictionMonitorPeriodMs: 10_000,
}
