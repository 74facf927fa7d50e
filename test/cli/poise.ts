/** Runs the command as a user does: a process of its own, with a home of its own that is gone after the test. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClusterRecord } from '../../src/host/cluster_record.ts'

const BIN = join(import.meta.dirname, '..', '..', '..', 'bin', 'poise.mjs')
const PATIENCE_MS = 60_000

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly process: ChildProcess
  readonly said: { stdout: string; stderr: string }
  readonly ended: Promise<Ended>
  /** Resolves when stdout or stderr holds the text; fails when the process ends before. */
  says(text: string): Promise<void>
}

export interface Home {
  readonly path: string
  readonly kubeconfig: string
  start(args: readonly string[], env?: Readonly<Record<string, string>>): Running
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>
  record(name?: string): Promise<ClusterRecord | undefined>
  [Symbol.asyncDispose](): Promise<void>
}

export async function createHome(): Promise<Home> {
  const path = await mkdtemp(join(tmpdir(), 'poise-cli-'))
  const kubeconfig = join(path, 'kubeconfig')
  const running = new Set<ChildProcess>()
  const start: Home['start'] = (args, env = {}) => {
    const child = spawn(process.execPath, [BIN, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], HOME: path, POISE_HOME: join(path, 'state'), KUBECONFIG: kubeconfig, POISE_NO_BUILD: '1', ...env },
    })
    running.add(child)
    const said = { stdout: '', stderr: '' }
    child.stdout.on('data', chunk => (said.stdout += chunk))
    child.stderr.on('data', chunk => (said.stderr += chunk))
    const ended = new Promise<Ended>(resolve =>
      child.once('close', (code, signal) => {
        running.delete(child)
        resolve({ code, signal, ...said })
      }),
    )
    const says = async (text: string) => {
      for (const deadline = performance.now() + PATIENCE_MS; !said.stdout.includes(text) && !said.stderr.includes(text);) {
        assert.ok(child.exitCode === null && child.signalCode === null, `poise ${args.join(' ')} ended without saying ${text}: ${said.stderr}`)
        assert.ok(performance.now() < deadline, `poise ${args.join(' ')} does not say ${text}: ${said.stderr}`)
        await new Promise(resolve => setTimeout(resolve, 10))
      }
    }
    return { process: child, said, ended, says }
  }
  return {
    path,
    kubeconfig,
    start,
    run: (args, env) => start(args, env).ended,
    async record(name = 'poise') {
      const text = await readFile(join(path, 'state', 'clusters', name, 'cluster.json'), 'utf8').catch(() => undefined)
      return text === undefined ? undefined : (JSON.parse(text) as ClusterRecord)
    },
    async [Symbol.asyncDispose]() {
      for (const child of running) child.kill('SIGKILL')
      // What was left in the background.
      await start(['down', '--all', '-q']).ended
      await rm(path, { recursive: true, force: true })
    },
  }
}
