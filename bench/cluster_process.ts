/** `poise up` in a process of its own, as a user starts it, with directories of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Node } from '../src/api/kinds/node.ts'
import { connectFromKubeconfig } from '../src/cli/connection.ts'
import type { Client } from '../src/client/client.ts'

export interface ClusterProcess {
  readonly pid: number
  readonly client: Client
  /** The socket of its own containerd, where there is one. */
  readonly socketPath: string | undefined
  /** From the start of the process. */
  readonly apiReadyMs: number
  readonly nodeReadyMs: number
  stop(): Promise<void>
}

const NAME = 'bench'
const PROGRAM = join(import.meta.dirname, '..', '..', 'bin', 'poise.mjs')

export async function startClusterProcess(runtime: string, options: readonly string[] = []): Promise<ClusterProcess> {
  const root = mkdtempSync(join(tmpdir(), 'poise-bench-'))
  const port = await freePort()
  const kubeconfig = join(root, 'kubeconfig')
  const start = performance.now()
  const child = spawn(process.execPath, [PROGRAM, 'up', '--quiet', '--name', NAME, '--runtime', runtime, '--port', String(port), ...options], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, POISE_HOME: root, KUBECONFIG: kubeconfig },
  })
  let close = (): void => undefined
  const stop = async (): Promise<void> => {
    close()
    await end(child)
    rmSync(root, { recursive: true, force: true })
  }
  const alive = (): void => {
    if (child.exitCode !== null) throw new Error(`poise up ended with ${child.exitCode}`)
  }
  try {
    await until(() => (alive(), answers(port)))
    const apiReadyMs = performance.now() - start
    await until(() => (alive(), existsSync(kubeconfig)))
    const connected = await connectFromKubeconfig(kubeconfig)
    close = connected.close
    const { client } = connected
    await until(async () =>
      (await client.list(Node)).items.some(({ status }) => status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')),
    )
    const socketPath = join(root, 'clusters', NAME, 'containerd', 'containerd.sock')
    return { pid: child.pid!, client, apiReadyMs, nodeReadyMs: performance.now() - start, socketPath: existsSync(socketPath) ? socketPath : undefined, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Asked without an identity, as a load balancer would. */
function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const asked = request({ host: '127.0.0.1', port, path: '/readyz', rejectUnauthorized: false, agent: false, timeout: 1_000 }, response => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    asked.on('error', () => resolve(false))
    asked.end()
  })
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

function end(child: ChildProcess): Promise<void> {
  return new Promise(resolve => {
    if (child.exitCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGTERM')
  })
}

export async function until(reached: () => boolean | Promise<boolean>, everyMs = 3): Promise<void> {
  while (!(await reached())) await new Promise(resolve => setTimeout(resolve, everyMs))
}
