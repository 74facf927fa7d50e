/**
 * From what the metrics ask for to what may be done now: within the bounds, not faster than the rules allow, and not
 * down again as soon as a peak is over. Pure.
 */
import type { Millis } from '../../base/clock.ts'
import type { ScalingRules } from '../../api/types/horizontal_pod_autoscaler.ts'

/** What was asked for, or done, and when (monotonic). */
export interface Recommendation {
  readonly at: Millis
  readonly replicas: number
}
export interface ScaleEvent {
  readonly at: Millis
  /** How many Pods more, or fewer if negative. */
  readonly change: number
}

export interface PaceQuestion {
  readonly current: number
  readonly desired: number
  readonly min: number
  readonly max: number
  /** Undefined: the rules of those who write none. */
  readonly behavior: { readonly scaleUp: ScalingRules; readonly scaleDown: ScalingRules } | undefined
  readonly recommendations: readonly Recommendation[]
  readonly events: readonly ScaleEvent[]
  readonly now: Millis
}

export interface Pace {
  readonly replicas: number
  readonly able: Reason
  readonly limited: Reason & { readonly status: 'True' | 'False' }
}

export interface Reason {
  readonly reason: string
  readonly message: string
}

/** Whoever writes no rules gets these five minutes. */
const STABILIZATION_MS = 300_000
const READY: Reason = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' }
const IN_RANGE = { status: 'False', reason: 'DesiredWithinRange', message: 'the desired count is within the acceptable range' } as const

export function paceOf(question: PaceQuestion): Pace {
  const { behavior, desired } = question
  const stable = behavior ? stabilizedByRules(question, behavior) : stabilizedByDefault(question)
  const able = stable === desired ? READY : stable > desired ? SCALE_DOWN_STABILIZED : SCALE_UP_STABILIZED
  return { able, ...(behavior ? limitedByRules(question, stable, behavior) : limitedByDefault(question, stable)) }
}

const SCALE_DOWN_STABILIZED: Reason = {
  reason: 'ScaleDownStabilized',
  message: 'recent recommendations were higher than current one, applying the highest recent recommendation',
}
const SCALE_UP_STABILIZED: Reason = {
  reason: 'ScaleUpStabilized',
  message: 'recent recommendations were lower than current one, applying the lowest recent recommendation',
}

const stabilizedByDefault = ({ desired, recommendations, now }: PaceQuestion): number =>
  Math.max(desired, ...recommendations.filter(({ at }) => at > now - STABILIZATION_MS).map(({ replicas }) => replicas))

function stabilizedByRules({ current, desired, recommendations, now }: PaceQuestion, { scaleUp, scaleDown }: NonNullable<PaceQuestion['behavior']>): number {
  const within = (windowSeconds: number | undefined) =>
    recommendations.filter(({ at }) => at > now - (windowSeconds ?? 0) * 1000).map(({ replicas }) => replicas)
  const lowest = Math.min(desired, ...within(scaleUp.stabilizationWindowSeconds))
  const highest = Math.max(desired, ...within(scaleDown.stabilizationWindowSeconds ?? STABILIZATION_MS / 1000))
  return current < lowest ? lowest : current > highest ? highest : current
}

type Limited = Pick<Pace, 'replicas' | 'limited'>

const TOO_MANY = { status: 'True', reason: 'TooManyReplicas', message: 'the desired replica count is more than the maximum replica count' } as const
const TOO_FEW = { status: 'True', reason: 'TooFewReplicas', message: 'the desired replica count is less than the minimum replica count' } as const
const TOO_FAST = {
  up: { status: 'True', reason: 'ScaleUpLimit', message: 'the desired replica count is increasing faster than the maximum scale rate' },
  down: { status: 'True', reason: 'ScaleDownLimit', message: 'the desired replica count is decreasing faster than the maximum scale rate' },
} as const

function limitedByDefault({ current, min, max }: PaceQuestion, stable: number): Limited {
  const fastest = Math.max(current * 2, 4)
  if (stable < min) return { replicas: min, limited: TOO_FEW }
  if (stable <= Math.min(max, fastest)) return { replicas: stable, limited: IN_RANGE }
  return fastest < max ? { replicas: fastest, limited: TOO_FAST.up } : { replicas: max, limited: TOO_MANY }
}

function limitedByRules(question: PaceQuestion, stable: number, { scaleUp, scaleDown }: NonNullable<PaceQuestion['behavior']>): Limited {
  const { current, min, max } = question
  if (stable > current) {
    const fastest = Math.max(current, limitOf(question, scaleUp, 'up'))
    if (stable <= Math.min(max, fastest)) return { replicas: stable, limited: IN_RANGE }
    return fastest < max ? { replicas: fastest, limited: TOO_FAST.up } : { replicas: max, limited: TOO_MANY }
  }
  if (stable < current) {
    const fastest = Math.min(current, limitOf(question, scaleDown, 'down'))
    if (stable >= Math.max(min, fastest)) return { replicas: stable, limited: IN_RANGE }
    return fastest > min ? { replicas: fastest, limited: TOO_FAST.down } : { replicas: min, limited: TOO_FEW }
  }
  return { replicas: stable, limited: IN_RANGE }
}

/** The furthest the policies let it go from what there was at the beginning of their periods. */
function limitOf({ current, events, now }: PaceQuestion, { policies = [], selectPolicy }: ScalingRules, direction: 'up' | 'down'): number {
  if (selectPolicy === 'Disabled') return current
  const sign = direction === 'up' ? 1 : -1
  const limits = policies.map(({ type, value, periodSeconds }) => {
    const changed = events.filter(({ at }) => at > now - periodSeconds * 1000).reduce((sum, { change }) => sum + change, 0)
    const before = current - changed
    if (type === 'Pods') return before + sign * value
    return direction === 'up' ? Math.ceil(before * (1 + value / 100)) : Math.trunc(before * (1 - value / 100))
  })
  const isWidest = selectPolicy !== 'Min'
  return (direction === 'up') === isWidest ? Math.max(...limits) : Math.min(...limits)
}
