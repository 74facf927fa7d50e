/** Talks to a cluster of another process, as the administrator its kubeconfig names. */
import { readFile } from 'node:fs/promises'
import { createClient } from '../client/api_client.ts'
import type { Client } from '../client/client.ts'
import { createHttpsTransport } from '../host/http/https_transport.ts'
import { connectionOf } from '../host/kubeconfig.ts'

export async function connectFromKubeconfig(file: string): Promise<{ client: Client; close(): void }> {
  const { transport, close } = createHttpsTransport(connectionOf(await readFile(file, 'utf8')))
  return { client: createClient(transport), close }
}
