/** Talks to a cluster of another process, as the administrator its kubeconfig names. */
import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { createClient } from '../client/api_client.ts'
import type { Client } from '../client/client.ts'
import { createHttpsTransport } from '../host/http/https_transport.ts'

export async function connectFromKubeconfig(file: string): Promise<{ client: Client; close(): void }> {
  const config = parse(await readFile(file, 'utf8')) as {
    clusters: { cluster: { server: string; 'certificate-authority-data': string } }[]
    users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[]
  }
  const cluster = config.clusters[0]!.cluster
  const user = config.users[0]!.user
  const pem = (data: string) => Buffer.from(data, 'base64').toString('utf8')
  const { transport, close } = createHttpsTransport({
    server: cluster.server,
    ca: pem(cluster['certificate-authority-data']),
    certificate: pem(user['client-certificate-data']),
    key: pem(user['client-key-data']),
  })
  return { client: createClient(transport), close }
}
