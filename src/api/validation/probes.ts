/** Probes and lifecycle hooks: what is asked or done, and how often (behaviour 3.2 and 4.2-3). */
import { forbidden, invalidValue, requiredValue, type FieldError } from '../field_error.ts'
import type { Container } from '../types/container.ts'
import type { LifecycleHandler } from '../types/lifecycle.ts'
import type { Probe } from '../types/probe.ts'
import { httpHeaderName, portNumber, portName } from './names.ts'
import { nonNegative } from './rules.ts'

/** The three probes and two hooks of a container that may have them. */
export function validateProbesAndHooks(container: Container, path: string, graceSeconds: number | undefined): FieldError[] {
  const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container
  return [
    ...(lifecycle?.postStart ? validateHandler(lifecycle.postStart, `${path}.lifecycle.postStart`, graceSeconds) : []),
    ...(lifecycle?.preStop ? validateHandler(lifecycle.preStop, `${path}.lifecycle.preStop`, graceSeconds) : []),
    ...(livenessProbe
      ? [
          ...validateProbe(livenessProbe, `${path}.livenessProbe`),
          ...mustSucceedOnce(livenessProbe, `${path}.livenessProbe`),
          ...validateProbeGrace(livenessProbe, `${path}.livenessProbe`),
        ]
      : []),
    ...(readinessProbe ? [...validateProbe(readinessProbe, `${path}.readinessProbe`), ...mayNotKill(readinessProbe, `${path}.readinessProbe`)] : []),
    ...(startupProbe
      ? [
          ...validateProbe(startupProbe, `${path}.startupProbe`),
          ...mustSucceedOnce(startupProbe, `${path}.startupProbe`),
          ...validateProbeGrace(startupProbe, `${path}.startupProbe`),
        ]
      : []),
  ]
}

function validateProbe(probe: Probe, path: string): FieldError[] {
  return [
    ...validateHandler(probe, path),
    ...(['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'] as const).flatMap(field =>
      nonNegative(probe[field], `${path}.${field}`),
    ),
  ]
}

const mustSucceedOnce = ({ successThreshold }: Probe, path: string): FieldError[] =>
  successThreshold !== 1 ? [invalidValue(`${path}.successThreshold`, successThreshold, 'must be 1')] : []

const validateProbeGrace = ({ terminationGracePeriodSeconds: grace }: Probe, path: string): FieldError[] =>
  grace !== undefined && grace <= 0 ? [invalidValue(`${path}.terminationGracePeriodSeconds`, grace, 'must be greater than 0')] : []

/** A failed readiness probe stops nothing, so there is nothing to be graceful about. */
const mayNotKill = ({ terminationGracePeriodSeconds: grace }: Probe, path: string): FieldError[] =>
  grace !== undefined ? [invalidValue(`${path}.terminationGracePeriodSeconds`, grace, 'must not be set for readinessProbes')] : []

type Handler = Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc'> & Pick<LifecycleHandler, 'sleep'>

function validateHandler(handler: Handler, path: string, graceSeconds?: number): FieldError[] {
  const errors: FieldError[] = []
  const given = (['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const).filter(name => handler[name])
  if (given.length === 0) return [requiredValue(path, 'must specify a handler type')]
  given.slice(1).forEach(name => errors.push(forbidden(`${path}.${name}`, 'may not specify more than 1 handler type')))

  const { exec, httpGet, tcpSocket, grpc, sleep } = handler
  if (exec && !exec.command?.length) errors.push(requiredValue(`${path}.exec.command`))
  if (httpGet) {
    if (!httpGet.path) errors.push(requiredValue(`${path}.httpGet.path`))
    errors.push(...validatePort(httpGet.port, `${path}.httpGet.port`))
    for (const { name = '' } of httpGet.httpHeaders ?? [])
      errors.push(...httpHeaderName(name).map(problem => invalidValue(`${path}.httpGet.httpHeaders`, name, problem)))
  }
  if (tcpSocket) errors.push(...validatePort(tcpSocket.port, `${path}.tcpSocket.port`))
  if (grpc) errors.push(...portNumber(grpc.port ?? 0).map(problem => invalidValue(`${path}.grpc.port`, grpc.port ?? 0, problem)))
  if (sleep && graceSeconds !== undefined && (sleep.seconds < 0 || sleep.seconds > graceSeconds)) {
    errors.push(invalidValue(`${path}.sleep`, sleep.seconds, `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`))
  }
  return errors
}

/** A port by number or by name. */
export function validatePort(port: string | number | undefined, path: string): FieldError[] {
  const problems = typeof port === 'string' ? portName(port) : portNumber(port ?? 0)
  return problems.map(problem => invalidValue(path, port ?? 0, problem))
}
