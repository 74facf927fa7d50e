/** Ports of containers (behaviour 12.8 and 12.13). */
import { duplicateValue, invalidValue, requiredValue, type FieldError } from '../field_error.ts'
import type { Container, ContainerPort } from '../types/container.ts'
import { ipAddress } from './addresses.ts'
import { portName, portNumber } from './names.ts'
import { forEachAt, noDuplicates, validateOptional } from './rules.ts'

export const validatePorts = (ports: readonly ContainerPort[] | undefined, path: string, hostNetwork: boolean): FieldError[] => [
  ...forEachAt(ports, path, (port, at) => validateContainerPort(port, at, hostNetwork)),
  ...noDuplicates(
    ports,
    ({ name }) => name,
    index => `${path}[${index}].name`,
  ),
]

function validateContainerPort({ name, containerPort, hostPort, hostIP, protocol }: ContainerPort, path: string, hostNetwork: boolean): FieldError[] {
  const errors = validateOptional(name, `${path}.name`, portName)
  if (!containerPort) errors.push(requiredValue(`${path}.containerPort`))
  else errors.push(...portNumber(containerPort).map(problem => invalidValue(`${path}.containerPort`, containerPort, problem)))
  if (hostPort) errors.push(...portNumber(hostPort).map(problem => invalidValue(`${path}.hostPort`, hostPort, problem)))
  if (hostNetwork && hostPort !== containerPort)
    errors.push(invalidValue(`${path}.hostPort`, hostPort ?? 0, 'must match `containerPort` when `hostNetwork` is true'))
  if (!protocol) errors.push(requiredValue(`${path}.protocol`))
  errors.push(...validateOptional(hostIP, `${path}.hostIP`, ipAddress))
  return errors
}

/** Two containers that run at the same time cannot have the same port of the node. */
export function validateHostPorts(containers: readonly Pick<Container, 'ports'>[], path: string): FieldError[] {
  const taken = new Set<string>()
  return containers.flatMap(({ ports }, container) =>
    (ports ?? []).flatMap(({ hostPort, hostIP, protocol }, index) => {
      if (!hostPort) return []
      const key = `${protocol}/${hostIP ?? ''}/${hostPort}`
      if (taken.has(key)) return [duplicateValue(`${path}[${container}].ports[${index}].hostPort`, key)]
      taken.add(key)
      return []
    }),
  )
}
