/**
 * Guards the node: when memory, disk or processes run out, it says so, takes no more Pods, and ends some of those it has.
 *
 *   every 10 s: figures ─▶ a Pod over its own storage limit? ─▶ evict it
 *                 └──────▶ pressure? ─▶ condition, Event ─▶ remove dead containers and unused images ─▶ cured?
 *                                                                                   └─ no ─▶ evict one Pod ─▶ wait until it is gone ─▶ look again
 */
import type { Pod } from '../../api/kinds/pod.ts'
import type { KubernetesObject } from '../../api/meta.ts'
import { sleep, type Millis } from '../../base/clock.ts'
import { messageOf } from '../../base/error_message.ts'
import type { KubeletContext } from '../context.ts'
import type { PodWorkers } from '../pod/pod_workers.ts'
import type { NodeSummary } from '../stats/stats.ts'
import { hasStorageLimit } from './local_storage.ts'
import { planEviction, planLocalStorageEvictions, type Eviction } from './plan_eviction.ts'
import { NO_PRESSURE, planPressure } from './plan_pressure.ts'
import type { Candidate } from './pod_usage.ts'
import type { EvictionSettings } from './settings.ts'
import { hasSeparateImageFilesystem, observe, SIGNALS, type PressureCondition } from './signals.ts'
import { parseThresholds, thresholdsMet, type Threshold } from './thresholds.ts'

export interface EvictionManager {
  /** Learns what the node is short of, before anybody is there who could be evicted. */
  look(): Promise<void>
  run(signal: AbortSignal): Promise<void>
  /** What the node is short of, as of the last pass. */
  conditions(): readonly PressureCondition[]
  readonly thresholds: readonly Threshold[]
}

export interface EvictionParts {
  readonly context: KubeletContext
  readonly settings: EvictionSettings
  readonly workers: Pick<PodWorkers, 'list' | 'kill'>
  readonly figures: () => Promise<NodeSummary>
  /** Frees disk without ending anything. */
  readonly reclaimDisk: () => Promise<void>
  /** Events are about it. */
  readonly node: () => KubernetesObject | undefined
  /** What the node is short of has changed. */
  readonly changed: () => void
}

const CLEAN_UP_POLL_MS = 1_000
const CLEAN_UP_MS_MAX = 30_000
/** As long as the kubelet itself waits for a kill: half as long again as the grace. */
const KILL_MS_MIN = 10_000

/** Throws EvictionSettingsError. */
export function createEvictionManager({ context, settings, workers, figures, reclaimDisk, node, changed }: EvictionParts): EvictionManager {
  const { events, host } = context
  const { clock, log } = host
  const thresholds = parseThresholds(settings)
  let memory = NO_PRESSURE
  let conditions: readonly PressureCondition[] = []

  function judge({ node: figuresOfNode }: NodeSummary) {
    const observations = observe(figuresOfNode)
    const plan = planPressure({ observations, thresholds, memory, transitionPeriodMs: settings.evictionPressureTransitionPeriodMs, now: clock.now() })
    const hasChanged = plan.conditions.join() !== conditions.join()
    memory = plan.memory
    conditions = plan.conditions
    if (hasChanged) {
      log.info('what the node is short of has changed', { conditions: plan.conditions.join(' ') || 'nothing' })
      changed()
    }
    return { observations, act: plan.act }
  }

  /** The Pods that were evicted. */
  async function pass(): Promise<readonly Eviction[]> {
    if (thresholds.length === 0 && !workers.list().some(({ pod }) => hasStorageLimit(pod))) return []
    const summary = await figures()
    const { observations, act } = judge(summary)
    const isSeparate = hasSeparateImageFilesystem(summary.node)
    const excesses = planLocalStorageEvictions(candidates(summary), isSeparate)
    if (excesses.length > 0) return evict(excesses)

    const [threshold] = act
    if (!threshold) return []
    const about = node()
    if (about) events.warning(about, 'EvictionThresholdMet', `Attempting to reclaim ${SIGNALS[threshold.signal].resource}`)
    if (await isCuredByReclaiming(threshold, isSeparate)) return []
    const eviction = planEviction({
      candidates: candidates(summary),
      met: act,
      observations,
      hasSeparateImageFilesystem: isSeparate,
      evictionMaxPodGracePeriod: settings.evictionMaxPodGracePeriod,
    })
    if (!eviction && candidates(summary).length > 0) log.warn('only Pods are left that the node cannot do without', { signal: threshold.signal })
    return eviction ? evict([eviction]) : []
  }

  /** What the kubelet itself keeps lies with the images: where these have a filesystem of their own, removing it helps that one only. */
  async function isCuredByReclaiming({ signal }: Threshold, isSeparate: boolean): Promise<boolean> {
    if (SIGNALS[signal].condition !== 'DiskPressure' || (isSeparate && signal.startsWith('nodefs'))) return false
    await reclaimDisk().catch((error: unknown) => log.warn('not everything that nobody uses could be removed', { error: messageOf(error) }))
    return thresholdsMet(memory.met, observe((await figures()).node), { untilCured: true }).length === 0
  }

  /** Those that still have something to lose. */
  function candidates({ pods }: NodeSummary): Candidate[] {
    const active = workers.list().filter(({ state, worker }) => state === 'working' && worker.termination === undefined)
    return active.map(({ pod }) => ({ pod, stats: pods.find(stats => stats.pod.uid === pod.metadata.uid) }))
  }

  function evict(evictions: readonly Eviction[]): readonly Eviction[] {
    for (const { pod, termination } of evictions) {
      const message = termination.failure?.message ?? ''
      log.warn('a Pod is evicted', { pod: pod.metadata.name, namespace: pod.metadata.namespace, message })
      events.warning(pod, 'Evicted', message)
      workers.kill(pod.metadata.uid ?? '', termination)
    }
    return evictions
  }

  /** Until they are gone, and what they had is free again; a Pod that does not end holds the others up no longer than this. */
  async function untilGone(evictions: readonly Eviction[], signal: AbortSignal): Promise<void> {
    const patienceMs = Math.max(KILL_MS_MIN, ...evictions.map(({ termination }) => termination.graceMs * 1.5)) + CLEAN_UP_MS_MAX
    for (const deadline: Millis = clock.now() + patienceMs; clock.now() < deadline;) {
      await sleep(clock, CLEAN_UP_POLL_MS, signal, 'every look whether an evicted Pod is gone')
      const isHere = ({ metadata: { uid } }: Pod) => workers.list().some(({ pod, state }) => state === 'working' && pod.metadata.uid === uid)
      if (!evictions.some(({ pod }) => isHere(pod))) return
    }
  }

  return {
    thresholds,
    conditions: () => conditions,
    async look() {
      judge(await figures())
    },
    async run(signal) {
      while (!signal.aborted) {
        const evictions = await pass().catch((error: unknown) => {
          log.warn('the node could not be guarded this time', { error: messageOf(error) })
          return []
        })
        try {
          if (evictions.length > 0) await untilGone(evictions, signal)
          else await sleep(clock, settings.evictionMonitorPeriodMs, signal, 'every look at the node')
        } catch (error) {
          if (!signal.aborted) throw error
        }
      }
    },
  }
}
