/** One transaction of nft: all of it, or an error and nothing of it. */
import type { Processes } from '../base/processes.ts'

export async function runNft(processes: Processes, transaction: string, command: readonly string[] = ['nft']): Promise<void> {
  const [program, ...args] = [...command, '-f', '-']
  const { exitCode, stderr } = await processes.run(program!, args, { stdin: transaction, timeoutMs: NFT_TIMEOUT_MS })
  if (exitCode !== 0) throw new Error(`nft: ${stderr.trim() || `exit code ${exitCode}`}`)
}

const NFT_TIMEOUT_MS = 30_000
