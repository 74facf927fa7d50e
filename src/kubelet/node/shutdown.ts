/**
 * A machine that is about to go gives its Pods the time there is: first everybody, then the critical ones, whom the others may
 * need until their end. New Pods are refused meanwhile, and the Node says why it is not Ready (behaviour 1.4.8, and the
 * kubelet's shutdownGracePeriod and shutdownGracePeriodCriticalPods).
 */
import type { Pod } from '../../api/kinds/pod.ts'
import { SYSTEM_CRITICAL_PRIORITY } from '../../api/pod.ts'
import { sleep, type Clock, type Millis } from '../../base/clock.ts'
import type { Host } from '../../base/host.ts'
import { specGraceMs } from '../pod/pod_nouns.ts'
import type { Termination } from '../pod/pod_state.ts'
import type { PodWorkers } from '../pod/pod_workers.ts'
import type { StatusManager } from '../status/status_manager.ts'
import type { NodeAgent } from './node_agent.ts'

export interface ShutdownGrace {
  /** All there is, the part below included. */
  readonly graceMs: Millis
  /** The last part of it, for critical Pods. */
  readonly criticalMs: Millis
}

export interface ShutdownGroup {
  readonly pods: readonly Pod[]
  /** Then it is the next group's turn, whether these have ended or not. */
  readonly graceMs: Millis
}

/** The order in which Pods end: by their priority alone, as on Kubernetes, so a static Pod without one goes with the others. */
export function planShutdown(pods: readonly Pod[], { graceMs, criticalMs }: ShutdownGrace): ShutdownGroup[] {
  const isCritical = ({ spec }: Pod) => (spec.priority ?? 0) >= SYSTEM_CRITICAL_PRIORITY
  return [
    { pods: pods.filter(pod => !isCritical(pod)), graceMs: Math.max(0, graceMs - criticalMs) },
    { pods: pods.filter(isCritical), graceMs: Math.min(graceMs, criticalMs) },
  ].filter(group => group.pods.length > 0)
}

const MESSAGE = 'Pod was terminated in response to imminent node shutdown.'

/** Never more than the group has, never more than the Pod itself asks for, and never less than a second. */
export const shutdownTermination = (pod: Pod, graceMs: Millis): Termination => ({
  because: 'killed',
  graceMs: Math.max(1000, Math.min(graceMs, specGraceMs(pod))),
  failure: { reason: 'Terminated', message: MESSAGE },
  disruption: MESSAGE,
})

export interface NodeShutdown {
  readonly hasBegun: boolean
  run(grace: ShutdownGrace): Promise<void>
}

/** What is left to tell the API is told within this. */
const LAST_WORDS_MS = 2_000

export function createNodeShutdown({ host: { clock, log }, workers, statuses, node }: NodeShutdownParts): NodeShutdown {
  let hasBegun = false

  async function endGroup({ pods, graceMs }: ShutdownGroup): Promise<void> {
    const ofGroup = workers.list().filter(({ pod }) => pods.some(({ metadata }) => metadata.uid === pod.metadata.uid))
    for (const { pod } of ofGroup) workers.kill(pod.metadata.uid ?? '', shutdownTermination(pod, graceMs))
    const ended = Promise.all(ofGroup.map(({ worker }) => worker.ended.catch(() => undefined)))
    if (!(await within(clock, graceMs, ended))) log.warn('not all Pods have ended in their time; the node goes down all the same', { graceMs })
  }

  return {
    get hasBegun() {
      return hasBegun
    },
    async run(grace) {
      hasBegun = true
      const told = node.shutDown()
      const running = workers.list().filter(({ state }) => state === 'working')
      for (const group of planShutdown(
        running.map(({ pod }) => pod),
        grace,
      ))
        await endGroup(group)
      await within(clock, LAST_WORDS_MS, Promise.all([told, ...running.map(({ pod }) => statuses.written(pod.metadata.uid ?? ''))]))
    },
  }
}

interface NodeShutdownParts {
  readonly host: Pick<Host, 'clock' | 'log'>
  readonly workers: Pick<PodWorkers, 'list' | 'kill'>
  readonly statuses: Pick<StatusManager, 'written'>
  readonly node: Pick<NodeAgent, 'shutDown'>
}

/** False when the time is over first. */
async function within(clock: Clock, ms: Millis, work: Promise<unknown>): Promise<boolean> {
  const done = new AbortController()
  const inTime = work.then(() => true)
  const late = sleep(clock, ms, done.signal, 'node shutdown').then(
    () => false,
    () => true,
  )
  return Promise.race([inTime, late]).finally(() => done.abort())
}
