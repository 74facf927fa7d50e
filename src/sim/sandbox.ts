import type { Millis } from '../base/clock.ts'
import type { PodSandboxConfig, PodSandboxStatus } from '../runtime/runtime.ts'

/** What a RuntimeClass can name; '' is the default one. All are the same here. */
export const RUNTIME_HANDLERS: readonly string[] = ['', 'runc']

/** A Pod's namespaces and network. */
export interface SandboxRecord {
  readonly id: string
  readonly config: PodSandboxConfig
  readonly createdAt: Millis
  readonly ip: string
  ready: boolean
}

export function sandboxStatus({ id, config, createdAt, ip, ready }: SandboxRecord): PodSandboxStatus {
  return {
    id,
    metadata: config.metadata,
    ready,
    createdAt,
    labels: config.labels,
    annotations: config.annotations,
    // A stopped sandbox has given its network back.
    ips: config.namespaces.network === 'NODE' || !ready ? [] : [ip],
    networkMode: config.namespaces.network,
  }
}

/** The addresses of a node's Pods: each in turn, so that one is not used again soon after it was given back. */
export interface AddressPool {
  take(): string | undefined
  release(address: string): void
}

export function createAddressPool(cidr: string): AddressPool {
  const [base = '', bits = '24'] = cidr.split('/')
  const first = base.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  // The network's own address, the bridge's and the broadcast one are not for Pods.
  const count = 2 ** (32 - Number(bits)) - 3
  const used = new Set<string>()
  let next = 0
  return {
    take() {
      for (let tried = 0; tried < count; tried++) {
        const number = first + 2 + (next++ % count)
        const address = [24, 16, 8, 0].map(shift => Math.floor(number / 2 ** shift) % 256).join('.')
        if (used.has(address)) continue
        used.add(address)
        return address
      }
      return undefined
    },
    release: address => void used.delete(address),
  }
}
