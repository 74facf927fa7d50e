/** What the simulated runtime does, in the machine's own time: it goes on whether the caller lives or not. */
import type { Clock } from '../base/clock.ts'
import type { Disk } from '../base/disk.ts'
import type { Random } from '../base/random.ts'
import { RuntimeError } from '../runtime/runtime.ts'
import type { ContainerConfig, PodSandboxConfig } from '../runtime/runtime.ts'
import { createContainer } from './container.ts'
import type { Container } from './container.ts'
import { take, within } from './latency.ts'
import type { RuntimeLatency } from './latency.ts'
import type { Fabric } from './network.ts'
import type { Registry } from './registry.ts'
import { createAddressPool, RUNTIME_HANDLERS } from './sandbox.ts'
import type { SandboxRecord } from './sandbox.ts'
import type { ServiceRoutes } from './service_routes.ts'
import type { Witness } from './witness.ts'

export interface RuntimeCore {
  readonly sandboxes: ReadonlyMap<string, SandboxRecord>
  readonly containers: ReadonlyMap<string, Container>
  readonly registry: Registry
  readonly latency: RuntimeLatency
  readonly clock: Clock
  readonly fabric: Fabric
  runSandbox(config: PodSandboxConfig): Promise<string>
  stopSandbox(id: string): Promise<void>
  removeSandbox(id: string): Promise<void>
  createContainer(sandboxId: string, config: ContainerConfig): Promise<string>
  startContainer(id: string): Promise<void>
  /** `patience` is the caller's clock: when the caller is gone nobody waits any more, and so nobody kills. */
  stopContainer(id: string, timeoutMs: number, patience: Clock): Promise<void>
  removeContainer(id: string): Promise<void>
  container(id: string): Container
  /** Hints, in the machine's time; the view brings them to the caller. */
  listen(changed: (sandboxId: string) => void): { stop(): void }
  rebootMachine(): void
  /** Of all containers there are, and have been. */
  cpuNanoSeconds(): number
}

export interface RuntimeCorePorts {
  readonly clock: Clock
  readonly random: Random
  readonly disk: Disk
  readonly fabric: Fabric
  readonly routes: ServiceRoutes
  readonly registry: Registry
  readonly latency: RuntimeLatency
  readonly podCidr: string
  readonly nodeAddress: string
  resolve(name: string): Promise<readonly string[]>
  /** Tells the story of the machine, for a trace. */
  note(text: string): void
  readonly witness?: Witness | undefined
}

