/** h2load (Debian: nghttp2-client) as the load generator: a process of its own, far cheaper than the server. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quantile, skip } from './report.ts'

export interface Load {
  readonly url: string
  readonly token: string
  readonly requests: number
  readonly connections: number
  readonly perConnection: number
  /** Sent as a POST. */
  readonly body?: string
  readonly headers?: readonly string[]
}

export interface LoadResult {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Bodies alone, without frames. */
  readonly bodyBytes: number
  readonly seconds: number
}

export function requireH2load(): void {
  if (spawnSync('h2load', ['--version']).error) skip('needs h2load (Debian: apt-get install nghttp2-client)')
}

/** Throws unless every single answer was a success. */
export async function h2load({ url, token, requests, connections, perConnection, body, headers = [] }: Load): Promise<LoadResult> {
  const directory = mkdtempSync(join(tmpdir(), 'poise-bench-'))
  try {
    const log = join(directory, 'log')
    const args = ['-n', String(requests), '-c', String(connections), '-m', String(perConnection), '--log-file', log, '-H', `authorization: Bearer ${token}`]
    for (const header of headers) args.push('-H', header)
    if (body !== undefined) {
      writeFileSync(join(directory, 'body'), body)
      args.push('-d', join(directory, 'body'), '-H', 'content-type: application/json')
    }
    const output = await run('h2load', [...args, url])
    const succeeded = Number(/(\d+) succeeded/.exec(output)?.[1])
    if (succeeded !== requests) throw new Error(`${requests} requests were made, ${succeeded} succeeded:\n${output}`)
    const lines = readFileSync(log, 'utf8')
      .trimEnd()
      .split('\n')
      .map(line => line.split('\t').map(Number))
    const seconds = spanOf(lines)
    const tookMs = lines.map(line => line[2]! / 1_000)
    return {
      perSecond: requests / seconds,
      seconds,
      p50Ms: quantile(tookMs, 0.5),
      p99Ms: quantile(tookMs, 0.99),
      bodyBytes: Number(/\((\d+)\) data/.exec(output)?.[1] ?? NaN),
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** From the first request's start to the last answer's end, without connecting. */
function spanOf(lines: readonly number[][]): number {
  let first = Infinity
  let last = 0
  for (const [startUs, , tookUs] of lines as [number, number, number][]) {
    first = Math.min(first, startUs)
    last = Math.max(last, startUs + tookUs)
  }
  return (last - first) / 1e6
}

function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.on('data', chunk => (output += String(chunk)))
    child.stderr.on('data', chunk => (output += String(chunk)))
    child.on('error', reject)
    child.on('exit', code => (code === 0 ? resolve(output) : reject(new Error(`${command} ended with ${code}:\n${output}`))))
  })
}
