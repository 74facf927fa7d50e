/** Whether Kubernetes can tell when a container may be sent requests, and when it should be started anew. */
import type { Container } from '../../../api/types/container.ts'
import type { Probe } from '../../../api/types/probe.ts'
import { deepEqual } from '../../../api/deep.ts'
import type { Objection, Rule } from '../rule.ts'
import { hasPort, lastingContainers, servedContainers, type PlacedContainer } from '../workload.ts'

const PROBES = ['startupProbe', 'readinessProbe', 'livenessProbe'] as const

export const probeRules: readonly Rule[] = [
  {
    id: 'no-readiness-probe',
    severity: 'error',
    title: 'A container behind a Service has a readiness probe.',
    *look(workload, surroundings) {
      for (const { container, path, service } of servedContainers(workload, surroundings))
        if (!container.readinessProbe)
          yield {
            path,
            text: `container ${container.name} has no readinessProbe: Service ${service.metadata.name} sends it requests as soon as its process runs, whether or not its port is open`,
            fix: `add a readinessProbe that asks the port of the Service (${portOf(service.spec.ports?.[0])})`,
          }
    },
  },
  {
    id: 'readiness-asks-another-port',
    severity: 'warning',
    title: 'A readiness probe asks the port that requests go to.',
    *look(workload, surroundings) {
      for (const { container, path, service } of servedContainers(workload, surroundings)) {
        const asked = portAsked(container.readinessProbe)
        const served = (service.spec.ports ?? []).map(port => portNumber(container, port.targetPort ?? port.port))
        if (asked === undefined || served.includes(portNumber(container, asked))) continue
        yield {
          path: [...path, 'readinessProbe'],
          text: `the readiness probe asks port ${asked}, and Service ${service.metadata.name} sends requests to ${served.join(', ')}: one may be open before the other`,
          fix: 'ask the port that serves, or be sure that the other one opens last',
        }
      }
    },
  },
  {
    id: 'no-liveness-probe',
    severity: 'note',
    title: 'A container that may hang has a liveness probe.',
    *look(workload, surroundings) {
      for (const { container, path } of unique(servedContainers(workload, surroundings)))
        if (!container.livenessProbe)
          yield {
            path,
            text: `container ${container.name} has no livenessProbe: when it hangs, nobody starts it anew`,
            fix: 'add one that asks something cheap of the process itself, or suppress this rule where the process ends when it fails',
          }
    },
  },
  {
    id: 'liveness-same-as-readiness',
    severity: 'warning',
    title: 'A liveness probe is more patient than the readiness probe beside it.',
    *look(workload) {
      for (const { container, path } of lastingContainers(workload)) {
        const { livenessProbe: liveness, readinessProbe: readiness } = container
        if (!liveness || !readiness || !deepEqual(askedBy(liveness), askedBy(readiness)) || patienceSeconds(liveness) > patienceSeconds(readiness)) continue
        yield {
          path: [...path, 'livenessProbe'],
          text: `it asks what the readiness probe asks and is no more patient (${patienceSeconds(liveness)} s): a container that is only busy is killed with its requests instead of being spared new ones`,
          fix: 'raise failureThreshold or periodSeconds of the livenessProbe, or let it ask something that does not slow down under load',
        }
      }
    },
  },
  {
    id: 'liveness-impatient',
    severity: 'warning',
    title: 'A liveness probe waits at least ten seconds before it kills.',
    *look(workload) {
      for (const { container, path } of lastingContainers(workload)) {
        const { livenessProbe } = container
        if (!livenessProbe || patienceSeconds(livenessProbe) >= LIVENESS_PATIENCE_SECONDS) continue
        yield {
          path: [...path, 'livenessProbe'],
          text: `after ${patienceSeconds(livenessProbe)} s without an answer (${livenessProbe.failureThreshold} × ${livenessProbe.periodSeconds} s) the container is killed with everything it works on; a pause for garbage collection or a slow neighbour is enough`,
          fix: `give it at least ${LIVENESS_PATIENCE_SECONDS} s: failureThreshold × periodSeconds`,
        }
      }
    },
  },
  {
    id: 'slow-start-without-startup-probe',
    severity: 'note',
    title: 'A container that takes long to start has a startup probe.',
    *look(workload) {
      for (const { container, path } of lastingContainers(workload)) {
        const delay = container.livenessProbe?.initialDelaySeconds ?? 0
        if (container.startupProbe || delay < SLOW_START_SECONDS) continue
        yield {
          path: [...path, 'livenessProbe', 'initialDelaySeconds'],
          text: `liveness is not asked for the first ${delay} s of every start, also when the container has been up after two`,
          fix: 'a startupProbe asks from the beginning and lets liveness begin when it has succeeded',
        }
      }
    },
  },
  {
    id: 'probe-timeout-exceeds-period',
    severity: 'warning',
    title: 'A probe has its answer before it is asked again.',
    *look(workload) {
      for (const { path, probe } of probesOf(lastingContainers(workload)))
        if (probe.timeoutSeconds > probe.periodSeconds)
          yield {
            path: [...path, 'timeoutSeconds'],
            text: `timeoutSeconds ${probe.timeoutSeconds} is longer than periodSeconds ${probe.periodSeconds}: a hanging container is noticed later than the period says`,
            fix: 'make timeoutSeconds at most periodSeconds',
          }
    },
  },
  {
    id: 'probe-port-unknown',
    severity: 'error',
    title: 'A probe asks a port that the container has.',
    *look(workload) {
      for (const { path, probe, container } of probesOf(lastingContainers(workload))) {
        const port = portAsked(probe)
        if (typeof port !== 'string' || hasPort(container, port)) continue
        yield {
          path,
          text: `the probe asks the port named ${JSON.stringify(port)}, and container ${container.name} has none of that name: it can never succeed`,
          fix: `name one of its ports ${JSON.stringify(port)}, or give the number`,
        }
      }
    },
  },
]

const LIVENESS_PATIENCE_SECONDS = 10
const SLOW_START_SECONDS = 30

/** From the first failed question until it counts. */
const patienceSeconds = ({ failureThreshold, periodSeconds }: Probe): number => failureThreshold * periodSeconds

const askedBy = ({ httpGet, tcpSocket, exec, grpc }: Probe): object => ({ httpGet, tcpSocket, exec, grpc })

const portAsked = (probe: Probe | undefined): number | string | undefined => probe?.httpGet?.port ?? probe?.tcpSocket?.port ?? probe?.grpc?.port

function portNumber({ ports = [] }: Container, port: number | string): number | string {
  return ports.find(({ name }) => name === port)?.containerPort ?? (/^\d+$/.test(String(port)) ? Number(port) : port)
}

const portOf = (port: { targetPort?: number | string; port: number } | undefined): string => String(port?.targetPort ?? port?.port ?? '?')

function unique(placed: readonly PlacedContainer[]): PlacedContainer[] {
  return placed.filter((each, index) => placed.findIndex(({ container }) => container === each.container) === index)
}

function probesOf(placed: readonly PlacedContainer[]): { path: Objection['path']; probe: Probe; container: Container }[] {
  return placed.flatMap(({ container, path }) =>
    PROBES.flatMap(name => {
      const probe = container[name]
      return probe ? [{ path: [...path, name], probe, container }] : []
    }),
  )
}
