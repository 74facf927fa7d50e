/** How far a Deployment may stray from its replicas while it rolls (behaviour 8.1.1 and 8.1.2). */
import { resolveIntOrPercent } from '../../api/int_or_percent.ts'
import type { DeploymentSpec } from '../../api/types/deployment.ts'

export interface Bounds {
  /** Pods beyond replicas. */
  readonly maxSurge: number
  /** Of replicas, those that may be unavailable. */
  readonly maxUnavailable: number
}

/** Shares of replicas are rounded up for what may be added, down for what may be missing. Who would get stuck at 0 and 0 may miss one. */
export function boundsOf({ replicas, strategy }: DeploymentSpec): Bounds {
  const { rollingUpdate } = strategy
  if (strategy.type !== 'RollingUpdate' || !rollingUpdate) return { maxSurge: 0, maxUnavailable: 0 }
  const maxSurge = resolveIntOrPercent(rollingUpdate.maxSurge ?? 0, replicas, 'up')
  const missing = resolveIntOrPercent(rollingUpdate.maxUnavailable ?? 0, replicas, 'down')
  return { maxSurge, maxUnavailable: Math.min(maxSurge === 0 && missing === 0 ? 1 : missing, replicas) }
}
