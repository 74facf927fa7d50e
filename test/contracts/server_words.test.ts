import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { connect, createServer, type AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { decodeText } from '../../src/base/bytes.ts'
import { NetworkError, type HttpReply } from '../../src/base/network.ts'
import { SERVER_IMAGE, SERVER_PORT } from '../../src/base/server_settings.ts'
import { containerConfig, sandboxConfig } from '../../src/sim/configs.ts'
import { FAST_LATENCY } from '../../src/sim/latency.ts'
import { createSimulatedRuntime } from '../../src/sim/runtime.ts'
import { createWorld } from '../../src/sim/world.ts'
import { testServerWords, type KeptConnection, type RunningServer } from './server_words.ts'

const program = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'src', 'host', 'server', 'main.js')
const TIMEOUT_MS = 60_000

testServerWords({
  name: 'real',
  concurrency: 4,
  async begin() {
    const ends: (() => Promise<unknown>)[] = []
    return {
      pause,
      now: () => performance.now(),
      run: promise => promise,
      close: async () => void (await Promise.all(ends.map(end => end()))),
      async start(...words) {
        const { child, port, exited } = await spawned(words)
        let complaint = ''
        child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()))
        ends.push(() => {
          child.kill('SIGKILL')
          return exited
        })
        return {
          exited,
          complaint: async () => complaint.replaceAll(/^Warning: .*\n/gm, ''),
          signal: async signal => void child.kill(`SIG${signal}`),
          ask: path => asked(port, path),
          open: () => opened(port),
        }
      },
    }
  },
})

test('a real server that got no time takes what waits behind its port before it closes it', async () => {
  const { child, port, exited } = await spawned([])
  try {
    while ((await asked(port)) !== '200') await pause(50)
    child.kill('SIGSTOP')
    const connections = await Promise.all(Array.from({ length: 20 }, () => opened(port)))
    const answers = connections.map(connection => connection.ask())
    // What is asked goes out with the next turn, and before the server hears of its end it has to lie there.
    while (!connections.every(connection => connection.hasAsked())) await pause(1)
    child.kill('SIGTERM')
    child.kill('SIGCONT')
    for (const answer of await Promise.all(answers)) assert.match(answer, /^200/)
    assert.equal(await exited, 0)
  } finally {
    child.kill('SIGKILL')
  }
})

async function spawned(words: readonly string[]) {
  const port = await freePort()
  const child = spawn(process.execPath, [program, `listen=${port}`, ...words], { stdio: ['ignore', 'ignore', 'pipe'] })
  return { child, port, exited: once(child, 'close').then(([code]) => code as number) }
}

/** Nobody else is likely to get it in the next moment: the kernel gives the others out first. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const asked = (port: number, path = '/', agent?: Agent): Promise<string> =>
  new Promise(resolve => {
    const request = get({ host: '127.0.0.1', port, path, agent, timeout: TIMEOUT_MS }, response => {
      response.resume().on('end', () => resolve(`${response.statusCode}${agent && response.headers.connection === 'close' ? ', last' : ''}`))
    })
    request.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED' ? 'refused' : 'lost'))
  })

async function opened(port: number): Promise<KeptConnection & { hasAsked(): boolean }> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const closed = new Promise<void>(resolve => socket.once('close', () => resolve()))
  socket.on('error', () => {})
  // A socket that nobody reads does not hear of its end.
  const agent = new (class extends Agent {
    override createConnection = () => socket
  })({ keepAlive: true, maxSockets: 1 })
  socket.resume()
  return { closed, ask: () => asked(port, '/', agent), hasAsked: () => socket.bytesWritten > 0 }
}

testServerWords({
  name: 'simulated',
  concurrency: 1,
  async begin() {
    const world = createWorld({ seed: 1 })
    const host = world.host('node-a')
    const runtime = createSimulatedRuntime(host, { images: [SERVER_IMAGE], latency: FAST_LATENCY })
    const network = host.machine.fabric.attach({ clock: host.clock, random: host.random })
    const run = <T>(promise: Promise<T>): Promise<T> => world.finish(promise)
    const start = async (words: readonly string[]): Promise<RunningServer> => {
      const pod = sandboxConfig('web')
      const sandbox = await runtime.runPodSandbox(pod)
      const id = await runtime.createContainer(sandbox, containerConfig('web', SERVER_IMAGE, { args: words }), pod)
      await runtime.startContainer(id)
      const [address = ''] = (await runtime.podSandboxStatus(sandbox)).ips
      const open = () => network.open(address, SERVER_PORT, { timeoutMs: TIMEOUT_MS })
      const exited = async (): Promise<number> => {
        for (;;) {
          const { state, exitCode } = await runtime.containerStatus(id)
          if (state === 'exited') return exitCode
          await new Promise<void>(resolve => host.clock.at(host.clock.now() + 10, resolve, 'poll'))
        }
      }
      return {
        exited: exited(),
        async complaint() {
          const log = decodeText(await host.machine.disk.readFile((await runtime.containerStatus(id)).logPath))
          return log.replaceAll(/^\S+ stderr F /gm, '')
        },
        // From inside it cannot be killed, and a handler hears of it all the same.
        signal: async signal => void (await run(runtime.execSync(id, ['sh', '-c', `kill -${signal} 1`], TIMEOUT_MS))),
        async ask(path = '/') {
          const connection = await open().catch(failed)
          return typeof connection === 'string' ? connection : connection.request(request(path), { timeoutMs: TIMEOUT_MS }).then(told, failed)
        },
        async open() {
          const connection = await open()
          return { closed: connection.closed, ask: () => connection.request(request('/'), { timeoutMs: TIMEOUT_MS }).then(told, failed) }
        },
      }
    }
    return {
      run,
      now: () => world.now(),
      pause: ms => world.advance(ms),
      start: (...words) => run(start(words)),
      close: async () => {},
    }
  },
})

const request = (path: string) => ({ method: 'GET', path, headers: [] })

const told = ({ status, headers }: HttpReply): string => `${status}${headers['connection'] === 'close' ? ', last' : ''}`

function failed(error: unknown): string {
  if (!(error instanceof NetworkError)) throw error
  return error.code === 'Refused' ? 'refused' : 'lost'
}
