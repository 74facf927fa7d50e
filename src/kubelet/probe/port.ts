import type { Container } from '../../api/types/container.ts'

/** The number of a port that is given by number or by its name among the container's own ports. Undefined: there is none. */
export function resolvePort(port: string | number, container: Container): number | undefined {
  const number = typeof port === 'number' ? port : /^[0-9]+$/.test(port) ? Number(port) : container.ports?.find(({ name }) => name === port)?.containerPort
  return number !== undefined && number >= 1 && number <= 65_535 ? number : undefined
}
