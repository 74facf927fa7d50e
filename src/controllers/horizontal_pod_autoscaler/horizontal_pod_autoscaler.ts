/**
 * HorizontalPodAutoscaler: gives a workload as many Pods as what they use asks for.
 *
 *   every 15 s ─▶ scale of the target ─▶ each metric ─▶ the highest answer ─▶ paceOf ─▶ scale ─▶ status
 *
 * What was recommended and done in the last hour is kept in memory, as in Kubernetes. Who remembers nothing, after a restart
 * or of a new autoscaler, takes what there is for a recommendation: nothing is taken away before its window is over.
 */
import { deepEqual } from '../../api/deep.ts'
import type { Kind } from '../../api/kind.ts'
import { DEFAULT_RULES, HorizontalPodAutoscaler } from '../../api/kinds/horizontal_pod_autoscaler.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { keyText, parseKey, timestamp } from '../../api/meta.ts'
import { isReason } from '../../api/status.ts'
import type { MetricStatus } from '../../api/types/horizontal_pod_autoscaler.ts'
import { messageOf } from '../../base/error_message.ts'
import type { Host } from '../../base/host.ts'
import type { Cache } from '../../client/cache.ts'
import type { Client } from '../../client/client.ts'
import { settled, startController, watches } from '../../client/controller.ts'
import type { EventRecorder } from '../../client/event_recorder.ts'
import { withCondition, type Conditions, type ConditionType } from './conditions.ts'
import { answerMetric, MetricError, type MetricAnswer } from './metrics.ts'
import { paceOf, type Reason, type Recommendation, type ScaleEvent } from './pace.ts'
import { findTarget, podsSelected, resize, type ScaleTarget } from './scale_target.ts'

export interface HorizontalPodAutoscalerParts {
  readonly horizontalPodAutoscalers: Cache<HorizontalPodAutoscaler>
  readonly pods: Cache<Pod>
  /** All kinds there are; those with a scale can be targets. */
  readonly kinds: readonly Kind[]
  readonly events: EventRecorder
}

const SYNC_MS = 15_000
const TOLERANCE = 0.1
/** The longest window a rule may have. */
const MEMORY_MS = 3_600_000

interface Memory {
  /** None yet: the target was never seen. */
  recommendations?: readonly Recommendation[]
  events: ScaleEvent[]
  /** Which Pods it went by last. */
  selector?: string
}

/** What one look has come to. */
interface Look {
  readonly conditions: Conditions
  readonly current: number
  readonly desired: number
  readonly metrics: readonly MetricStatus[]
  readonly scaled?: true
}

/** In the list of what was measured it stands for what could not be: each metric has its place there. */
const UNKNOWN: MetricStatus = { type: '' }

