import type { Millis } from './clock.ts'

/** Programs of the machine that Poise runs to completion: `nft`, `ip`, `mount`, `ctr`. */
export interface Processes {
  /** Never rejects for a program that ran and failed: the exit code says so. Rejects when it cannot be started at all. */
  run(
    command: string,
    args: readonly string[],
    options?: { stdin?: string | Uint8Array; env?: Record<string, string>; timeoutMs?: Millis; signal?: AbortSignal },
  ): Promise<ProcessResult>
}

export interface ProcessResult {
  /** 128 + number when a signal ended it. */
  exitCode: number
  stdout: string
  stderr: string
}
