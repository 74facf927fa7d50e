import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { ProcessResult, Processes } from '../base/processes.ts'
import { abortReason } from '../base/abort.ts'

/** What is kept of each output stream; the rest is read and dropped, so that the program does not block. */
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024

/** @param prefix what every command line begins with: `nsenter` and its arguments, which ends with its own code when there is no such program */
export function createProcesses(prefix: readonly string[] = []): Processes {
  const [through, ...before] = prefix
  if (through === undefined) return { run }
  return {
    async run(command, args, options) {
      const result = await run(through, [...before, command, ...args], options)
      if (result.exitCode === CANNOT_RUN && result.stderr.includes(`failed to execute ${command}`)) throw new Error(result.stderr.trim())
      return result
    },
  }
}

/** As shells have it. */
const CANNOT_RUN = 127

type RunOptions = NonNullable<Parameters<Processes['run']>[2]>

function run(command: string, args: readonly string[], { stdin, env, timeoutMs, signal }: RunOptions = {}): Promise<ProcessResult> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortReason(signal))
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(env && { env: { ...process.env, ...env } }),
    })
    const stdout = collect(child.stdout)
    const stderr = collect(child.stderr)
    const kill = () => void child.kill('SIGKILL')
    const timer = timeoutMs === undefined ? undefined : setTimeout(kill, Math.min(timeoutMs, 2 ** 31 - 1))
    signal?.addEventListener('abort', kill, { once: true })
    const finish = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', kill)
    }
    child.once('error', error => {
      finish()
      reject(error)
    })
    // 'close' and not 'exit': the output is complete only then.
    child.once('close', (code, signalName) => {
      finish()
      if (signal?.aborted) return reject(abortReason(signal))
      resolve({ exitCode: code ?? 128 + constants.signals[signalName ?? 'SIGKILL'], stdout: stdout(), stderr: stderr() })
    })
    // A program may exit without reading its input.
    child.stdin.on('error', () => {})
    child.stdin.end(stdin ?? '')
  })
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = []
  let size = 0
  stream.on('data', (chunk: Buffer) => {
    if (size >= OUTPUT_BYTES_MAX) return
    chunks.push(chunk.subarray(0, OUTPUT_BYTES_MAX - size))
    size += chunk.length
  })
  return () => Buffer.concat(chunks).toString('utf8')
}
