/** What is in the namespace of a check, kept by watches: its workload, the workload's Pods, and what is said about them. */
import { Event } from '../api/kinds/event.ts'
import { Pod } from '../api/kinds/pod.ts'
import { matchesLabelSelector } from '../api/label_selector.ts'
import type { Host, Task } from '../base/host.ts'
import { messageOf } from '../base/error_message.ts'
import { createCache } from '../client/reflector.ts'
import { firstLists } from './first_lists.ts'
import { kindNamed } from './kind_named.ts'
import type { CheckSite } from './site.ts'
import { selectorOf, type WorkloadName, type WorkloadObject } from './workload.ts'

export interface NamespaceView {
  readonly namespace: string
  workload(): WorkloadObject | undefined
  /** Of the workload, as they are now, by name. */
  pods(): readonly Pod[]
  events(): readonly Event[]
  /** As last seen, by uid: those that are gone too, until they are forgotten. */
  readonly podsSeen: ReadonlyMap<string, Pod>
  /** Of all Pods that were ever seen. */
  readonly uidsSeen: ReadonlySet<string>
  /** Repetitions may be many: the Pods that are gone belong to those before. */
  forgetGone(): void
  stop(): void
}

export async function viewNamespace(
  site: Pick<CheckSite, 'client' | 'host'>,
  namespace: string,
  { kind, name }: WorkloadName,
  signal: AbortSignal,
): Promise<NamespaceView> {
  const host = loopsOf(site.host)
  const workloads = createCache(host, site.client, kindNamed(kind), { namespace, fieldSelector: `metadata.name=${name}` })
  const pods = createCache(host, site.client, Pod, { namespace })
  const events = createCache(host, site.client, Event, { namespace })
  const podsSeen = new Map<string, Pod>()
  const uidsSeen = new Set<string>()
  const own = (pod: Pod) => {
    if (kind === 'Pod') return pod.metadata.name === name
    const workload = workloads.get({ namespace, name })
    return workload !== undefined && matchesLabelSelector(selectorOf(workload), pod.metadata.labels)
  }
  const listening = pods.onChange(({ object }) => {
    if (!object) return
    podsSeen.set(object.metadata.uid!, object)
    uidsSeen.add(object.metadata.uid!)
  })
  const stop = () => {
    listening.stop()
    for (const cache of [workloads, pods, events]) cache.stop()
  }
  const lists = [
    [kindNamed(kind).plural, workloads],
    ['pods', pods],
    ['events', events],
  ] as const
  await firstLists(host.clock, namespace, lists, signal)
  return {
    namespace,
    workload: () => workloads.get({ namespace, name }),
    pods: () =>
      pods
        .list()
        .filter(own)
        .toSorted((a, b) => (a.metadata.name! < b.metadata.name! ? -1 : 1)),
    events: () => events.list(),
    podsSeen,
    uidsSeen,
    forgetGone() {
      const living = new Set(pods.list().map(({ metadata }) => metadata.uid))
      for (const uid of podsSeen.keys()) if (!living.has(uid)) podsSeen.delete(uid)
    },
    stop,
  }
}

/** A site has no loops of its own to give: these end with their signal. */
function loopsOf({ clock, log }: CheckSite['host']): Pick<Host, 'clock' | 'log' | 'spawn'> {
  return {
    clock,
    log,
    spawn(name, run): Task {
      const abort = new AbortController()
      const ended = run(abort.signal).catch((error: unknown) => {
        if (!abort.signal.aborted) log.error('a loop of the check has ended', { loop: name, error: messageOf(error) })
      })
      return {
        ended,
        async stop() {
          abort.abort()
          await ended
        },
      }
    },
  }
}
