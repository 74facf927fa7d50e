/**
 * How long kubelets may keep Secrets and ConfigMaps before they ask again, as an annotation of every Node: the more Nodes,
 * the longer. Kubelets that watch, as Poise's do, have no use for it; tools and `kubectl describe node` show it.
 *
 *   watch Node ─▶ how many are there? ─▶ annotation differs? patch it
 */
import { Node } from '../api/kinds/node.ts'
import { isReason } from '../api/status.ts'
import type { Host } from '../base/host.ts'
import type { Cache } from '../client/cache.ts'
import type { Client } from '../client/client.ts'
import { settled, startController, watches } from '../client/controller.ts'

const ANNOTATION = 'node.alpha.kubernetes.io/ttl'

export function startNodeTtlController(host: Host, client: Client, { nodes }: { nodes: Cache<Node> }) {
  let step = 0
  let count = 0
  const counting = nodes.onChange(({ object, previous }) => {
    count += Number(object !== undefined) - Number(previous !== undefined)
    step = ttlStep(count, step)
  })
  const isRight = ({ metadata }: Node) => metadata.annotations?.[ANNOTATION] === String(STEPS[step]!.seconds)
  const controller = startController(host, client, {
    name: 'ttl',
    sources: [watches(Node, nodes, ({ key, object }) => (object && !isRight(object) ? [key] : []))],
    async reconcile(key, api) {
      const node = nodes.get(key)
      if (!node || isRight(node)) return settled
      try {
        await api.patch(Node, key, { type: 'merge', body: { metadata: { annotations: { [ANNOTATION]: String(STEPS[step]!.seconds) } } } })
      } catch (error) {
        if (!isReason(error, 'NotFound')) throw error
      }
      return settled
    },
  })
  return {
    async stop() {
      counting.stop()
      await controller.stop()
    },
  }
}

/** Each holds from `atLeast` to `atMost` Nodes; they overlap, so that a cluster at a border does not go to and fro. */
const STEPS = [
  { atLeast: 0, atMost: 100, seconds: 0 },
  { atLeast: 90, atMost: 500, seconds: 15 },
  { atLeast: 450, atMost: 1000, seconds: 30 },
  { atLeast: 900, atMost: 2000, seconds: 60 },
  { atLeast: 1800, atMost: Infinity, seconds: 300 },
] as const

export function ttlStep(count: number, step: number): number {
  if (count > STEPS[step]!.atMost) return ttlStep(count, step + 1)
  return count < STEPS[step]!.atLeast ? ttlStep(count, step - 1) : step
}
