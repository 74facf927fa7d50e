import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '../../src/base/log.ts'
import { ensureCertificates } from '../../src/host/certificates.ts'
import { createHttp1Transport } from '../../src/host/http/http1_transport.ts'
import { createHttpsTransport } from '../../src/host/http/https_transport.ts'
import { serve } from '../../src/host/http/server.ts'
import { transportContract } from './transport.ts'

transportContract('in process', async (_, handle) => handle)

for (const [name, create] of [
  ['over HTTPS', createHttpsTransport],
  ['over HTTP/1.1', createHttp1Transport],
] as const) {
  transportContract(name, async (t, handle) => {
    const directory = await mkdtemp(join(tmpdir(), 'poise-transport-'))
    const { ca, server: pair, admin } = await ensureCertificates(join(directory, 'pki'), { sans: [] })
    const server = await serve({ handle, tls: { ...pair, clientCa: ca.certificate }, log: silentLog })
    const client = create({ server: `https://127.0.0.1:${server.port}`, ca: ca.certificate, ...admin })
    t.after(async () => {
      client.close()
      await server.close(500)
      await rm(directory, { recursive: true, force: true })
    })
    return client.transport
  })
}
