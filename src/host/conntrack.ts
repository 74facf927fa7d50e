import type { Log } from '../base/log.ts'
import type { Processes } from '../base/processes.ts'
import type { StaleFlow } from '../network/proxy/nftables.ts'

/** Lets the kernel forget flows of UDP, so that their next packet goes by the rules of now. */
export async function forgetFlows(processes: Processes, flows: readonly StaleFlow[], log: Log, command: readonly string[] = ['conntrack']): Promise<void> {
  const [program, ...args] = command
  for (const { address, port, target } of flows) {
    const which = ['--proto', 'udp', ...(address ? ['--orig-dst', address] : []), '--dport', String(port), ...(target ? ['--reply-src', target] : [])]
    try {
      // Exit code 1: there was none.
      await processes.run(program!, [...args, '--delete', ...which], { timeoutMs: TIMEOUT_MS })
    } catch (error) {
      log.warn('UDP clients of a Service may go on sending to Pods that are gone; next: apt-get install conntrack', { error: String(error) })
      return
    }
  }
}

const TIMEOUT_MS = 10_000
