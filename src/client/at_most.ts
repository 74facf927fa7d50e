import type { Transport } from '../base/transport.ts'

/**
 * Lets so many requests be under way at once; the others wait their turn. The server refuses what is too much for it, and
 * who begins five hundred Pods in one pass would take that for a failure. What waits is bounded by those who wait for it.
 * A watch counts until it is open.
 */
export function atMost(max: number, transport: Transport): Transport {
  const waiting: (() => void)[] = []
  let underWay = 0
  return async request => {
    if (underWay < max) underWay++
    else await new Promise<void>(resolve => waiting.push(resolve))
    try {
      return await transport(request)
    } finally {
      // Whoever is next takes over the place.
      const next = waiting.shift()
      if (next) next()
      else underWay--
    }
  }
}
