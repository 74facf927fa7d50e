/** The cgroups of a simulated machine: what was asked for, for stories to look at. Nothing is weighed or limited by them. */
import type { CgroupLimits, PodCgroups } from '../runtime/pod_cgroups.ts'

export interface SimulatedCgroups extends PodCgroups {
  /** By path. */
  readonly all: ReadonlyMap<string, CgroupLimits>
}

export function createSimulatedCgroups(): SimulatedCgroups {
  const all = new Map<string, CgroupLimits>()
  return {
    all,
    async set(path, limits) {
      all.set(path, { ...all.get(path), ...limits })
    },
    async remove(path) {
      if (![...all.keys()].some(other => other.startsWith(`${path}/`))) all.delete(path)
    },
    list: async path => [...new Set([...all.keys()].filter(other => other.startsWith(`${path}/`)).map(other => other.slice(path.length + 1).split('/')[0]!))],
    async destroy(path) {
      for (const other of all.keys()) if (other === path || other.startsWith(`${path}/`)) all.delete(other)
    },
  }
}
