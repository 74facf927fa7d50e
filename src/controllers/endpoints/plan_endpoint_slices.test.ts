import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EndpointSlice } from '../../api/kinds/endpoint_slice.ts'
import type { Endpoint, EndpointPort } from '../../api/types/endpoint_slice.ts'
import { planEndpointSlices } from './plan_endpoint_slices.ts'

const HTTP: EndpointPort[] = [{ name: 'http', port: 80, protocol: 'TCP' }]
const OTHER: EndpointPort[] = [{ name: 'http', port: 8080, protocol: 'TCP' }]

const endpoint = (number: number, ready = true): Endpoint => ({
  addresses: [`10.0.${Math.floor(number / 250)}.${(number % 250) + 1}`],
  conditions: { ready, serving: ready, terminating: false },
  targetRef: { kind: 'Pod', name: `web-${number}`, uid: `uid-${number}` },
})
const endpoints = (from: number, to: number): Endpoint[] => Array.from({ length: to - from }, (_, index) => endpoint(from + index))
const slice = (name: string, members: Endpoint[], ports = HTTP): EndpointSlice =>
  ({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name }, addressType: 'IPv4', ports, endpoints: members }) as EndpointSlice

test('a Service without endpoints has one empty slice', () => {
  assert.deepEqual(planEndpointSlices([], []), { create: [{ ports: [], endpoints: [] }], update: [], remove: [] })
  assert.deepEqual(planEndpointSlices([], [slice('empty', [], [])]), { create: [], update: [], remove: [] })
})

test('the empty slice takes in the first endpoints, and is empty again after the last', () => {
  const empty = slice('empty', [], [])
  assert.deepEqual(planEndpointSlices([{ ports: HTTP, endpoints: endpoints(0, 1) }], [empty]), {
    create: [],
    update: [{ slice: empty, ports: HTTP, endpoints: endpoints(0, 1) }],
    remove: [],
  })
  const full = slice('full', endpoints(0, 1))
  const more = slice('more', endpoints(1, 2))
  assert.deepEqual(planEndpointSlices([], [full, more]), { create: [], update: [{ slice: full, ports: [], endpoints: [] }], remove: [more] })
})

test('a slice holds a hundred endpoints and no more', () => {
  const { create } = planEndpointSlices([{ ports: HTTP, endpoints: endpoints(0, 250) }], [])
  assert.deepEqual(
    create.map(group => group.endpoints.length),
    [100, 100, 50],
  )
})

test('nothing is written when nothing has changed', () => {
  const existing = [slice('a', endpoints(0, 100)), slice('b', endpoints(100, 150))]
  assert.deepEqual(planEndpointSlices([{ ports: HTTP, endpoints: endpoints(0, 150) }], existing), { create: [], update: [], remove: [] })
})

test('one endpoint that changes changes one slice, and keeps its place', () => {
  const [a, b] = [slice('a', endpoints(0, 100)), slice('b', endpoints(100, 150))]
  const wanted = endpoints(0, 150).map((old, number) => (number === 120 ? endpoint(120, false) : old))
  const { update, create, remove } = planEndpointSlices([{ ports: HTTP, endpoints: wanted }], [a, b])
  assert.deepEqual([create, remove, update.map(({ slice: changed }) => changed.metadata.name)], [[], [], ['b']])
  assert.deepEqual(update[0]!.endpoints, wanted.slice(100))
})

test('a new endpoint goes where something changes anyway, else into the fullest slice with room', () => {
  const [a, b, c] = [slice('a', endpoints(0, 60)), slice('b', endpoints(60, 150)), slice('c', endpoints(150, 250))]
  const all = [...endpoints(0, 250)]
  const replaced = all.map((old, number) => (number === 10 ? endpoint(900) : old))
  const names = (wanted: Endpoint[]) =>
    planEndpointSlices([{ ports: HTTP, endpoints: wanted }], [a, b, c]).update.map(update => [update.slice.metadata.name, update.endpoints.length])
  assert.deepEqual(names(replaced), [['a', 60]])
  assert.deepEqual(names([...all, endpoint(900)]), [['b', 91]])
})

test('Pods with different numbers behind the same name are in different slices', () => {
  const { create } = planEndpointSlices(
    [
      { ports: HTTP, endpoints: endpoints(0, 2) },
      { ports: OTHER, endpoints: endpoints(2, 3) },
    ],
    [],
  )
  assert.deepEqual(
    create.map(group => [group.ports[0]!.port, group.endpoints.length]),
    [
      [80, 2],
      [8080, 1],
    ],
  )
})

test('other ports are written into the slice there is', () => {
  const old = slice('a', endpoints(0, 2))
  assert.deepEqual(planEndpointSlices([{ ports: OTHER, endpoints: endpoints(0, 2) }], [old]), {
    create: [],
    update: [{ slice: old, ports: OTHER, endpoints: endpoints(0, 2) }],
    remove: [],
  })
})

test('a Pod made again with the address of the one before is another endpoint', () => {
  const again: Endpoint = { ...endpoint(0), targetRef: { kind: 'Pod', name: 'web-0', uid: 'other' } }
  const { update } = planEndpointSlices([{ ports: HTTP, endpoints: [again] }], [slice('a', endpoints(0, 1))])
  assert.deepEqual(update[0]!.endpoints, [again])
})
