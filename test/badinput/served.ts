/** A cluster in a process of its own, and ways to be rude to it over its real socket. */
import { readFile } from 'node:fs/promises'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { join } from 'node:path'
import { connectFromKubeconfig } from '../../src/cli/connection.ts'
import type { Client } from '../../src/client/client.ts'
import { connectionOf, type ClusterConnection } from '../../src/host/kubeconfig.ts'
import { createHome } from '../cli/poise.ts'

export interface Served {
  readonly connection: ClusterConnection
  readonly client: Client
  /** One request over HTTP/1.1, every byte as given. */
  ask(request: { method?: string; path: string; headers?: Readonly<Record<string, string>>; body?: string | Uint8Array }): Promise<Answer>
  /** Bytes as they are, after the TLS handshake; gives all that comes back until the server closes, or nothing more comes. */
  say(bytes: string | Uint8Array, quietMs?: number): Promise<string>
  open(): Promise<TLSSocket>
  residentMiB(): Promise<number>
  isAlive(): boolean
  [Symbol.asyncDispose](): Promise<void>
}

export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly text: string
  /** Undefined when the answer is no JSON. */
  readonly json: { kind?: string; code?: number; reason?: string; message?: string; status?: string } | undefined
}

const QUIET_MS = 5_000

export async function serveForAbuse(): Promise<Served> {
  const home = await createHome()
  const up = home.start(['up', '--runtime', 'simulated', '--store', 'memory'])
  await up.says('You can now use your cluster')
  const file = join(home.path, 'state', 'clusters', 'poise', 'kubeconfig')
  const connection = connectionOf(await readFile(file, 'utf8'))
  const { client, close } = await connectFromKubeconfig(file)
  const url = new URL(connection.server)

  const open = () =>
    new Promise<TLSSocket>((resolve, reject) => {
      const socket = connectTls(
        { host: url.hostname, port: Number(url.port), ca: connection.ca, cert: connection.certificate, key: connection.key, ALPNProtocols: ['http/1.1'] },
        () => resolve(socket),
      )
      socket.once('error', reject)
    })
  const say: Served['say'] = async (bytes, quietMs = QUIET_MS) => {
    const socket = await open()
    let text = ''
    return new Promise(resolve => {
      const settle = () => {
        clearTimeout(timer)
        socket.destroy()
        resolve(text)
      }
      const timer = setTimeout(settle, quietMs)
      socket
        .on('data', chunk => (text += chunk))
        .on('error', settle)
        .on('close', settle)
      socket.write(bytes)
    })
  }
  return {
    connection,
    client,
    say,
    open,
    async ask({ method = 'GET', path, headers = {}, body = '' }) {
      const bytes = Buffer.from(body)
      const lines = Object.entries({
        Host: 'poise',
        Connection: 'close',
        ...(bytes.length > 0 && { 'Content-Length': String(bytes.length), 'Content-Type': 'application/json' }),
        ...headers,
      })
      const head = `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
      return parse(await say(Buffer.concat([Buffer.from(head, 'latin1'), bytes]), 20_000))
    },
    async residentMiB() {
      return Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${up.process.pid}/status`, 'utf8'))?.[1]) / 1024
    },
    isAlive: () => up.process.exitCode === null && up.process.signalCode === null,
    async [Symbol.asyncDispose]() {
      close()
      up.process.kill('SIGINT')
      await up.ended
      await home[Symbol.asyncDispose]()
    },
  }
}

function parse(raw: string): Answer {
  const [head = '', ...rest] = raw.split('\r\n\r\n')
  const chunked = /transfer-encoding: chunked/i.test(head)
  const text = chunked
    ? rest
        .join('\r\n\r\n')
        .replace(/(^|\r\n)[0-9a-f]+\r\n/g, '')
        .replace(/\r\n$/, '')
    : rest.join('\r\n\r\n')
  let json: Answer['json']
  try {
    json = JSON.parse(text)
  } catch {
    json = undefined
  }
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0), contentType: /content-type: (.*)/i.exec(head)?.[1] ?? '', text, json }
}
