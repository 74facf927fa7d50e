/**
 * What a check has seen: every request, every timeline, and what the objects said. The diagnosis knows nothing else, so that
 * real containers, simulated ones and other people's clusters are judged by the same words.
 */
import type { Pod } from '../api/kinds/pod.ts'
import type { PodTimeline } from '../api/kinds/pod_timeline.ts'
import type { KubernetesObject } from '../api/meta.ts'
import type { Millis } from '../base/clock.ts'
import type { LoadRequest } from '../base/load_request.ts'

export type { ClientKind, LoadRequest, RequestOutcome, Symptom } from '../base/load_request.ts'

/** What the first process of a container does with the signal that stops it. */
export interface SignalHabits {
  readonly podUid: string
  readonly container: string
  /** As the image or the Pod names it: TERM, QUIT. */
  readonly stopSignal: string
  /**
   * False: the first process has no handler, so that its kernel drops the signal. Undefined: nobody could look. (True as well for
   * one that is not the first of its namespace, as where Pods share their processes: without a handler the signal ends it.)
   */
  readonly isCaught: boolean | undefined
  /** The first process' command line: `sh -c node server.js`. */
  readonly command: readonly string[]
}

export interface ObservedChange {
  readonly rollout: RolloutKind
  /** `Deployment/web`. */
  readonly workload: string
  readonly beganMs: Millis
  /** When the workload had settled; undefined: it did not in the time it was given, and `stuck` says why. */
  readonly settledMs: Millis | undefined
  /** A sentence: `Pod web-2: image "web:2" cannot be pulled`. */
  readonly stuck?: string
}

export type RolloutKind = 'restart' | 'image' | 'delete' | 'scale' | 'drain'

/** Where the load went in. */
export interface Entrance {
  readonly service: string
  readonly through: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'headless' | 'pod' | 'proxy' | 'url'
  readonly url: string
  /** The node whose rules decide where a request goes; undefined where that cannot be known. */
  readonly node: string | undefined
}

export interface Observation {
  readonly namespace: string
  readonly entrance: Entrance
  /** What every request asked for, with its query: `/shop?x=1`. */
  readonly path: string
  readonly change: ObservedChange
  readonly requests: readonly LoadRequest[]
  /** An answered request that took longer than this from its planned instant counts as slow. */
  readonly slowMs: Millis
  readonly timelines: readonly PodTimeline[]
  /** The time of day minus the monotonic clock: for timelines that only know the time of day, as those of other people's clusters. */
  readonly wallMinusMonotonicMs?: Millis
  /** As last seen, by uid: those that are gone too. */
  readonly pods: ReadonlyMap<string, Pod>
  /** Everything the files brought, as stored, and PodDisruptionBudgets and the like that select its Pods. */
  readonly objects: readonly KubernetesObject[]
  readonly signals: readonly SignalHabits[]
  /** What cannot be seen here, in sentences. */
  readonly blindSpots: readonly string[]
}
