/** What helps a Pod to begin without losing anything, and to go on running. */
import type { Probe } from '../../api/types/probe.ts'
import { latencyMs } from '../outcome.ts'
import type { Advice } from '../report.ts'
import { isCrash } from './endings.ts'
import { requestsOf, requestsOfWorst, type Group } from './group.ts'
import { containerPatch, kindOf } from './patch.ts'

export function askReadiness(group: Group): Advice[] {
  const { container, run, scene } = group
  const never = run !== undefined && scene.heard(run) === undefined
  const patch = containerPatch(group, { readinessProbe: readinessOf(group) })
  const text = container?.readinessProbe
    ? 'The readiness probe does not ask what the Service asks: let it send a request to the port of the Service.'
    : 'Add a readiness probe that asks the port of the Service, so that the Pod gets no request before it can answer.'
  const target = targetPort(group)
  return [
    { text, ...(patch && { patch }) },
    ...(never
      ? [
          {
            text: `Nothing was heard on port ${target} of these Pods at all: make sure that targetPort of the Service is the port on which the program listens, on all addresses.`,
          },
        ]
      : []),
  ]
}

/** Asks what the load asks. Other handlers go: a probe has one. */
function readinessOf({ scene, container }: Group, more: Partial<Probe> = {}): object {
  const old = container?.readinessProbe
  const others = (['exec', 'tcpSocket', 'grpc'] as const).filter(handler => old?.[handler])
  return {
    ...Object.fromEntries(others.map(handler => [handler, null])),
    httpGet: { path: scene.observation.path.replace(/[?#].*$/, ''), port: targetPort({ scene }) },
    ...more,
    periodSeconds: 1,
  }
}

function targetPort({ scene }: Pick<Group, 'scene'>): number | string {
  const told = scene.observation.requests.find(({ target }) => target)?.target?.port
  const port = scene.service?.spec.ports?.[0]
  return port?.targetPort ?? told ?? port?.port ?? 80
}

/** Times what was too short is taken. */
const MARGIN = 2
const THRESHOLD_MIN = 6
const TIMEOUT_SECONDS_MIN = 5

export function gentlerLiveness(group: Group): Advice[] {
  const { container, run, scene } = group
  if (!run?.failedProbe) return []
  const { livenessProbe } = container ?? {}
  const wasHeard = scene.heard(run) !== undefined
  if (!wasHeard && livenessProbe && !container?.startupProbe) {
    const { exec, httpGet, tcpSocket, grpc } = livenessProbe
    const handler = { ...(exec && { exec }), ...(httpGet && { httpGet }), ...(tcpSocket && { tcpSocket }), ...(grpc && { grpc }) }
    const patch = containerPatch(group, { startupProbe: { ...handler, periodSeconds: 2, failureThreshold: 30 } })
    return [{ text: 'The liveness probe does not wait for the start: add a startup probe, which holds it back for up to a minute.', ...(patch && { patch }) }]
  }
  const which = run.failedProbe.probe === 'startup' ? 'startupProbe' : 'livenessProbe'
  const { timeoutSeconds = 1, failureThreshold = 3, periodSeconds = 10 } = container?.[which] ?? {}
  const slowestMs = scene.observation.requests.reduce(
    (slowest, request) => (request.outcome.is === 'answered' ? Math.max(slowest, latencyMs(request)) : slowest),
    0,
  )
  const timeout = Math.max(TIMEOUT_SECONDS_MIN, timeoutSeconds * MARGIN, Math.ceil((slowestMs * MARGIN) / 1000))
  const patch = containerPatch(group, {
    [which]: { timeoutSeconds: timeout, failureThreshold: Math.max(THRESHOLD_MIN, failureThreshold * MARGIN), periodSeconds: Math.max(periodSeconds, 10) },
  })
  return [
    {
      text: 'A liveness probe is for a program that will never answer again: let it wait longer, and fail more often, before it restarts anything.',
      ...(patch && { patch }),
    },
    {
      text: 'Let the path that liveness asks answer at once and without the help of others (databases, queues): what it needs to serve is for readiness to ask.',
    },
  ]
}

export function warmUp(group: Group): Advice[] {
  const { worst, run, container } = group
  if (worst?.runs.some(each => isCrash(worst, each)))
    return [
      {
        text: 'It crashed after it had become Ready: look at the log of its last run (kubectl logs --previous). With minReadySeconds the rollout waits for the next one meanwhile.',
        ...minReadyPatch(group, 10),
      },
    ]
  const ready = worst?.ready[0]?.from
  const bad = requestsOfWorst(group)
  const lastMs = ready ? bad.reduce((last, { endedMs }) => Math.max(last, endedMs), ready.atMs) - ready.atMs : 0
  const seconds = Math.max(1, Math.ceil(lastMs / 1000) + 1)
  const sinceStartMs = ready && run?.started ? ready.atMs - run.started.atMs : 0
  const asks = container?.readinessProbe
  const initialDelaySeconds = Math.ceil((sinceStartMs + lastMs) / 1000) + 1
  const probe = asks?.httpGet ? { initialDelaySeconds, periodSeconds: asks.periodSeconds ?? 1 } : readinessOf(group, { initialDelaySeconds })
  const patch = containerPatch(group, { readinessProbe: probe }, {}, hasMinReady(group) ? { minReadySeconds: seconds } : {})
  return [
    {
      text: `It was Ready about ${seconds} s before it was able${requestsOf(group).length > 1 ? '' : ' (one request only)'}: let the readiness probe ask what really serves, or begin later; and let the rollout wait with minReadySeconds before it takes the next old Pod away.`,
      ...(patch && { patch }),
    },
  ]
}

const hasMinReady = (group: Group): boolean => ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'].includes(kindOf(group))

const minReadyPatch = (group: Group, seconds: number) => {
  const patch = hasMinReady(group) ? containerPatch(group, {}, {}, { minReadySeconds: seconds }) : undefined
  return patch && { patch }
}