export function startHorizontalPodAutoscalerController(
  host: Host,
  client: Client,
  { horizontalPodAutoscalers, pods, kinds, events }: HorizontalPodAutoscalerParts,
) {
  const { clock } = host
  const memories = new Map<string, Memory>()

  return startController(host, client, {
    name: 'horizontal-pod-autoscaler',
    // Whoever fails comes round with the others: a size that was written already must not be doubled again at once.
    retry: { baseMs: SYNC_MS, maxMs: SYNC_MS },
    sources: [
      // Its own status is no reason to look again.
      watches(HorizontalPodAutoscaler, horizontalPodAutoscalers, ({ key, object, previous }) => (deepEqual(object?.spec, previous?.spec) ? [] : [key])),
    ],
    async reconcile(key, api) {
      const autoscaler = horizontalPodAutoscalers.get(key)
      if (!autoscaler) {
        memories.delete(keyText(key))
        return settled
      }
      const memory = memories.get(keyText(key)) ?? { events: [] }
      memories.set(keyText(key), memory)
      const look = await lookAt(autoscaler, memory)
      await writeStatus(api, autoscaler, look)
      return { again: SYNC_MS }
    },
  })

  async function lookAt(autoscaler: HorizontalPodAutoscaler, memory: Memory): Promise<Look> {
    const { spec, status } = autoscaler
    const at = timestamp(clock.wall())
    let conditions: Conditions = status?.conditions ?? []
    const tell = (type: ConditionType, is: 'True' | 'False', reason: Reason) => void (conditions = withCondition(conditions, type, is, reason, at))
    const stay = (current: number, desired: number, metrics: readonly MetricStatus[] = []): Look => ({ conditions, current, desired, metrics })

    const target = await findTarget(client, { kinds, pods }, autoscaler.metadata.namespace!, spec.scaleTargetRef).catch((error: unknown) => {
      tell('AbleToScale', 'False', {
        reason: 'FailedGetScale',
        message: `the HPA controller was unable to get the target's current scale: ${messageOf(error)}`,
      })
      events.warning(autoscaler, 'FailedGetScale', messageOf(error))
      return undefined
    })
    const desiredBefore = status?.desiredReplicas ?? 0
    if (!target) return stay(status?.currentReplicas ?? 0, desiredBefore, status?.currentMetrics ?? [])
    tell('AbleToScale', 'True', { reason: 'SucceededGetScale', message: "the HPA controller was able to get the target's current scale" })

    const { current } = target
    const recommendations = (memory.recommendations ??= [{ at: clock.now(), replicas: current }])
    if (current === 0) {
      tell('ScalingActive', 'False', { reason: 'ScalingDisabled', message: 'scaling is disabled since the replica count of the target is zero' })
      return stay(0, 0)
    }
    const outside =
      current > spec.maxReplicas
        ? { desired: spec.maxReplicas, why: 'Current number of replicas above Spec.MaxReplicas' }
        : current < spec.minReplicas
          ? { desired: spec.minReplicas, why: 'Current number of replicas below Spec.MinReplicas' }
          : undefined
    if (outside) return rescale(autoscaler, target, outside, memory, conditions, [])

    memory.selector = target.selector
    const rivals = autoscalersOf(target)
    if (rivals.length > 1) {
      const message = `pods by selector ${target.selector} are controlled by multiple HPAs: [${rivals.join(' ')}]`
      tell('ScalingActive', 'False', { reason: 'AmbiguousSelector', message })
      events.warning(autoscaler, 'AmbiguousSelector', message)
      events.warning(autoscaler, 'FailedComputeMetricsReplicas', message)
      return stay(current, desiredBefore)
    }

    const answers: MetricAnswer[] = []
    const failures: MetricError[] = []
    const metrics: MetricStatus[] = []
    for (const metric of spec.metrics ?? []) {
      try {
        const answer = await answerMetric(client, metric, target, TOLERANCE, clock.wall())
        answers.push(answer)
        metrics.push(answer.status)
      } catch (error) {
        if (!(error instanceof MetricError)) throw error
        failures.push(error)
        metrics.push(UNKNOWN)
        events.warning(autoscaler, error.reason, error.message)
      }
    }
    const best = answers.reduce<MetricAnswer | undefined>((top, answer) => (top && top.replicas >= answer.replicas ? top : answer), undefined)
    // One that cannot be told might ask for more than the others do: then fewer Pods are out of the question.
    if (!best || (failures.length > 0 && best.replicas < current)) {
      const [first] = failures
      const message = `invalid metrics (${failures.length} invalid out of ${spec.metrics?.length ?? 0}), first error is: ${first?.inSummary ?? ''}`
      tell('ScalingActive', 'False', {
        reason: first?.reason ?? 'InvalidMetric',
        message: `the HPA was unable to compute the replica count: ${first?.message ?? ''}`,
      })
      events.warning(autoscaler, 'FailedComputeMetricsReplicas', message)
      return stay(current, desiredBefore, metrics)
    }
    tell('ScalingActive', 'True', {
      reason: 'ValidMetricFound',
      message: `the HPA was able to successfully calculate a replica count from ${best.name}`,
    })
    const now = clock.now()
    const pace = paceOf({
      current,
      desired: best.replicas,
      min: spec.minReplicas,
      max: spec.maxReplicas,
      behavior: spec.behavior && { scaleUp: spec.behavior.scaleUp ?? DEFAULT_RULES.scaleUp, scaleDown: spec.behavior.scaleDown ?? DEFAULT_RULES.scaleDown },
      recommendations,
      events: memory.events,
      now,
    })
    memory.recommendations = [...recommendations.filter(old => old.at > now - MEMORY_MS), { at: now, replicas: best.replicas }]
    tell('AbleToScale', 'True', pace.able)
    tell('ScalingLimited', pace.limited.status, pace.limited)
    if (pace.replicas === current) return stay(current, current, metrics)
    const why = pace.replicas > current ? `${best.name} above target` : 'All metrics below target'
    return rescale(autoscaler, target, { desired: pace.replicas, why }, memory, conditions, metrics)
  }

  async function rescale(
    autoscaler: HorizontalPodAutoscaler,
    target: ScaleTarget,
    { desired, why }: { desired: number; why: string },
    memory: Memory,
    conditions: Conditions,
    metrics: readonly MetricStatus[],
  ): Promise<Look> {
    const at = timestamp(clock.wall())
    const { current } = target
    try {
      await resize(client, target, desired)
    } catch (error) {
      const message = `the HPA controller was unable to update the target scale: ${messageOf(error)}`
      events.warning(autoscaler, 'FailedRescale', `New size: ${desired}; reason: ${why}; error: ${messageOf(error)}`)
      const unable = withCondition(conditions, 'AbleToScale', 'False', { reason: 'FailedUpdateScale', message }, at)
      return { conditions: unable, current, desired: autoscaler.status?.desiredReplicas ?? 0, metrics }
    }
    const now = clock.now()
    memory.events = [...memory.events.filter(old => old.at > now - MEMORY_MS), { at: now, change: desired - current }]
    events.normal(autoscaler, 'SuccessfulRescale', `New size: ${desired}; reason: ${why}`)
    const message = `the HPA controller was able to update the target scale to ${desired}`
    return {
      conditions: withCondition(conditions, 'AbleToScale', 'True', { reason: 'SucceededRescale', message }, at),
      current,
      desired,
      metrics,
      scaled: true,
    }
  }

  /** Those that go by Pods of this target: by name, and only those that have looked. */
  function autoscalersOf({ key, pods: selected }: ScaleTarget): readonly string[] {
    const neighbours = [...memories].filter(([name]) => parseKey(name).namespace === key.namespace)
    return neighbours
      .filter(([, { selector }]) => selector !== undefined && podsSelected(selected, selector).length > 0)
      .map(([name]) => name)
      .toSorted()
  }

  async function writeStatus(api: Client, autoscaler: HorizontalPodAutoscaler, { conditions, current, desired, metrics, scaled }: Look): Promise<void> {
    const { metadata, status: old } = autoscaler
    const lastScaleTime = scaled ? timestamp(clock.wall()) : old?.lastScaleTime
    const status = {
      conditions,
      currentMetrics: [...metrics],
      currentReplicas: current,
      desiredReplicas: desired,
      ...(lastScaleTime && { lastScaleTime }),
      ...(metadata.generation !== undefined && { observedGeneration: metadata.generation }),
    }
    if (deepEqual(old, status)) return
    try {
      await api.updateStatus(HorizontalPodAutoscaler, { ...autoscaler, status } as HorizontalPodAutoscaler)
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }
}
