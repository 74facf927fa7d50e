/** A load on somebody's cluster that goes in where `--url` says: at a gateway, by its name and below its path. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { silentLog } from '../../src/base/log.ts'
import { startContextSite } from '../../src/check/context_site.ts'
import type { Client } from '../../src/client/client.ts'

const ENOUGH = 4

test('a load goes to the path below that of --url, and the address of the gateway is not told as that of a Pod', async () => {
  const asked = new Set<string>()
  const gateway = createServer((request, response) => {
    asked.add(`${request.headers.host} ${request.url}`)
    response.end()
  })
  await new Promise<void>(resolve => gateway.listen(0, '127.0.0.1', resolve))
  const { port } = gateway.address() as AddressInfo
  const url = `http://localhost:${port}/shop`
  const site = await startContextSite({ connection: { client: {} as Client, context: 'theirs', server: '', close() {} }, url, log: silentLog })
  try {
    const load = await site.startLoad({
      target: { namespace: 'shop', service: 'web', port: 80, type: 'ClusterIP' },
      entrance: { service: 'web', through: 'url', url, node: undefined },
      path: '/cart?x=1',
      ratePerSecond: 100,
      clients: ['new', 'keep-alive'],
      timeoutMs: 30_000,
    })
    while (load.counts().answered < ENOUGH) await pause(10)
    for (const { outcome, target } of await load.stop()) assert.deepEqual({ outcome, target }, { outcome: { is: 'answered', status: 200 }, target: undefined })
    assert.deepEqual([...asked], [`localhost:${port} /shop/cart?x=1`])
  } finally {
    await site.close()
    gateway.close()
  }
})

test('what is no plain HTTP is refused before anything is made', () =>
  assert.rejects(
    startContextSite({ connection: { client: {} as Client, context: 'theirs', server: '', close() {} }, url: 'https://shop.example', log: silentLog }),
    /the load is plain HTTP, and https:\/\/shop\.example is not/,
  ))
