/**
 * The API server alone, over TLS, for bench/api.ts: no scheduler and no kubelet take part in what is measured.
 * Prints one line of JSON when it answers; ends when its standard input does.
 *
 *   node dist/bench/serve_api.js memory|DIRECTORY
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kinds } from '../src/api/kinds/index.ts'
import { stampResourceVersion } from '../src/api/meta.ts'
import { createApiServer } from '../src/apiserver/api_server.ts'
import { staticTokens } from '../src/apiserver/auth/authenticate.ts'
import type { User } from '../src/base/transport.ts'
import { ensureCertificates } from '../src/host/certificates.ts'
import { createHost } from '../src/host/host.ts'
import { serve } from '../src/host/http/server.ts'
import { createLog } from '../src/host/log.ts'
import { createMetrics } from '../src/host/metrics.ts'
import { openDurableStore } from '../src/host/store_lmdb.ts'
import { createMemoryStore } from '../src/store/memory_store.ts'

const place = process.argv[2] ?? 'memory'
const pki = mkdtempSync(join(tmpdir(), 'poise-bench-'))
const certificates = await ensureCertificates(pki, { sans: [] })
rmSync(pki, { recursive: true })

const log = createLog({ level: 'warn' })
const host = createHost({ log })
const store = place === 'memory' ? createMemoryStore({ stamp: stampResourceVersion }) : await openDurableStore(place, { stamp: stampResourceVersion })
const administrator: User = { name: 'bench', groups: ['system:masters', 'system:authenticated'] }
const token = 'a-token-for-the-bench'
const api = createApiServer({
  kinds,
  store,
  log,
  clock: host.clock,
  random: host.random,
  metrics: createMetrics(),
  tokenAuthenticators: [staticTokens(new Map([[token, administrator]]))],
})
await api.bootstrap()
const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } }
const made = await api.handle({
  method: 'POST',
  path: '/api/v1/namespaces/default/serviceaccounts',
  query: new URLSearchParams(),
  headers: {},
  body: { is: 'object', object: account },
  user: administrator,
  signal: new AbortController().signal,
})
if (made.status !== 201) throw new Error(`the ServiceAccount could not be made: ${made.status}`)
const server = await serve({ handle: api.handle, tls: { ...certificates.server, clientCa: certificates.ca.certificate }, log })
console.log(JSON.stringify({ url: `https://127.0.0.1:${server.port}`, token }))

// In-process figures for whoever asks: the heap after a full collection, when that has been allowed.
process.stdin.on('data', () => {
  ;(globalThis as { gc?: () => void }).gc?.()
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  console.log(JSON.stringify({ heapMb: heapUsed / 2 ** 20, externalMb: external / 2 ** 20, arrayBuffersMb: arrayBuffers / 2 ** 20 }))
})
process.stdin.on('end', async () => {
  api.close()
  await server.close()
  await store.close()
  process.exit(0)
})
