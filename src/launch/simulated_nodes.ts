/** Nodes with simulated containers, in real time: a runtime each, and one network for all. */
import type { Host } from '../base/host.ts'
import type { NodePlace } from '../host/node_places.ts'
import { createSimulatedBackends } from '../sim/backends.ts'
import { createSimulatedMachineStats } from '../sim/machine_stats.ts'
import { createPretendedMounts } from '../sim/mounts.ts'
import { createFabric, type Fabric } from '../sim/network.ts'
import { createSimulatedRuntime } from '../sim/runtime.ts'
import type { ClusterRuntime, NodeRuntime, RuntimeParts } from './node_runtime.ts'

/** In virtual time an image takes as long as from a registry; here somebody waits for it. */
const PULL_MS = [50, 150] as const
/** From the news of a change to the rules, as long as on real nodes with two busy cores: nothing would be lost that is lost there. */
const PROGRAM_MS = [50, 150] as const

export function startSimulatedNodes({ host, places, resolve }: RuntimeParts, note: string | undefined): ClusterRuntime {
  const fabric = createFabric({ clock: host.clock, random: host.random.fork('fabric') })
  const started = places.nodes.map(place => startNode(place, { host, fabric, resolve }))
  return {
    kind: 'simulated',
    nodes: started.map(({ node }) => node),
    backends: createSimulatedBackends(attached(fabric, host, 'backends')),
    machineRules: undefined,
    note,
    async close() {
      for (const { close } of started) await close()
    },
    remove: async () => {},
    undo: async () => {},
  }
}

function startNode(place: NodePlace, { host, fabric, resolve }: Pick<RuntimeParts, 'host' | 'resolve'> & { fabric: Fabric }) {
  const { clock } = host
  const random = host.random.fork(place.name)
  const runtime = createSimulatedRuntime(
    { ...host, random },
    { fabric, podCidr: place.podCidr, nodeAddress: place.network?.address, resolve, pullMs: PULL_MS, programMs: PROGRAM_MS },
  )
  const node: NodeRuntime = {
    place,
    runtime,
    simulated: runtime,
    containerd: undefined,
    socketPath: undefined,
    host: { ...host, random, network: attached(fabric, { clock, random }, 'pod network'), mounts: createPretendedMounts(host.disk) },
    cgroups: undefined,
    machineStats: machine => createSimulatedMachineStats({ clock, machine, runtime }),
    serviceRules: runtime.serviceRoutes,
  }
  return {
    node,
    async close() {
      // These containers live in this process: a `sleep 3600` in one of them would keep it from ending.
      runtime.rebootMachine()
      await runtime.close()
    },
  }
}

const attached = (fabric: Fabric, { clock, random }: Pick<Host, 'clock' | 'random'>, label: string) => fabric.attach({ clock, random: random.fork(label) })
