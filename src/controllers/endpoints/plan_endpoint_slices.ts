/**
 * Packs endpoints into slices of at most a hundred, changing as few slices as can be: every change of a slice goes to
 * every node.
 *
 *   wanted ─▶ 1. what a slice has and is still wanted stays in it
 *             2. new ones fill the slices that change anyway
 *             3. the rest goes into the fullest slice that has room for all of it, or into new ones
 */
import { deepEqual } from '../../api/deep.ts'
import type { EndpointSlice } from '../../api/kinds/endpoint_slice.ts'
import type { Endpoint, EndpointPort } from '../../api/types/endpoint_slice.ts'

/** Kubernetes' default. */
export const ENDPOINTS_PER_SLICE_MAX = 100

/** Endpoints that share their ports, and so can share a slice. */
export interface EndpointGroup {
  readonly ports: readonly EndpointPort[]
  readonly endpoints: readonly Endpoint[]
}

export interface SliceChanges {
  readonly create: readonly EndpointGroup[]
  readonly update: readonly (EndpointGroup & { readonly slice: EndpointSlice })[]
  readonly remove: readonly EndpointSlice[]
}

/**
 * A Service always has a slice, if only an empty one: who reads it knows that there are no endpoints, and not that
 * nobody has looked yet.
 */
export function planEndpointSlices(groups: readonly EndpointGroup[], existing: readonly EndpointSlice[]): SliceChanges {
  const filled = groups.filter(({ endpoints }) => endpoints.length > 0)
  const wanted = new Map((filled.length > 0 ? filled : [{ ports: [], endpoints: [] }]).map(group => [portsKey(group.ports), group]))
  const create: EndpointGroup[] = []
  const update: (EndpointGroup & { slice: EndpointSlice })[] = []
  const spare = existing.filter(({ ports }) => !wanted.has(portsKey(ports ?? [])))
  for (const [key, { ports, endpoints: members }] of wanted) {
    const { slices, rest } = packGroup(
      members,
      existing.filter(slice => portsKey(slice.ports ?? []) === key),
    )
    for (const { slice, endpoints, isChanged } of slices) {
      if (endpoints.length === 0 && members.length > 0) spare.push(slice)
      else if (isChanged) update.push({ slice, ports, endpoints })
    }
    for (let at = 0; at < rest.length; at += ENDPOINTS_PER_SLICE_MAX) create.push({ ports, endpoints: rest.slice(at, at + ENDPOINTS_PER_SLICE_MAX) })
    if (members.length === 0) {
      if (slices.length === 0) create.push({ ports, endpoints: [] })
      else spare.push(...slices.slice(1).map(({ slice }) => slice))
    }
  }
  // One change instead of two: what is no longer needed takes in what would be made.
  while (create.length > 0 && spare.length > 0) update.push({ slice: spare.shift()!, ...create.shift()! })
  return { create, update, remove: spare }
}

export const isUnchanged = ({ create, update, remove }: SliceChanges): boolean => create.length + update.length + remove.length === 0

/** Whether an endpoint that may get requests now may not get them any more. */
export function withdraws(groups: readonly EndpointGroup[], existing: readonly EndpointSlice[]): boolean {
  const isReady = ({ conditions }: Endpoint): boolean => conditions?.ready !== false
  const wanted = new Set(groups.flatMap(({ endpoints }) => endpoints.filter(isReady).map(identityOf)))
  return existing.some(({ endpoints }) => endpoints.some(endpoint => isReady(endpoint) && !wanted.has(identityOf(endpoint))))
}

interface PackedSlice {
  readonly slice: EndpointSlice
  readonly endpoints: Endpoint[]
  isChanged: boolean
}

function packGroup(wanted: readonly Endpoint[], existing: readonly EndpointSlice[]): { slices: PackedSlice[]; rest: Endpoint[] } {
  const missing = new Map(wanted.map(endpoint => [identityOf(endpoint), endpoint]))
  const slices = existing.map(slice => keepWanted(slice, missing))
  const rest = [...missing.values()]
  for (const packed of slices.filter(({ isChanged, endpoints }) => isChanged && endpoints.length > 0)) fill(packed, rest)
  if (rest.length > 0) {
    const room = slices.filter(({ endpoints }) => endpoints.length > 0 && endpoints.length + rest.length <= ENDPOINTS_PER_SLICE_MAX)
    const fullest = room.sort((a, b) => b.endpoints.length - a.endpoints.length)[0] ?? slices.find(({ endpoints }) => endpoints.length === 0)
    if (fullest) fill(fullest, rest)
  }
  return { slices, rest }
}

/** Takes what it finds from `missing`. */
function keepWanted(slice: EndpointSlice, missing: Map<string, Endpoint>): PackedSlice {
  const packed: PackedSlice = { slice, endpoints: [], isChanged: false }
  for (const endpoint of slice.endpoints) {
    const identity = identityOf(endpoint)
    const next = missing.get(identity)
    missing.delete(identity)
    if (!next) packed.isChanged = true
    else if (deepEqual(next, endpoint)) packed.endpoints.push(endpoint)
    else {
      packed.endpoints.push(next)
      packed.isChanged = true
    }
  }
  return packed
}

function fill(packed: PackedSlice, rest: Endpoint[]): void {
  const taken = rest.splice(0, ENDPOINTS_PER_SLICE_MAX - packed.endpoints.length)
  if (taken.length === 0) return
  packed.endpoints.push(...taken)
  packed.isChanged = true
}

/** A Pod made again under its old name, or with another address, is another endpoint. */
const identityOf = ({ targetRef, addresses }: Endpoint): string => `${targetRef?.uid ?? ''} ${addresses[0] ?? ''}`

export const portsKey = (ports: readonly EndpointPort[]): string =>
  ports
    .map(({ name, port, protocol, appProtocol }) => `${name ?? ''} ${protocol ?? 'TCP'} ${port ?? ''} ${appProtocol ?? ''}`)
    .sort()
    .join(',')
