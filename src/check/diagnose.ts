/** Why requests were lost or slow. */
import type { Observation } from './observation.ts'
import { isLost, isSlow } from './outcome.ts'
import type { Finding } from './report.ts'

export function diagnose({ requests, slowMs }: Observation): readonly Finding[] {
  const lost = requests.filter(isLost)
  const slow = requests.filter(request => isSlow(request, slowMs))
  if (lost.length + slow.length === 0) return []
  return [
    {
      cause: 'unknown',
      summary: `${lost.length} requests were lost, ${slow.length} were slow`,
      requests: [...lost, ...slow].map(({ id }) => id),
      lost: lost.length,
      slow: slow.length,
      evidence: [],
      advice: [],
      docs: 'causes.md#unknown',
    },
  ]
}
