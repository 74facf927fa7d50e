/**
 * The probes of one Pod. A worker for each container and kind of probe begins with the Pod and ends with it; whether a
 * container has started and is ready is read off their results.
 */
import type { Pod } from '../../api/kinds/pod.ts'
import { containerStatusNamed } from '../../api/pod.ts'
import type { Container } from '../../api/types/container.ts'
import type { Probe } from '../../api/types/probe.ts'
import type { Millis } from '../../base/clock.ts'
import type { ContainerStatus } from '../../runtime/runtime.ts'
import { podIPOf } from '../container/start_container.ts'
import { restartCountOf } from '../container/labels.ts'
import type { KubeletContext } from '../context.ts'
import { newestOf } from '../pod/instances.ts'
import { fieldPathOf, initContainersOf, regularContainersOf, tracedPod, type NamedContainer } from '../pod/pod_nouns.ts'
import type { ObservedPod } from '../pod/pod_state.ts'
import type { PodProbes } from './pod_probes.ts'
import type { ProbeResult, ProbeType } from './probe_counter.ts'
import { startProbeWorker, type Probed, type ProbeWorker } from './probe_worker.ts'
import { runProbe } from './run_probe.ts'

const TYPES: readonly ProbeType[] = ['startup', 'readiness', 'liveness']

export interface PodProbesOptions {
  readonly poke: () => void
  /** Monotonic and wall-clock. */
  readonly kubeletStartedAt: { readonly now: Millis; readonly wall: Millis }
}

export function createPodProbes(context: KubeletContext, { poke, kubeletStartedAt }: PodProbesOptions): PodProbes {
  const { host, events, trace } = context
  const random = host.random.fork('kubelet/probes')
  const workers = new Map<string, ProbeWorker>()
  const askedAtOnce = new Set<string>()
  let now: { pod: Pod; observed: ObservedPod; starting: ReadonlySet<string> } | undefined

  const workerOf = (name: string, type: ProbeType) => workers.get(`${name}/${type}`)
  const isStarted = ({ name, startupProbe }: Container, containerId: string): boolean =>
    !startupProbe || workerOf(name, 'startup')?.resultFor(containerId) === 'success'
  const isReady = ({ name, readinessProbe }: Container, containerId: string): boolean =>
    !readinessProbe || workerOf(name, 'readiness')?.resultFor(containerId) === 'success'
  const runningInstance = (name: string): ContainerStatus | undefined => {
    const newest = now && newestOf(now.observed, name)
    return newest?.state === 'running' && !now?.starting.has(name) ? newest : undefined
  }

  function begin(named: NamedContainer, type: ProbeType, probe: Probe): ProbeWorker {
    const { container } = named
    const periodMs = (probe.periodSeconds ?? 10) * 1000
    // A kubelet that has just started would ask all its containers at once.
    const isEarly = host.clock.now() - kubeletStartedAt.now < periodMs
    return startProbeWorker({
      host,
      type,
      probe,
      label: `${type} probe of ${now?.pod.metadata.name}/${container.name}`,
      firstTickMs: isEarly ? random.below(periodMs) : 0,
      probed(): Probed | undefined {
        const instance = runningInstance(container.name)
        if (!instance) return undefined
        const started = type !== 'startup' && isStarted(container, instance.id)
        return { containerId: instance.id, startedAt: instance.startedAt, started, remembered: remembered(instance, container.name, type) }
      },
      ask: (probed, signal) =>
        runProbe(
          context,
          probe,
          { pod: now!.pod, container, containerId: probed.containerId, podIP: podIPOf(context, now!.pod, now!.observed.sandboxes[0]) },
          signal,
        ),
      report: (reason, message) => events.warning(now!.pod, reason, message, fieldPathOf(named)),
      answered(probed, result, message, isCounted) {
        const instance = now!.observed.containers.find(({ id }) => id === probed.containerId)
        trace.note(tracedPod(now!.pod), {
          type: 'Probe',
          container: container.name,
          ...(instance && { restart: restartCountOf(instance) }),
          probe: type,
          result,
          ...(message && { message }),
          ...(!isCounted && { reason: 'NotCounted' }),
        })
      },
      changed: poke,
    })
  }

  /** Containers that outlived a kubelet keep what it had found, so that its restart takes no Pod out of service. */
  function remembered(instance: ContainerStatus, name: string, type: ProbeType): ProbeResult | undefined {
    if (instance.startedAt >= kubeletStartedAt.wall) return undefined
    const status = containerStatusNamed(now!.pod, name)
    if (!status?.containerID?.endsWith(`://${instance.id}`)) return undefined
    if (type === 'startup' && status.started) return 'success'
    return type === 'readiness' && status.ready ? 'success' : undefined
  }

  return {
    sync(pod, observed, { isEnding, starting }) {
      now = { pod, observed, starting }
      for (const named of [...initContainersOf(pod).filter(({ role }) => role === 'sidecar'), ...regularContainersOf(pod)]) {
        const { name } = named.container
        for (const type of TYPES) {
          const probe = probeOf(named, type)
          const worker = workerOf(name, type)
          // What ends is not restarted, so that only readiness is still of interest.
          const isWanted = probe !== undefined && (!isEnding || (type === 'readiness' && observed.containers.some(({ state }) => state === 'running')))
          if (isWanted && !worker && !isEnding) workers.set(`${name}/${type}`, begin(named, type, probe))
          if (!isWanted && worker) worker.stop()
          else worker?.look()
        }
        const instance = runningInstance(name)
        const readiness = workerOf(name, 'readiness')
        if (readiness && instance && !askedAtOnce.has(instance.id) && isStarted(named.container, instance.id) && !isReady(named.container, instance.id)) {
          askedAtOnce.add(instance.id)
          readiness.askNow()
        }
      }
    },
    healthOf(instance, { role, container }) {
      if (role === 'init' || role === 'ephemeral') return { started: role === 'init', ready: false, failed: undefined }
      const started = isStarted(container, instance.id)
      const hasFailed = (type: ProbeType) => workerOf(container.name, type)?.resultFor(instance.id) === 'failure'
      return {
        started,
        ready: started && isReady(container, instance.id),
        failed: hasFailed('liveness') ? 'liveness' : hasFailed('startup') ? 'startup' : undefined,
      }
    },
    stop() {
      for (const worker of workers.values()) worker.stop()
      workers.clear()
    },
  }
}

const probeOf = ({ container }: NamedContainer, type: ProbeType): Probe | undefined =>
  type === 'liveness' ? container.livenessProbe : type === 'readiness' ? container.readinessProbe : container.startupProbe
