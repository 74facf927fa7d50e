/**
 * One cluster on real containers for a whole suite, with stock kubectl pointed at it:
 *
 *   machine, kubectl, images? ─▶ skip with the reason, or ─▶ cluster ─▶ tests, each in a namespace of its own ─▶ nothing left
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { Pod } from '../../src/api/kinds/pod.ts'
import { ApiError } from '../../src/api/status.ts'
import { silentLog } from '../../src/base/log.ts'
import { inspectMachine } from '../../src/host/containerd/machine.ts'
import { clusterDirectories, type ClusterDirectories } from '../../src/host/directories.ts'
import { removeNodes } from '../../src/host/remove_nodes.ts'
import { startRealCluster, type RealCluster, type RealClusterOptions } from '../../src/launch/real_cluster.ts'
import { findKubectl } from '../compat/kubectl.ts'
import { buildImages } from '../images/build.ts'

const repository = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')

export const fileOf = (path: string): Promise<string> => readFile(join(repository, path), 'utf8')

/** The articles' manifests, as they were printed. */
export const manifest = (name: string): Promise<string> => fileOf(`test/manifests/${name}.yaml`)

export interface Output {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Site {
  /** The administrator's, as text. */
  readonly kubeconfig: string
  /** Stock kubectl 1.34; `-` in the arguments reads `input`. */
  kubectl(args: readonly string[], input?: string, environment?: Readonly<Record<string, string>>): Promise<Output>
  /** The namespace's own kubectl: fails the test when kubectl fails. */
  inNamespace(name: string): Promise<Namespace>
  readonly cluster: RealCluster
  readonly directories: ClusterDirectories
  close(): Promise<void>
}

export interface Namespace {
  readonly name: string
  kubectl(args: readonly string[], input?: string): Promise<string>
  /** What kubectl says when it fails, which it must. */
  refused(args: readonly string[], input?: string): Promise<string>
  /** Runs until it is stopped or has ended by itself. */
  follow(args: readonly string[]): Followed
  pod(name: string): Promise<Pod | undefined>
  /** Waits until the Pod is as wanted; undefined is a Pod that is gone. */
  until(name: string, wanted: (pod: Pod | undefined) => boolean, seconds?: number): Promise<Pod | undefined>
}

/** What grows while kubectl runs. */
export interface Followed {
  readonly lines: readonly string[]
  /** The lines of its standard error. */
  readonly errors: readonly string[]
  /** Undefined while it runs; null when a signal has ended it. */
  exitCode(): number | null | undefined
  stop(): Promise<void>
}

/** Why there can be no such cluster on this machine, if there cannot. */
export async function reasonToSkip(images: readonly string[]): Promise<string | undefined> {
  try {
    await inspectMachine()
    await buildImages(images, imageCache)
    const { skip } = await findKubectl('1.34')
    return skip || undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

export const imageCache = join(repository, '.cache', 'images')

export async function startSite(
  images: readonly string[],
  guard: RealClusterOptions['guard'] = {},
  allowedUnsafeSysctls: readonly string[] = [],
  nodes = 1,
): Promise<Site> {
  const base = await mkdtemp(join(tmpdir(), 'poise-live-'))
  const directories = clusterDirectories({ POISE_HOME: base }, 'live')
  const cluster = await startCluster(base, directories, nodes, { guard, allowedUnsafeSysctls })
  const { client, host, ranges, places } = cluster

  const close = async () => {
    // Until all is removed its addresses are taken: nobody else may have them meanwhile.
    await cluster.stop()
    await removeNodes({ ranges, places, directories, host })
    await rm(base, { recursive: true, force: true })
  }
  try {
    for (const archive of await buildImages(images, imageCache)) for (const { containerd } of cluster.nodes) await containerd!.loadImage(archive)
    await cluster.nodesReady(AbortSignal.timeout(READY_MS))
  } catch (error) {
    await close()
    throw error
  }

  const program = await findKubectl('1.34')
  assert.ok(program.path, 'it was there a moment ago')
  await writeFile(directories.kubeconfig, cluster.kubeconfig)
  const launch = (args: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
    spawn(program.path, args, {
      cwd: base,
      env: { PATH: process.env['PATH'], HOME: base, KUBECONFIG: directories.kubeconfig, ...environment },
      timeout: KUBECTL_MS,
    })

  const kubectl = (args: readonly string[], input = '', environment: Readonly<Record<string, string>> = {}) =>
    new Promise<Output>((resolve, reject) => {
      const child = launch(args, environment)
      let [stdout, stderr] = ['', '']
      child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
      child.on('error', reject)
      child.on('close', exitCode => resolve({ exitCode, stdout, stderr }))
      child.stdin.on('error', () => {})
      child.stdin.end(input)
    })

  const inNamespace = async (namespace: string): Promise<Namespace> => {
    if (namespace !== 'default') assert.equal((await kubectl(['create', 'namespace', namespace])).stderr, '')
    const pod = (podName: string) =>
      client.get(Pod, { namespace, name: podName }).catch((error: unknown) => {
        if (error instanceof ApiError && error.status.reason === 'NotFound') return undefined
        throw error
      })
    return {
      name: namespace,
      pod,
      async kubectl(args, input) {
        const { exitCode, stdout, stderr } = await kubectl(['-n', namespace, ...args], input)
        assert.equal(exitCode, 0, `kubectl ${args.join(' ')} failed: ${stderr}`)
        return stdout
      },
      async refused(args, input) {
        const { exitCode, stdout, stderr } = await kubectl(['-n', namespace, ...args], input)
        assert.equal(exitCode, 1, `kubectl ${args.join(' ')} was not refused: ${stdout}`)
        return stderr
      },
      follow(args) {
        const child = launch(['-n', namespace, ...args])
        let code: number | null | undefined
        const ended = new Promise<void>(resolve => child.on('close', exitCode => resolve(void (code = exitCode))))
        return {
          lines: linesOf(child.stdout),
          errors: linesOf(child.stderr),
          exitCode: () => code,
          async stop() {
            child.kill()
            await ended
          },
        }
      },
      async until(podName, wanted, seconds = 30) {
        const deadline = performance.now() + seconds * 1000
        for (;;) {
          const found = await pod(podName)
          if (wanted(found)) return found
          if (performance.now() > deadline)
            assert.fail(
              `the Pod ${podName} was not as wanted within ${seconds} s: ${JSON.stringify(found?.status, null, 1)}\n${(await kubectl(['-n', namespace, 'events'])).stdout}`,
            )
          await new Promise(resolve => setTimeout(resolve, POLL_MS))
        }
      },
    }
  }
  return { kubeconfig: cluster.kubeconfig, kubectl, inNamespace, cluster, directories, close }
}

/** Grows with each whole line. */
function linesOf(stream: Readable): readonly string[] {
  const lines: string[] = []
  let rest = ''
  stream.on('data', (chunk: Buffer) => {
    const parts = `${rest}${chunk.toString()}`.split('\n')
    rest = parts.pop()!
    lines.push(...parts)
  })
  return lines
}

/** Suites start in processes of their own at the same time, and may pick the same addresses before either has them: then the later one picks again. */
async function startCluster(
  base: string,
  directories: ClusterDirectories,
  nodes: number,
  options: Pick<RealClusterOptions, 'guard' | 'allowedUnsafeSysctls'>,
): Promise<RealCluster> {
  for (let attempt = 0; ; attempt++) {
    await mkdir(directories.root, { recursive: true, mode: 0o700 })
    await writeFile(directories.network, JSON.stringify({ slot: await freeSlot(attempt), nodes }))
    try {
      return await startRealCluster({
        name: 'live',
        directories,
        clustersDirectory: dirname(directories.root),
        runtime: { is: 'containerd' },
        store: 'memory',
        port: 0,
        log: silentLog,
        ...options,
      })
    } catch (error) {
      await rm(base, { recursive: true, force: true })
      if (attempt === 2 || !/in use/.test(String(error))) throw error
    }
  }
}

/** From the upper half: a user's clusters begin at the lower end. */
export async function freeSlot(attempt: number): Promise<number> {
  const devices = await readdir('/sys/class/net')
  const slots = Array.from({ length: 5 }, (_, i) => 5 + ((process.pid + attempt + i) % 5))
  return slots.find(slot => !devices.includes(`poise${slot}-svc`)) ?? slots[0]!
}

const READY_MS = 60_000
const KUBECTL_MS = 120_000
const POLL_MS = 100
