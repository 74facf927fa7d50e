/**
 * How `kubectl get pods` describes a Pod: READY, STATUS and RESTARTS say more than any one field does,
 * and people act on these words, so they are computed exactly as Kubernetes' server computes them.
 */
import { formatAge } from '../age.ts'
import type { Column } from '../kind.ts'
import type { ContainerStatus } from '../types/container_status.ts'
import { ageColumn, nameColumn, orNone, textColumn, wideColumn } from './columns.ts'
import type { Pod } from './pod.ts'

export const podColumns: readonly Column<Pod>[] = [
  nameColumn,
  textColumn('Ready', 'How many of the containers are ready.', pod => printReady(summarizePod(pod))),
  textColumn('Status', 'What the Pod is doing, or why it is not.', pod => summarizePod(pod).status),
  textColumn('Restarts', 'How often its containers were restarted, and when the last time was.', (pod, nowMs) => printRestarts(summarizePod(pod), nowMs)),
  ageColumn,
  wideColumn('IP', 'Address of the Pod.', pod => orNone(pod.status.podIPs?.[0]?.ip ?? pod.status.podIP)),
  wideColumn('Node', 'Node it was bound to.', pod => orNone(pod.spec.nodeName)),
  wideColumn('Nominated Node', 'Node that is being made free for it.', pod => orNone(pod.status.nominatedNodeName)),
  wideColumn('Readiness Gates', 'How many of its readiness gates are true.', printReadinessGates),
]

export function podRowConditions({ status: { phase } }: Pod) {
  if (phase === 'Succeeded') return [{ type: 'Completed', status: 'True', reason: 'Succeeded', message: 'The pod has completed successfully.' }]
  if (phase === 'Failed') return [{ type: 'Completed', status: 'True', reason: 'Failed', message: 'The pod failed.' }]
  return []
}

export interface PodSummary {
  readonly status: string
  readonly ready: number
  readonly total: number
  readonly restarts: number
  readonly lastRestartAt: string | undefined
}

/** The init containers speak first; once they are through, the containers do; a deletion overrules both. */
export function summarizePod(pod: Pod): PodSummary {
  const init = summarizeInit(pod)
  const initialized = !init.status || pod.status.conditions?.some(({ type, status }) => type === 'Initialized' && status === 'True')
  const main = initialized ? summarizeContainers(pod) : undefined
  const counted = main ? [...init.sidecars, ...(pod.status.containerStatuses ?? [])] : (pod.status.initContainerStatuses ?? [])
  return {
    status: overrule(pod, main?.status ?? (main ? (init.status ?? basicStatus(pod)) : init.status!)),
    ready: init.ready + (main?.ready ?? 0),
    total: pod.spec.containers.length + sidecarNames(pod).size,
    restarts: counted.reduce((sum, { restartCount }) => sum + restartCount, 0),
    lastRestartAt: latest(counted.map(({ lastState }) => lastState?.terminated?.finishedAt ?? undefined)),
  }
}

function summarizeInit(pod: Pod): { status: string | undefined; ready: number; sidecars: ContainerStatus[] } {
  const names = sidecarNames(pod)
  const statuses = pod.status.initContainerStatuses ?? []
  const sidecars = statuses.filter(({ name }) => names.has(name))
  let ready = 0
  for (const [index, container] of statuses.entries()) {
    const { terminated, waiting } = container.state
    if (terminated?.exitCode === 0) continue
    if (names.has(container.name) && container.started) {
      if (container.ready) ready += 1
      continue
    }
    const count = `${index}/${pod.spec.initContainers?.length ?? 0}`
    const reason = terminated ? endReason(terminated) : waiting?.reason && waiting.reason !== 'PodInitializing' ? waiting.reason : count
    return { status: `Init:${reason}`, ready, sidecars }
  }
  return { status: undefined, ready, sidecars }
}

function summarizeContainers(pod: Pod): { status: string | undefined; ready: number } {
  const statuses = pod.status.containerStatuses ?? []
  const first = statuses.map(({ state }) => state.waiting?.reason || (state.terminated && endReason(state.terminated))).find(Boolean)
  const running = statuses.filter(({ ready, state }) => ready && state.running)
  if (first === 'Completed' && running.length > 0) {
    const isReady = pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
    return { status: isReady ? 'Running' : 'NotReady', ready: running.length }
  }
  return { status: first, ready: running.length }
}

function basicStatus({ status }: Pod): string {
  if (status.conditions?.some(({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated')) return 'SchedulingGated'
  return status.reason || status.phase
}

function overrule({ metadata, status: { phase, reason } }: Pod, status: string): string {
  if (!metadata.deletionTimestamp) return status
  if (reason === 'NodeLost') return 'Unknown'
  return phase === 'Failed' || phase === 'Succeeded' ? status : 'Terminating'
}

const endReason = ({ reason, signal, exitCode }: { reason?: string; signal?: number; exitCode: number }): string =>
  reason || (signal ? `Signal:${signal}` : `ExitCode:${exitCode}`)

const sidecarNames = ({ spec }: Pod): Set<string> =>
  new Set((spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name))

const printReady = ({ ready, total }: PodSummary): string => `${ready}/${total}`

const printRestarts = ({ restarts, lastRestartAt }: PodSummary, nowMs: number): string =>
  restarts > 0 && lastRestartAt ? `${restarts} (${formatAge(lastRestartAt, nowMs)} ago)` : String(restarts)

function printReadinessGates({ spec, status }: Pod): string {
  const gates = spec.readinessGates ?? []
  if (gates.length === 0) return '<none>'
  const met = gates.filter(({ conditionType }) => status.conditions?.some(({ type, status }) => type === conditionType && status === 'True'))
  return `${met.length}/${gates.length}`
}

/** RFC 3339 in UTC with whole seconds sorts as text. */
const latest = (times: readonly (string | undefined)[]): string | undefined =>
  times.reduce((newest, time) => (time && (!newest || time > newest) ? time : newest), undefined)
