/**
 * Carries out what the plan says for one Pod. Everything slow is a job; what is under way is written into the memory
 * before this returns, so that the next plan knows of it.
 */
import type { Pod } from '../../api/kinds/pod.ts'
import { backoffMs } from '../../base/backoff.ts'
import { messageOf } from '../../base/error_message.ts'
import { containerNameOf, messageFileOf, restartCountOf } from '../container/labels.ts'
import { runtimeHandlerOf } from '../container/runtime_handler.ts'
import { podDns } from '../container/dns.ts'
import { sandboxConfig } from '../container/sandbox_config.ts'
import type { MountedVolumes } from '../container/mounts.ts'
import { containerLogPath, podLogsOf } from '../directories.ts'
import { removeLogs } from '../logs/log_files.ts'
import type { Images } from '../image/images.ts'
import { VolumesError, type Volumes } from '../volume/volumes.ts'
import { runningOf } from './instances.ts'
import { createResizer, type ResizerParts } from './perform_resize.ts'
import { createStarter } from './perform_start.ts'
import { createStopper } from './perform_stop.ts'
import { containersOf, fieldPathOf, isHostNetwork, podLabel, tracedPod } from './pod_nouns.ts'
import type { Action } from './pod_state.ts'

export interface Performer {
  perform(pod: Pod, action: Action): void
  /** The files of mounted volumes are brought up to date. False: not now; the end of a job says when to ask again. */
  refreshVolumes(pod: Pod): boolean
}

export interface PerformerParts extends ResizerParts {
  readonly images: Images
  readonly volumes: Volumes
  readonly poke: () => void
  /** Something that volumes show may look different. */
  readonly volumesChanged: () => void
}

const NETWORK_RETRY_MS = 1000
const REMOVE_RETRY_MS = 30_000
const SANDBOX_RETRY = { baseMs: 1000, maxMs: 15_000 }
/** As long as a kubelet on Kubernetes waits for volumes before it says so and begins anew. */
const VOLUMES_WAIT_MS = 123_000
const VOLUME_RETRY = { baseMs: 500, maxMs: 122_000 }

export function createPerformer(parts: PerformerParts): Performer {
  const { context, images, volumes, memory, observer, jobs, volumesChanged } = parts
  const { host, runtime, events } = context
  const { clock } = host
  const reportedBackOffs = new Set<string>()
  const failures = { sandbox: 0, volumes: 0, stop: 0 }
  let mounted: MountedVolumes = new Map()
  let volumesWantedAt: number | undefined

  const podIPs = (pod: Pod) => (isHostNetwork(pod) ? context.machine.addresses : (observer.last.sandboxes[0]?.ips ?? []))
  const starter = createStarter({ ...parts, podIPs, mounted: () => mounted })
  const stopper = createStopper(parts)
  const resizer = createResizer(parts)
  const addresses = (pod: Pod) => ({ podIPs: podIPs(pod), hostIPs: context.machine.addresses })
  const waitFor = (ms: number) => {
    memory.retryAt = clock.wall() + ms
  }

  function mountVolumes(pod: Pod): void {
    memory.volumes = 'mounting'
    const traced = context.trace.begin(tracedPod(pod), { type: 'Volumes' })
    jobs.start('volumes', async () => {
      try {
        mounted = await volumes.mount(pod, addresses(pod), volumesChanged)
        memory.volumes = 'mounted'
        traced.end()
        failures.volumes = 0
      } catch (error) {
        memory.volumes = 'unmounted'
        traced.end({ reason: 'FailedMount', message: messageOf(error) })
        for (const failure of error instanceof VolumesError ? error.failures : [messageOf(error)]) events.warning(pod, 'FailedMount', failure)
        complainOfVolumes(pod, error)
        waitFor(backoffMs(++failures.volumes, VOLUME_RETRY))
      }
    })
  }

  /** From time to time, as long as it lasts, what a Pod waits for is told as a whole. */
  function complainOfVolumes(pod: Pod, error: unknown): void {
    volumesWantedAt ??= clock.now()
    if (clock.now() - volumesWantedAt < VOLUMES_WAIT_MS) return
    volumesWantedAt = clock.now()
    const unmounted = error instanceof VolumesError ? error.unmounted.join(' ') : ''
    events.warning(
      pod,
      'FailedMount',
      `Unable to attach or mount volumes: unmounted volumes=[${unmounted}], unattached volumes=[], failed to process volumes=[]: context deadline exceeded`,
    )
  }

  function startSandbox(pod: Pod, attempt: number, replaces: string | undefined): void {
    memory.sandbox = 'starting'
    const traced = context.trace.begin(tracedPod(pod), { type: 'Sandbox' })
    if (replaces) events.normal(pod, 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.')
    jobs.start('sandbox', async () => {
      try {
        const config = sandboxConfig(context, pod, attempt)
        for (const complaint of podDns(context, pod).complaints) events.warning(pod, 'DNSConfigForming', complaint)
        // Asked for only where there is a question: the sandbox begins in this very turn.
        const runtimeHandler = pod.spec.runtimeClassName ? await runtimeHandlerOf(pod, context.client) : ''
        const running = runtime.runPodSandbox({ ...config, runtimeHandler })
        // Beside it: only containers write there. It fails no earlier than the call, which would be made a second time.
        const logs = host.disk.makeDirectory(config.logDirectory, { mode: 0o755 }).catch(async (error: unknown) => {
          await running
          throw error
        })
        // What the containers need meanwhile; who needs it will ask again where this has failed.
        for (const named of containersOf(pod)) images.expect(pod, named)
        const [id] = await Promise.all([running, logs])
        traced.end()
        await observer.learnSandbox(id)
        failures.sandbox = 0
      } catch (error) {
        traced.end({ reason: 'FailedCreatePodSandBox', message: messageOf(error) })
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
    const traced = context.trace.begin(tracedPod(pod), { type: 'SandboxStop' })
    jobs.start('sandbox', async () => {
      try {
        await Promise.all(ids.map(id => runtime.stopPodSandbox(id)))
        traced.end()
        // What ran in them has ended with them.
        if (runningOf(observer.last).length > 0) observer.doubt()
        else await Promise.all(ids.map(id => observer.learnSandbox(id)))
      } catch (error) {
        traced.end({ reason: 'FailedKillPod', message: messageOf(error) })
        observer.doubt()
        events.warning(pod, 'FailedKillPod', `error killing pod: ${messageOf(error)}`)
        waitFor(backoffMs(++failures.stop, SANDBOX_RETRY))
      } finally {
        memory.sandbox = 'idle'
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
          return starter.start(pod, action.orders, action.sandboxId)
        case 'setPodLimits':
          return resizer.setPodLimits(pod, action.limits)
        case 'resizeContainer':
          return resizer.resizeContainer(pod, action.named, action.id)
        case 'cancelStart':
          return ['start'].forEach(job => jobs.cancel(job))
        case 'beginStop':
          return stopper.begin(pod, action)
        case 'signal':
          return stopper.signal(pod, action.id, action.timeoutMs)
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
      return memory.volumes === 'mounted' && jobs.start('refresh', () => volumes.refresh(pod, addresses(pod)))
    },
  }
}
