/**
 * Which Pod a request was for.
 *
 *   its own end of the connection is known ─▶ that Pod
 *   it went over a kept connection          ─▶ the Pod that the connection was opened to, however long ago
 *   neither                                 ─▶ whoever the entrance's rules held at that instant: one, several, or nobody
 */
import type { Service } from '../../api/kinds/service.ts'
import type { Millis } from '../../base/clock.ts'
import type { LoadRequest, Observation } from '../observation.ts'
import { RECORDED_MARGIN_MS } from './instant.ts'
import type { Life } from './life.ts'
import { reachableAt } from './routes.ts'

export interface Attribution {
  /** told: seen at the connection. rules, slices: reckoned. stranger: an address that is no Pod's of the timelines. */
  readonly by: 'told' | 'rules' | 'slices' | 'stranger'
  /** Those it may have been for; exactly one where it was told. */
  readonly lives: readonly Life[]
  /** The rules may have held no Pod at all. */
  readonly mayBeNobody: boolean
  /** When the connection was opened. */
  readonly openedMs: Millis
}

export type Attributions = ReadonlyMap<LoadRequest, Attribution>

export function attribute({ requests, entrance }: Observation, lives: readonly Life[], service: Service | undefined): Attributions {
  const byAddress = new Map<string, Life[]>()
  for (const life of lives) byAddress.set(life.address, [...(byAddress.get(life.address) ?? []), life])
  const opened = new Map<string, { readonly atMs: Millis; target: LoadRequest['target'] }>()
  const attributions = new Map<LoadRequest, Attribution>()
  // Neighbours mostly find the same rules: asked once for each millisecond.
  const isSeeing = seesTargets(requests)
  const reached = new Map<number, ReturnType<typeof reachableAt>>()
  const reachable = (atMs: Millis) => {
    const key = Math.floor(atMs)
    const known = reached.get(key) ?? reachableAt(atMs, lives, entrance, service)
    reached.set(key, known)
    return known
  }
  for (const request of requests.toSorted((a, b) => a.sentMs - b.sentMs)) {
    const key = `${request.client} ${request.connection}`
    const standing = request.idleMs === undefined ? undefined : opened.get(key)
    const openedMs = standing?.atMs ?? request.sentMs - (request.idleMs ?? 0)
    const target = request.target ?? standing?.target
    opened.set(key, { atMs: openedMs, target })
    if (target) {
      const life = ownerOf(byAddress.get(target.address) ?? [], openedMs)
      attributions.set(request, { by: life ? 'told' : 'stranger', lives: life ? [life] : [], mayBeNobody: false, openedMs })
      continue
    }
    // Opened nobody knows when: to any Pod there was.
    if (request.idleMs !== undefined && !standing) {
      attributions.set(request, { by: reachable(request.sentMs).by, lives: begunBy(lives, openedMs), mayBeNobody: false, openedMs })
      continue
    }
    // Who asks a Pod itself is sent nowhere by rules.
    if (request.client === 'direct') attributions.set(request, { by: 'stranger', lives: [], mayBeNobody: false, openedMs })
    else {
      const found = reachable(openedMs)
      // Of connections to a Pod its address is seen: this one was to nobody, if that is possible at all.
      attributions.set(request, { ...found, ...(isSeeing && found.mayBeNobody && { lives: [] }), openedMs })
    }
  }
  return attributions
}

/** An address is given to one Pod after another. */
const ownerOf = (lives: readonly Life[], atMs: Millis): Life | undefined =>
  begunBy(lives, atMs)
    .toSorted((a, b) => (a.begun?.atMs ?? -Infinity) - (b.begun?.atMs ?? -Infinity))
    .at(-1)

const begunBy = (lives: readonly Life[], atMs: Millis): Life[] =>
  lives.filter(({ begun }) => begun === undefined || begun.atMs - Math.max(begun.marginMs, RECORDED_MARGIN_MS) <= atMs)

/** Whether this site sees the Pod's end of connections. */
function seesTargets(requests: readonly LoadRequest[]): boolean {
  const answered = requests.filter(({ outcome }) => outcome.is === 'answered')
  const seen = answered.filter(({ target }) => target !== undefined).length
  return seen > 0 && seen >= answered.length * MOST
}

const MOST = 0.9
