/**
 * Carries out what the plan says for one Pod. Everything slow is a job; what is under way is written into the memory
 * before this returns, so that the next plan knows of it.
 */
import type { Pod } from '../../api/kinds/pod.ts'
import { backoffMs } from '../../base/backoff.ts'
import { messageOf } from '../../base/error_message.ts'
import { containerNameOf, messageFileOf, restartCountOf } from '../container/labels.ts'
import { sandboxConfig } from '../container/sandbox_config.ts'
import { writeHostsFile } from '../container/hosts_file.ts'
import { runHook } from '../container/lifecycle_hooks.ts'
import type { MountedVolumes } from '../container/mounts.ts'
import { podIPOf, PostStartError, startContainer } from '../container/start_container.ts'
import { StartError } from '../container/start_failure.ts'
import type { KubeletContext } from '../context.ts'
import { containerLogPath, podLogsOf } from '../directories.ts'
import { removeLogs } from '../logs/log_files.ts'
import type { Images } from '../image/images.ts'
import type { Volumes } from '../volume/volumes.ts'
import { newestOf, runningOf } from './instances.ts'
import { unlessAborted, type Jobs } from './jobs.ts'
import type { Observer } from './observe.ts'
import { containersOf, fieldPathOf, isHostNetwork, podLabel, type NamedContainer } from './pod_nouns.ts'
import type { Action, PodMemory, StartOrder } from './pod_state.ts'

export interface Performer {
  perform(pod: Pod, action: Action): void
  /** The files of mounted volumes are brought up to date. */
  refreshVolumes(pod: Pod): void
}

export interface PerformerParts {
  readonly context: KubeletContext
  readonly images: Images
  readonly volumes: Volumes
  readonly memory: PodMemory
  readonly observer: Observer
  readonly jobs: Jobs
  readonly poke: () => void
}

/** A failed attempt is made again after ten to fifteen seconds. */
const RETRY_MS = 10_000
/** So long a failed pull is seen as ErrImagePull. On Kubernetes the relist brings the next look, and with it ImagePullBackOff. */
const PULL_NOTICED_MS = 1000
const NETWORK_RETRY_MS = 1000
const REMOVE_RETRY_MS = 30_000
const STOP_RETRY_MS = 1000
const SANDBOX_RETRY = { baseMs: 1000, maxMs: 15_000 }
const VOLUME_RETRY = { baseMs: 500, maxMs: 122_000 }