export function createRuntimeCore(ports: RuntimeCorePorts): RuntimeCore {
  const { clock, disk, fabric, registry, latency } = ports
  const sandboxes = new Map<string, SandboxRecord>()
  const containers = new Map<string, Container>()
  const listeners = new Set<(sandboxId: string) => void>()
  const addresses = createAddressPool(ports.podCidr)
  const ids = ports.random.fork('ids')
  const delays = ports.random.fork('latency')
  const workloads = ports.random.fork('workloads')
  fabric.addAddress(ports.nodeAddress)

  const newId = () => Array.from({ length: 64 }, () => ids.below(16).toString(16)).join('')
  const spend = (name: keyof RuntimeLatency) => take(clock, delays, latency[name], `runtime ${name}`)
  const changed = (sandboxId: string) => {
    if (listeners.size === 0) return
    clock.at(
      clock.now() + within(delays, latency.event),
      () => {
        for (const call of listeners) call(sandboxId)
      },
      'runtime event',
    )
  }
  const inSandbox = (id: string) => [...containers.values()].filter(container => container.sandbox.id === id)
  const container = (id: string): Container => {
    const found = containers.get(id)
    if (!found) throw new RuntimeError('NotFound', `an error occurred when try to find container "${id}": not found`)
    return found
  }
  let removedCpuNanoSeconds = 0
  const forget = (found: Container) => {
    if (containers.delete(found.id)) removedCpuNanoSeconds += found.usage().cpuNanoSeconds
  }
  const endSandbox = (sandbox: SandboxRecord) => {
    if (!sandbox.ready) return
    sandbox.ready = false
    if (sandbox.config.namespaces.network === 'NODE') return
    fabric.removeAddress(sandbox.ip)
    addresses.release(sandbox.ip)
  }

  return {
    sandboxes,
    containers,
    registry,
    latency,
    clock,
    fabric,
    container,

    async runSandbox(config) {
      const name = sandboxName(config)
      const taken = [...sandboxes.values()].find(other => sandboxName(other.config) === name)
      if (taken) throw new RuntimeError('Unknown', `failed to reserve sandbox name "${name}": name "${name}" is reserved for "${taken.id}"`)
      await spend('runSandbox')
      if (!RUNTIME_HANDLERS.includes(config.runtimeHandler))
        throw new RuntimeError('Unknown', `failed to get sandbox runtime: no runtime for "${config.runtimeHandler}" is configured`)
      const onNode = config.namespaces.network === 'NODE'
      const ip = onNode ? ports.nodeAddress : addresses.take()
      if (ip === undefined)
        throw new RuntimeError(
          'Unknown',
          `failed to setup network for sandbox: plugin type="bridge" failed (add): failed to allocate for range 0: no IP addresses available in range set: ${ports.podCidr}`,
        )
      if (!onNode) fabric.addAddress(ip)
      const sandbox: SandboxRecord = { id: newId(), config, createdAt: clock.wall(), ip, ready: true }
      sandboxes.set(sandbox.id, sandbox)
      ports.note(`sandbox of ${podName(config)} is ready at ${ip}`)
      changed(sandbox.id)
      return sandbox.id
    },
    async stopSandbox(id) {
      const sandbox = sandboxes.get(id)
      if (!sandbox) return
      await Promise.all(inSandbox(id).map(each => each.stop(0)))
      await spend('stopSandbox')
      endSandbox(sandbox)
      ports.note(`sandbox of ${podName(sandbox.config)} is stopped`)
      changed(id)
    },
    async removeSandbox(id) {
      const sandbox = sandboxes.get(id)
      if (!sandbox) return
      await Promise.all(inSandbox(id).map(each => each.stop(0)))
      await spend('removeSandbox')
      endSandbox(sandbox)
      for (const each of inSandbox(id)) forget(each)
      sandboxes.delete(id)
      changed(id)
    },

    async createContainer(sandboxId, config) {
      await spend('createContainer')
      const sandbox = sandboxes.get(sandboxId)
      if (!sandbox) throw new RuntimeError('NotFound', `failed to find sandbox id "${sandboxId}": not found`)
      if (!sandbox.ready) throw new RuntimeError('Unknown', `get sandbox container task: no running task found: task ${sandboxId} not found: not found`)
      const image = registry.status(config.image)
      if (!image) throw new RuntimeError('NotFound', `failed to get image from containerd "${config.image}": image not found`)
      const taken = inSandbox(sandboxId).find(
        other => other.config.metadata.name === config.metadata.name && other.config.metadata.attempt === config.metadata.attempt,
      )
      if (taken) {
        const { name, namespace, uid } = sandbox.config.metadata
        const reserved = `${config.metadata.name}_${name}_${namespace}_${uid}_${config.metadata.attempt}`
        throw new RuntimeError('Unknown', `failed to reserve container name "${reserved}": name "${reserved}" is reserved for "${taken.id}"`)
      }
      const id = newId()
      containers.set(
        id,
        createContainer(id, sandbox, config, image.repoDigests[0] ?? image.id, {
          clock,
          disk,
          fabric,
          routes: ports.routes,
          random: workloads.fork(id),
          changed,
          note: text => ports.note(`container ${podName(sandbox.config)}/${config.metadata.name}#${config.metadata.attempt} ${text}`),
          happened: what =>
            ports.witness?.({
              at: clock.now(),
              container: { id, sandboxId, podUid: sandbox.config.metadata.uid, name: config.metadata.name, attempt: config.metadata.attempt },
              what,
            }),
          lookup: (name, { config: { dns } }) => lookUp(name, dns, question => ports.resolve(question)),
        }),
      )
      changed(sandboxId)
      return id
    },
    async startContainer(id) {
      await spend('startContainer')
      await container(id).start()
    },
    async stopContainer(id, timeoutMs, patience) {
      await spend('stopContainer')
      await containers.get(id)?.stop(timeoutMs, patience)
    },
    async removeContainer(id) {
      const found = containers.get(id)
      if (!found) return
      await found.stop(0)
      await spend('removeContainer')
      forget(found)
      changed(found.sandbox.id)
    },

    cpuNanoSeconds: () => [...containers.values()].reduce((sum, each) => sum + each.usage().cpuNanoSeconds, removedCpuNanoSeconds),
    listen(call) {
      listeners.add(call)
      return { stop: () => void listeners.delete(call) }
    },
    rebootMachine() {
      for (const each of containers.values()) each.kill()
      for (const sandbox of sandboxes.values()) endSandbox(sandbox)
    },
  }
}

const sandboxName = ({ metadata: { name, namespace, uid, attempt } }: PodSandboxConfig): string => `${name}_${namespace}_${uid}_${attempt}`

const podName = ({ metadata: { namespace, name } }: PodSandboxConfig): string => `${namespace}/${name}`

/** As resolv.conf says: a name with fewer dots than `ndots` is tried below each search domain first. */
async function lookUp(name: string, dns: PodSandboxConfig['dns'], resolve: (name: string) => Promise<readonly string[]>): Promise<readonly string[]> {
  const dots = name.split('.').length - 1
  const option = dns?.options.find(each => each.startsWith('ndots:'))
  const ndots = option === undefined ? 1 : Number(option.slice('ndots:'.length))
  const below = name.endsWith('.') ? [] : (dns?.searches ?? []).map(domain => `${name}.${domain}`)
  const exact = name.replace(/\.$/, '')
  for (const candidate of dots >= ndots ? [exact, ...below] : [...below, exact]) {
    const addresses = await resolve(candidate)
    if (addresses.length > 0) return addresses
  }
  return []
}
