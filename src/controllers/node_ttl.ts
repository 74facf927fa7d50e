/**
 * How long kubelets may keep Secrets and ConfigMaps before they ask again, as an annotation of every Node: the more Nodes,
 * the longer. Kubelets that watch, as Poise's do, have no use for it; tools and `kubectl describe node` show it.
 */
import type { Node } from '../api/kinds/node.ts'
import type { Cache } from '../client/cache.ts'

const ANNOTATION = 'node.alpha.kubernetes.io/ttl'

export interface NodeTtl {
  /** The annotation the Node should have, or undefined when it has it. */
  wanted(node: Node): Readonly<Record<string, string>> | undefined
  stop(): void
}

export function createNodeTtl(nodes: Cache<Node>): NodeTtl {
  let step = 0
  let count = 0
  const counting = nodes.onChange(({ object, previous }) => {
    count += Number(object !== undefined) - Number(previous !== undefined)
    step = ttlStep(count, step)
  })
  return {
    wanted({ metadata }) {
      const seconds = String(STEPS[step]!.seconds)
      return metadata.annotations?.[ANNOTATION] === seconds ? undefined : { [ANNOTATION]: seconds }
    },
    stop: () => counting.stop(),
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
