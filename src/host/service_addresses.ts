/**
 * Addresses of this machine that the cluster's own servers listen on for Pods: the API server and the name server.
 * They sit on a network device of their own, so that `poise down` takes them away with one command and nothing
 * of the machine's is touched.
 */
import type { Processes } from '../base/processes.ts'

export interface ServiceAddresses {
  release(): Promise<void>
}

export async function holdServiceAddresses(processes: Processes, device: string, addresses: readonly string[]): Promise<ServiceAddresses> {
  await ip(processes, ['link', 'add', device, 'type', 'bridge'], /File exists/)
  await ip(processes, ['link', 'set', device, 'up'])
  for (const address of addresses) await ip(processes, ['address', 'add', `${address}/32`, 'dev', device], /File exists|already assigned/)
  return { release: () => releaseServiceAddresses(processes, device) }
}

/** No error when the device is not there. */
export const releaseServiceAddresses = (processes: Processes, device: string): Promise<void> => ip(processes, ['link', 'delete', device], /Cannot find device/)

async function ip(processes: Processes, args: readonly string[], harmless?: RegExp): Promise<void> {
  const { exitCode, stderr } = await processes.run('ip', args)
  if (exitCode !== 0 && !harmless?.test(stderr)) throw new Error(`ip ${args.join(' ')}: ${stderr.trim()}`)
}
