/**
 * The cgroups above those of containers: of Pods, of the QoS classes and of all Pods of a node. The runtime makes and limits what
 * is below them.
 *
 * `host/` writes them into the hierarchies of the machine (cgroup v1, v2, or both), `sim/` keeps them in memory.
 */
export interface PodCgroups {
  /** Makes it if there is none, and sets the values. `path` is absolute: `/poise0/kubepods/burstable/pod<uid>`. */
  set(path: string, limits: CgroupLimits): Promise<void>
  /** Removes it where nothing is in it. No error when there is none. */
  remove(path: string): Promise<void>
  /** Names of those directly below it; none when there is no such cgroup. */
  list(path: string): Promise<string[]>
  /** Ends whatever still runs in it, and removes it with all that is below it. */
  destroy(path: string): Promise<void>
}

/** What is left out stays as it is. */
export interface CgroupLimits {
  /** Relative weight of CPU time, 2 to 262144; 1024 is one core. */
  readonly cpuShares?: number
  /** CPU time in each CPU_PERIOD_US; -1: no limit. */
  readonly cpuQuotaUs?: number
  /** -1: no limit. */
  readonly memoryLimitBytes?: number
}

export const CPU_PERIOD_US = 100_000
