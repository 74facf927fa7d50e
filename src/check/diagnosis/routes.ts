/**
 * Where the entrance may have sent a connection: what the rules of its node said at that instant, and where those are not known,
 * what the slices had told it.
 *
 *   ready endpoints ─▶ else those that still serve while they terminate ─▶ else nobody: refused
 */
import type { Service } from '../../api/kinds/service.ts'
import type { Millis } from '../../base/clock.ts'
import type { Entrance } from '../observation.ts'
import { RECORDED_MARGIN_MS } from './instant.ts'
import type { Life, Step } from './life.ts'

export interface Reachable {
  readonly lives: readonly Life[]
  /** The rules may have held no Pod at all. */
  readonly mayBeNobody: boolean
  readonly by: 'rules' | 'slices'
}

/** Nobody tells when a node of somebody else's cluster has heard of a change: it is given so long. */
const SLICE_LAG_MS: Millis = 3000

export function reachableAt(atMs: Millis, lives: readonly Life[], entrance: Entrance, service: Service | undefined): Reachable {
  const by = lives.some(life => rulesAt(life, entrance.node) !== undefined) ? 'rules' : 'slices'
  const near = lives.filter(life => !staysOnNode(service, entrance) || life.node === entrance.node)
  const states = near.map(life => ({ life, states: possibleStates(rulesAt(life, entrance.node) ?? life.endpoint, atMs) }))
  const may = (state: string) => states.filter(each => each.states.has(state))
  const must = (state: string) => states.some(each => each.states.has(state) && each.states.size === 1)
  const ready = may('EndpointReady')
  if (must('EndpointReady')) return { lives: ready.map(({ life }) => life), mayBeNobody: false, by }
  const both = new Set([...ready, ...may('EndpointServing')].map(({ life }) => life))
  const mayBeNobody = !states.some(each => [...each.states].every(state => state === 'EndpointReady' || state === 'EndpointServing') && each.states.size > 0)
  return { lives: [...both], mayBeNobody, by }
}

/** Undefined: nobody has told what that node did. */
export function rulesAt(life: Life, node: string | undefined): readonly Step[] | undefined {
  return node === undefined ? undefined : life.rules.get(node)
}

const staysOnNode = (service: Service | undefined, { through, node }: Entrance): boolean =>
  node !== undefined &&
  (through === 'ClusterIP'
    ? service?.spec.internalTrafficPolicy === 'Local'
    : (through === 'NodePort' || through === 'LoadBalancer') && service?.spec.externalTrafficPolicy === 'Local')

/** While a change is on its way to the kernel both the old and the new state are possible. */
function possibleStates(steps: readonly Step[], atMs: Millis): Set<string> {
  const inForce = (step: Step): Millis =>
    (step.to?.atMs ?? step.from.atMs + SLICE_LAG_MS) + Math.max(RECORDED_MARGIN_MS, step.to?.marginMs ?? step.from.marginMs)
  const states = new Set<string>()
  if (steps[0] && atMs < inForce(steps[0])) states.add('')
  steps.forEach((step, index) => {
    const next = steps[index + 1]
    if (atMs >= step.from.atMs - step.from.marginMs && (!next || atMs <= inForce(next))) states.add(step.state)
  })
  return states
}