export function createPerformer({ context, images, volumes, memory, observer, jobs, poke }: PerformerParts): Performer {
  const { host, runtime, events } = context
  const { clock } = host
  const random = host.random.fork('kubelet/retry')
  const reportedBackOffs = new Set<string>()
  const failures = { sandbox: 0, volumes: 0, stop: 0 }
  let mounted: MountedVolumes = new Map()

  const jittered = (ms: number) => ms + random.below(ms / 2)

  const podIPs = (pod: Pod) => (isHostNetwork(pod) ? context.machine.addresses : (observer.last.sandboxes[0]?.ips ?? []))
  const addresses = (pod: Pod) => ({ podIPs: podIPs(pod), hostIPs: context.machine.addresses })
  const waitFor = (ms: number) => {
    memory.retryAt = clock.wall() + ms
  }

  function mountVolumes(pod: Pod): void {
    memory.volumes = 'mounting'
    jobs.start('volumes', async () => {
      try {
        mounted = await volumes.mount(pod, addresses(pod))
        memory.volumes = 'mounted'
        failures.volumes = 0
      } catch (error) {
        memory.volumes = 'unmounted'
        events.warning(pod, 'FailedMount', messageOf(error))
        waitFor(backoffMs(++failures.volumes, VOLUME_RETRY))
      }
    })
  }

  function startSandbox(pod: Pod, attempt: number, replaces: string | undefined): void {
    memory.sandbox = 'starting'
    if (replaces) events.normal(pod, 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.')
    jobs.start('sandbox', async () => {
      try {
        const config = sandboxConfig(context, pod, attempt)
        const running = runtime.runPodSandbox(config)
        // Beside it: only containers write there. It fails no earlier than the call, which would be made a second time.
        const logs = host.disk.makeDirectory(config.logDirectory, { mode: 0o755 }).catch(async (error: unknown) => {
          await running
          throw error
        })
        // What the containers need meanwhile; who needs it will ask again where this has failed.
        for (const named of containersOf(pod)) images.expect(pod, named)
        const [id] = await Promise.all([running, logs])
        await observer.learnSandbox(id)
        failures.sandbox = 0
      } catch (error) {
        observer.doubt()
        // Asked only now: without a network no sandbox comes to be, and with one the question would make every Pod wait.
        const network = isHostNetwork(pod) ? undefined : await runtime.status().catch(() => undefined)
        if (network && !network.networkReady) {
          events.warning(pod, 'NetworkNotReady', `network is not ready: container runtime network not ready: ${network.message}`)
          return waitFor(NETWORK_RETRY_MS)
        }
        events.warning(pod, 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${messageOf(error)}`)
        waitFor(backoffMs(++failures.sandbox, SANDBOX_RETRY))
      } finally {
        memory.sandbox = 'idle'
      }
    })
  }

  function stopSandboxes(pod: Pod, ids: readonly string[]): void {
    memory.sandbox = 'stopping'
    jobs.start('sandbox', async () => {
      try {
        await Promise.all(ids.map(id => runtime.stopPodSandbox(id)))
        // What ran in them has ended with them.
        if (runningOf(observer.last).length > 0) observer.doubt()
        else await Promise.all(ids.map(id => observer.learnSandbox(id)))
      } catch (error) {
        observer.doubt()
        events.warning(pod, 'FailedKillPod', `error killing pod: ${messageOf(error)}`)
        waitFor(backoffMs(++failures.stop, SANDBOX_RETRY))
      } finally {
        memory.sandbox = 'idle'
      }
    })
  }

  function startContainers(pod: Pod, orders: readonly StartOrder[], sandboxId: string): void {
    const sandbox = observer.last.sandboxes.find(({ id }) => id === sandboxId)
    if (!sandbox) return
    memory.starting = new Set(orders.map(({ named }) => named.container.name))
    const done = (name: string) => {
      memory.starting = new Set([...memory.starting].filter(other => other !== name))
    }
    jobs.start('start', async signal => {
      try {
        await writeHostsFile(context, pod, podIPs(pod))
        const config = sandboxConfig(context, pod, sandbox.metadata.attempt)
        for (const order of orders) {
          signal.throwIfAborted()
          const { name } = order.named.container
          try {
            await startContainer(context, images, {
              pod,
              named: order.named,
              restartCount: order.restartCount,
              sandbox,
              sandboxConfig: config,
              volumes: mounted,
              signal,
              targetId: targetOf(order.named)?.id,
              async started(id) {
                await observer.learnContainer(id)
                if (order.named.container.lifecycle?.postStart) poke()
              },
            })
            memory.startFailures.delete(name)
          } catch (error) {
            observer.doubt()
            if (signal.aborted) throw error
            noteStartFailure(pod, order, error)
            observer.doubt()
          }
          // The attempt counts whether it succeeded or not: a container that cannot start crashes all the same.
          if (order.crash) memory.crashes.set(order.crash.key, { delayMs: order.crash.delayMs, countedAt: clock.wall() })
          done(name)
          poke()
        }
      } finally {
        memory.starting = new Set()
      }
    })
  }

  const targetOf = ({ targetContainerName }: NamedContainer) => (targetContainerName ? newestOf(observer.last, targetContainerName) : undefined)

  function noteStartFailure(pod: Pod, { named }: StartOrder, error: unknown): void {
    const { name, image } = named.container
    const reason = error instanceof StartError ? error.reason : 'CreateContainerError'
    // It is stopped first, and then waits as one that crashed.
    if (error instanceof PostStartError) return void memory.startFailures.set(name, { reason, message: messageOf(error), retryAt: 0, unwanted: error.containerId })
    const pullAt = images.retryAt(pod, image ?? '') - clock.now()
    const again = pullAt > 0 ? Math.min(pullAt, reason === 'ImagePullBackOff' ? jittered(RETRY_MS) : PULL_NOTICED_MS) : jittered(RETRY_MS)
    memory.startFailures.set(name, { reason, message: messageOf(error), retryAt: clock.wall() + again })
  }

  function beginStop(pod: Pod, { id, name, graceMs, message, hook }: Extract<Action, { do: 'beginStop' }>): void {
    const before = memory.stops.get(id)
    memory.stops.set(id, { graceMs, beganAt: clock.wall(), hook: hook ? 'running' : (before?.hook ?? 'none'), killAt: before?.killAt, retryAt: 0 })
    const named = containersOf(pod).find(({ container }) => container.name === name)
    if (message) events.normal(pod, 'Killing', message, named && fieldPathOf(named))
    const preStop = named?.container.lifecycle?.preStop
    if (!hook || !named || !preStop) return
    jobs.start(`preStop ${id}`, async signal => {
      try {
        await unlessAborted(
          runHook(context, preStop, { pod, container: named.container, containerId: id, podIP: podIPOf(context, pod, observer.last.sandboxes[0]) }, signal),
          signal,
        )
      } catch (error) {
        // The kubelet stops: the next one runs the hook again.
        if (signal.aborted) return
        host.log.info('preStop hook failed', { pod: pod.metadata.name, container: name, error: messageOf(error) })
        events.warning(pod, 'FailedPreStopHook', 'PreStopHook failed', fieldPathOf(named))
      } finally {
        const stop = memory.stops.get(id)
        if (stop) memory.stops.set(id, { ...stop, hook: 'done' })
      }
    })
  }

  function signal(pod: Pod, id: string, timeoutMs: number): void {
    const stop = memory.stops.get(id)
    if (!stop) return
    memory.stops.set(id, { ...stop, killAt: clock.wall() + timeoutMs })
    // A shorter grace makes a second call beside the first: the runtime kills at the earlier of the two.
    jobs.start(`stop ${id} ${timeoutMs}`, async () => {
      try {
        await runtime.stopContainer(id, timeoutMs)
        await observer.learnContainer(id)
      } catch (error) {
        observer.doubt()
        events.warning(pod, 'FailedKillPod', `error killing pod: ${messageOf(error)}`)
        const latest = memory.stops.get(id)
        if (latest) memory.stops.set(id, { ...latest, killAt: undefined, retryAt: clock.wall() + STOP_RETRY_MS })
      }
    })
  }

  /** The files go first: without its instance nobody would know of them. */
  async function removeInstance(pod: Pod, id: string): Promise<void> {
    const instance = observer.last.containers.find(container => container.id === id)
    if (instance) {
      await removeLogs(host.disk, `${podLogsOf(context.directories, pod)}/${containerLogPath(containerNameOf(instance), restartCountOf(instance))}`)
      if (messageFileOf(instance)) await host.disk.remove(messageFileOf(instance))
    }
    await runtime.removeContainer(id)
  }

  function remove(what: string, ids: readonly string[], removeOne: (id: string) => Promise<void>): void {
    jobs.start(`remove ${what}`, async () => {
      try {
        await Promise.all(ids.map(removeOne))
      } catch (error) {
        memory.removeAt = clock.wall() + REMOVE_RETRY_MS
        throw error
      } finally {
        observer.doubt()
      }
    })
  }

  return {
    perform(pod, action) {
      switch (action.do) {
        case 'mountVolumes':
          return mountVolumes(pod)
        case 'startSandbox':
          return startSandbox(pod, action.attempt, action.replaces)
        case 'stopSandboxes':
          return stopSandboxes(pod, action.ids)
        case 'startContainers':
          return startContainers(pod, action.orders, action.sandboxId)
        case 'cancelStart':
          return ['start'].forEach(job => jobs.cancel(job))
        case 'beginStop':
          return beginStop(pod, action)
        case 'signal':
          return signal(pod, action.id, action.timeoutMs)
        case 'removeContainers':
          return remove('containers', action.ids, id => removeInstance(pod, id))
        case 'removeSandboxes':
          return remove('sandboxes', action.ids, id => runtime.removePodSandbox(id))
        case 'reportBackOff':
          if (reportedBackOffs.has(action.id)) return
          reportedBackOffs.add(action.id)
          return events.warning(
            pod,
            'BackOff',
            `Back-off restarting failed container ${action.named.container.name} in pod ${podLabel(pod)}`,
            fieldPathOf(action.named),
          )
      }
    },
    refreshVolumes(pod) {
      if (memory.volumes === 'mounted') jobs.start('refresh', () => volumes.refresh(pod, addresses(pod)))
    },
  }
}
