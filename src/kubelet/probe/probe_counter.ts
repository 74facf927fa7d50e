import type { Probe } from '../../api/types/probe.ts'
/**
 * What a probe makes of its answers: it changes its mind only after as many equal ones in a row as the thresholds ask for.
 * After a liveness failure, or any decision of a startup probe, it asks no more until there is another container.
 */

export type ProbeType = 'liveness' | 'readiness' | 'startup'
export type ProbeResult = 'success' | 'failure' | 'unknown'

export interface ProbeCount {
  readonly result: ProbeResult
  readonly last: 'success' | 'failure' | undefined
  readonly run: number
  readonly onHold: boolean
}

/** Before any answer a container is taken to be alive, not ready, and not known to have started. */
export const freshCount = (type: ProbeType): ProbeCount => ({
  result: type === 'liveness' ? 'success' : type === 'readiness' ? 'failure' : 'unknown',
  last: undefined,
  run: 0,
  onHold: false,
})

export function countAnswer(count: ProbeCount, type: ProbeType, answer: 'success' | 'failure', probe: Probe): ProbeCount {
  const run = count.last === answer ? count.run + 1 : 1
  const threshold = answer === 'success' ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3)
  if (run < threshold) return { ...count, last: answer, run }
  const onHold = type === 'startup' || (type === 'liveness' && answer === 'failure')
  return { result: answer, last: answer, run: onHold ? 0 : run, onHold }
}
