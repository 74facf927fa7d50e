/**
 * Where a check happens. One scenario runs on all of them:
 *
 *   files ─▶ apply ─▶ wait until served ─▶ load ─▶ change ─▶ wait until settled ─▶ observation ─▶ diagnosis ─▶ report
 *
 * Everything waits on the site's clock only, so that the same code runs in virtual time.
 */
import type { PodTimeline } from '../api/kinds/pod_timeline.ts'
import type { Pod } from '../api/kinds/pod.ts'
import type { Clock, Millis } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Random } from '../base/random.ts'
import type { Client } from '../client/client.ts'
import type { ClientKind, Entrance, LoadRequest, SignalHabits } from './observation.ts'
import type { SiteKind } from './report.ts'

export interface CheckSite {
  readonly kind: SiteKind
  /** `2 nodes, real containers (containerd and runc)`. */
  readonly description: string
  readonly blindSpots: readonly string[]
  readonly client: Client
  /** The administrator's, as text: for whoever keeps the cluster to look at it. Undefined where kubectl cannot come in. */
  readonly kubeconfig?: string
  /** `now()` is what spans and requests are told in. */
  readonly host: { readonly clock: Clock; readonly random: Random; readonly log: Log }
  /** How the load comes in to this Service; rejects with a sentence and a next step where it cannot. */
  entranceTo(target: LoadTarget): Promise<Entrance>
  /** Resolves when it sends; nothing is sent before. */
  startLoad(options: LoadOptions): Promise<RunningLoad>
  /** Of the namespace, with those that are gone. */
  timelines(namespace: string): Promise<readonly PodTimeline[]>
  /** Looks at the first process of each running container of the Pods. */
  signalHabits(pods: readonly Pod[]): Promise<readonly SignalHabits[]>
  close(): Promise<void>
}

export interface LoadTarget {
  readonly namespace: string
  readonly service: string
  readonly port: number
  /** As the Service has it. */
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'headless'
  readonly nodePort?: number
  readonly clusterIP?: string
}

export interface LoadOptions {
  readonly target: LoadTarget
  readonly entrance: Entrance
  readonly path: string
  /** Of all clients together; they take turns. */
  readonly ratePerSecond: number
  readonly clients: readonly ClientKind[]
  readonly timeoutMs: Millis
}

export interface RunningLoad {
  /** So far: for progress. */
  counts(): { readonly sent: number; readonly answered: number; readonly failed: number }
  /** Sends nothing more, waits for what is under way, and tells all, in planned order. */
  stop(): Promise<readonly LoadRequest[]>
}
