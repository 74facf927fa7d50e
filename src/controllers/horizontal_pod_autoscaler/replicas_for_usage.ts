/**
 * How many Pods a resource metric asks for: as many more, or fewer, as the use is above or below its target.
 *
 * Pods that have just begun use CPU for their start, and of some nothing is known yet. Both are left out at first; where
 * they could tip the scales they are counted against the change: as idle when there would be more Pods, as fully busy
 * when there would be fewer. Pure.
 */
import type { Pod } from '../../api/kinds/pod.ts'
import { isDeleting, podCondition } from '../../api/pod.ts'
import { quantityMilli } from '../../api/quantity.ts'
import type { Millis } from '../../base/clock.ts'

/** What a Pod uses, in thousandths of the resource's unit. */
export interface PodUse {
  readonly milli: number
  /** Wall time of the end of the window, and how long it was. */
  readonly at: Millis
  readonly windowMs: Millis
}

export interface UsageQuestion {
  readonly resource: string
  /** Of this container alone. */
  readonly container?: string
  readonly target: { readonly utilization: number } | { readonly averageMilli: number }
  /** How far the ratio may be off before anything changes. */
  readonly tolerance: number
}

export interface UsageAnswer {
  readonly replicas: number
  /** Of the Pods that count. */
  readonly averageMilli: number
  /** Percent of what they ask for; undefined where the target is no percentage. */
  readonly utilization: number | undefined
}

/** How long after its start a Pod's CPU may be that of the start. */
const CPU_INITIALIZATION_MS = 300_000
/** A Pod that first became unready so soon after its start has never been ready. */
const INITIAL_READINESS_MS = 30_000

/** Throws an Error whose message is Kubernetes'. */
export function replicasForUsage(
  question: UsageQuestion,
  current: number,
  pods: readonly Pod[],
  uses: ReadonlyMap<string, PodUse>,
  wallMs: Millis,
): UsageAnswer {
  if (pods.length === 0) throw new Error('no pods returned by selector while calculating replica count')
  const { ready, unready, missing } = groupPods(question.resource, pods, uses, wallMs)
  if (ready.length === 0) throw new Error('did not receive metrics for targeted pods (pods might be unready)')

  const wanted = (pod: Pod) => ('utilization' in question.target ? requestOf(pod, question) : question.target.averageMilli)
  const known = ready.map(pod => ({ milli: uses.get(pod.metadata.name!)!.milli, wanted: wanted(pod) }))
  const { ratio, average, utilization } = measure(known, question)
  const answer = (replicas: number): UsageAnswer => ({ replicas, averageMilli: average, utilization })
  const isSteady = (value: number) => value >= 1 - question.tolerance && value <= 1 + question.tolerance

  const countsUnready = unready.length > 0 && ratio > 1
  if (!countsUnready && missing.length === 0) return answer(isSteady(ratio) ? current : Math.ceil(ratio * ready.length))

  const busy = 'utilization' in question.target ? Math.max(100, question.target.utilization) / 100 : 1
  const guessed = [
    ...known,
    ...missing.map(pod => ({ milli: ratio < 1 ? wanted(pod) * busy : 0, wanted: wanted(pod) })),
    ...(countsUnready ? unready.map(pod => ({ milli: 0, wanted: wanted(pod) })) : []),
  ]
  const second = measure(guessed, question).ratio
  if (isSteady(second) || ratio < 1 !== second < 1) return answer(current)
  const replicas = Math.ceil(second * guessed.length)
  return answer((second < 1 && replicas > current) || (second > 1 && replicas < current) ? current : replicas)
}

function measure(
  known: readonly { milli: number; wanted: number }[],
  { target }: UsageQuestion,
): { ratio: number; average: number; utilization: number | undefined } {
  const used = known.reduce((sum, { milli }) => sum + milli, 0)
  const wanted = known.reduce((sum, one) => sum + one.wanted, 0)
  const average = Math.floor(used / known.length)
  if (!('utilization' in target)) return { ratio: average / target.averageMilli, average, utilization: undefined }
  // Of nothing there is no percentage.
  if (wanted === 0) throw new Error('no metrics returned matched known pods')
  const utilization = Math.floor((used * 100) / wanted)
  return { ratio: utilization / target.utilization, average, utilization }
}

function groupPods(resource: string, pods: readonly Pod[], uses: ReadonlyMap<string, PodUse>, wallMs: Millis) {
  const groups = { ready: [] as Pod[], unready: [] as Pod[], missing: [] as Pod[] }
  for (const pod of pods) {
    if (isDeleting(pod) || pod.status.phase === 'Failed') continue
    const use = uses.get(pod.metadata.name!)
    if (pod.status.phase === 'Pending') groups.unready.push(pod)
    else if (!use) groups.missing.push(pod)
    else if (resource === 'cpu' && isStarting(pod, use, wallMs)) groups.unready.push(pod)
    else groups.ready.push(pod)
  }
  return groups
}

function isStarting(pod: Pod, { at, windowMs }: PodUse, wallMs: Millis): boolean {
  const condition = podCondition(pod, 'Ready')
  const { startTime } = pod.status
  if (!condition?.lastTransitionTime || !startTime) return true
  const startedAt = Date.parse(startTime)
  const changedAt = Date.parse(condition.lastTransitionTime)
  if (startedAt + CPU_INITIALIZATION_MS > wallMs) return condition.status === 'False' || at < changedAt + windowMs
  return condition.status === 'False' && startedAt + INITIAL_READINESS_MS > changedAt
}

function requestOf({ metadata, spec }: Pod, { resource, container: only }: UsageQuestion): number {
  const forAll = only === undefined ? spec.resources?.requests?.[resource] : undefined
  if (forAll !== undefined) return quantityMilli(forAll)
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  const counted = [...spec.containers, ...sidecars].filter(({ name }) => only === undefined || name === only)
  if (only !== undefined && counted.length === 0) throw new Error(`container ${only} not found in Pod ${metadata.name}`)
  return counted.reduce((sum, { name, resources }) => {
    const request = resources?.requests?.[resource]
    if (request === undefined) throw new Error(`missing request for ${resource} in container ${name} of Pod ${metadata.name}`)
    return sum + quantityMilli(request)
  }, 0)
}
