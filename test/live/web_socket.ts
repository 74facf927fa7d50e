import { WebSocket } from 'ws'
import { parse } from 'yaml'

interface Kubeconfig {
  readonly clusters: readonly { cluster: { server: string; 'certificate-authority-data': string } }[]
  readonly users: readonly { user: { 'client-certificate-data': string; 'client-key-data': string } }[]
}

/** Everything that comes over a WebSocket of the API server until it closes it. */
export function openWebSocket(kubeconfig: string, path: string, protocols: readonly string[]): Promise<{ protocol: string; messages: Buffer[] }> {
  const { clusters, users } = parse(kubeconfig) as Kubeconfig
  const [{ cluster }, { user }] = [clusters[0]!, users[0]!]
  const decode = (text: string) => Buffer.from(text, 'base64')
  const socket = new WebSocket(`${cluster.server.replace(/^https/, 'wss')}${path}`, [...protocols], {
    ca: decode(cluster['certificate-authority-data']),
    cert: decode(user['client-certificate-data']),
    key: decode(user['client-key-data']),
  })
  const messages: Buffer[] = []
  return new Promise((resolve, reject) => {
    socket.on('message', (data: Buffer) => messages.push(Buffer.from(data)))
    socket.on('close', () => resolve({ protocol: socket.protocol, messages }))
    socket.on('error', reject)
  })
}
