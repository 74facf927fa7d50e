import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EndpointSlice } from '../../src/api/kinds/endpoint_slice.ts'
import type { Draft } from '../../src/client/client.ts'
import { createCache } from '../../src/client/reflector.ts'
import { startVirtualCluster } from '../../src/launch/virtual_cluster.ts'
import { measureDnsProgramming } from '../../src/network/dns/programming_latency.ts'

test('each change of a headless Service is measured from its beginning, once', async () => {
  const cluster = await startVirtualCluster({ seed: 1, nodes: 0 })
  await using _ = cluster
  const { client, run, world } = cluster
  const host = world.host('names')
  const cache = createCache(host, client, EndpointSlice)
  const seen: number[] = []
  measureDnsProgramming(cache, host.clock, { histogram: () => ({ observe: (_labels, seconds) => void seen.push(seconds) }) })
  await run(cache.synced)
  const changedAt = new Date(host.clock.wall() - 3_000).toISOString()
  const slice = (name: string, labels: object) =>
    ({
      metadata: { name, namespace: 'default', labels, annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': changedAt } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.0.0.1'] }],
    }) as unknown as Draft<EndpointSlice>
  await run(client.create(EndpointSlice, slice('plain', {})))
  await run(client.create(EndpointSlice, slice('headless', { 'service.kubernetes.io/headless': '' })))
  await cluster.advance(20)
  assert.equal(seen.length, 1)
  assert.ok(seen[0]! >= 3 && seen[0]! < 3.1, `${seen[0]}`)
  await run(client.patch(EndpointSlice, { namespace: 'default', name: 'headless' }, { type: 'merge', body: { metadata: { labels: { other: 'x' } } } }))
  await cluster.advance(20)
  assert.equal(seen.length, 1, 'the same change is not measured again')
})
