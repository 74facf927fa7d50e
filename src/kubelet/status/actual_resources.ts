/** What status.containerStatuses[].resources tells: what a container has, which during a resize is not yet what it was given. */
import { canonicalQuantity } from '../../api/quantity.ts'
import type { Quantities } from '../../api/resources.ts'
import type { Container } from '../../api/types/container.ts'
import type { ResourceRequirements } from '../../api/types/resource_requirements.ts'
import type { ContainerStatus } from '../../runtime/runtime.ts'
import { containerLimits, milliOfQuota, milliOfShares, NO_LIMIT } from '../cgroup/cgroup_values.ts'
import { actualLimits } from '../pod/plan_resize.ts'

/** In the words of the spec wherever the runtime has the same amount; memory requests are nowhere in the runtime. */
export function actualResources({ resources }: Container, { state, resources: told }: ContainerStatus): ResourceRequirements {
  if (state !== 'running' || !told) return resources
  const [given, actual] = [containerLimits({ resources }), actualLimits(told)]
  const cpuRequest = actual.cpuShares === given.cpuShares ? undefined : milli(milliOfShares(actual.cpuShares))
  const cpuLimit = actual.cpuQuotaUs === given.cpuQuotaUs ? undefined : limitOf(actual.cpuQuotaUs, quota => milli(milliOfQuota(quota)))
  const memoryLimit = actual.memoryLimitBytes === given.memoryLimitBytes ? undefined : limitOf(actual.memoryLimitBytes, bytes => inBinary(bytes))
  return {
    ...resources,
    ...changed('requests', resources.requests, { cpu: cpuRequest }),
    ...changed('limits', resources.limits, { cpu: cpuLimit, memory: memoryLimit }),
  }
}

/** null: there is none. */
type Difference = string | null | undefined

const limitOf = (value: number, text: (value: number) => string): Difference => (value === NO_LIMIT ? null : text(value))

function changed(name: 'requests' | 'limits', quantities: Quantities = {}, differences: Readonly<Record<string, Difference>>): Partial<ResourceRequirements> {
  const entries = Object.entries(differences).filter(([, quantity]) => quantity !== undefined)
  if (entries.length === 0) return {}
  const kept = Object.entries(quantities).filter(([resource]) => differences[resource] === undefined)
  return { [name]: Object.fromEntries([...kept, ...entries.filter((entry): entry is [string, string] => entry[1] !== null)]) }
}

const milli = (value: number): string => canonicalQuantity(`${value}m`) ?? `${value}m`

/** As many bytes are written when they are no whole number of Ki, Mi, Gi. */
function inBinary(bytes: number): string {
  for (const [unit, size] of [
    ['Gi', 2 ** 30],
    ['Mi', 2 ** 20],
    ['Ki', 2 ** 10],
  ] as const)
    if (bytes % size === 0) return `${bytes / size}${unit}`
  return String(bytes)
}
