/**
 * What StatefulSets and DaemonSets promise, judged from what is stored and from what runs, by nobody's cache:
 * never two Pods of one ordinal, Pods in their order, and never two daemons on one node but for a surge.
 *
 *   runtime ─ witness ─▶ who runs ◀─ store ─ sets, Pods
 *                          └─▶ first complaint ─▶ the world's run ends with it, at that very event
 *
 * For worlds in which nobody forces a deletion, and only controllers delete Pods of sets.
 */
import type { DaemonSet } from '../../api/kinds/daemon_set.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import type { StatefulSet } from '../../api/kinds/stateful_set.ts'
import { controllerOf, type KubernetesObject } from '../../api/meta.ts'
import { isDeleting, isReady, isTerminal } from '../../api/pod.ts'
import type { Millis } from '../../base/clock.ts'
import type { Witness } from '../witness.ts'
import type { World } from '../world.ts'
import type { Checker } from './checker.ts'

export interface SetPromises {
  /** For the simulated runtimes. */
  readonly witness: Witness
  /** For the store. */
  readonly checker: Checker
  /** How much was looked at: so that a test knows it has seen some. */
  readonly seen: { made: number; ordered: number; daemons: number }
}

/** A controller acts on what its watch has told it, and that may be so old. */
const STALE_MS = 30_000

interface Seen {
  readonly pod: Pod
  /** When it was ready last, as far as the store knows. */
  readyAt: Millis
}

export function createSetPromises(world: World): SetPromises {
  const seen = { made: 0, ordered: 0, daemons: 0 }
  const sets = new Map<string, StatefulSet | DaemonSet>()
  const pods = new Map<string, Seen>()
  const names = new Map<string, string>()
  const running = new Map<string, Set<string>>()
  let complaint: string | undefined
  world.addChecker('Pods of an ordinal run one after the other', () => complaint)

  const siblings = (owner: string): Pod[] => [...pods.values()].map(({ pod }) => pod).filter(pod => controllerOf(pod)?.uid === owner)

  function seePod(pod: Pod, previous: Pod | undefined, isThere: boolean): string | undefined {
    const uid = pod.metadata.uid!
    const owner = sets.get(controllerOf(pod)?.uid ?? '')
    if (!isThere) return void pods.delete(uid)
    names.set(uid, pod.metadata.name!)
    const wasReadyAt = pods.get(uid)?.readyAt ?? -Infinity
    const wasReady = previous !== undefined && isReady(previous)
    pods.set(uid, { pod, readyAt: isReady(pod) || wasReady ? world.now() : wasReadyAt })
    if (!owner) return undefined
    if (!previous) seen.made++
    if (owner.kind === 'DaemonSet') return daemonsOf(owner as DaemonSet, pod)
    return isOrdered(owner as StatefulSet) ? inOrder(owner as StatefulSet, pod, previous) : undefined
  }

  function inOrder(set: StatefulSet, pod: Pod, previous: Pod | undefined): string | undefined {
    const own = siblings(set.metadata.uid!)
    if (isDeleting(pod) && !(previous && isDeleting(previous))) {
      const others = own.filter(other => other !== pod && isDeleting(other))
      return others.length > 0 ? `${pod.metadata.name} goes while ${others[0]!.metadata.name} is going` : undefined
    }
    if (previous) return undefined
    seen.ordered++
    const ordinal = ordinalOf(pod)
    for (let lower = set.spec.ordinals?.start ?? 0; lower < ordinal; lower++) {
      const before = own.find(other => ordinalOf(other) === lower)
      const readyAt = before ? pods.get(before.metadata.uid!)!.readyAt : -Infinity
      const isFine = before && (isReady(before) || readyAt > world.now() - STALE_MS)
      if (!isFine) return `${pod.metadata.name} is made before ${set.metadata.name}-${lower} is ready`
    }
    return undefined
  }

  function daemonsOf(set: DaemonSet, pod: Pod): string | undefined {
    seen.daemons++
    const node = targetOf(pod)
    const beside = siblings(set.metadata.uid!).filter(other => targetOf(other) === node && !isDeleting(other) && !isTerminal(other))
    const surge = set.spec.updateStrategy.rollingUpdate?.maxSurge ?? 0
    const most = surge === 0 ? 1 : 2
    return beside.length > most ? `${beside.map(({ metadata }) => metadata.name).join(' and ')} are on ${node}` : undefined
  }

  return {
    seen,
    witness({ container: { podUid, id }, what }) {
      const own = running.get(podUid) ?? new Set<string>()
      running.set(podUid, own)
      if (what.is === 'exited' || what.is === 'killed') own.delete(id)
      if (what.is !== 'started') return
      own.add(id)
      const name = names.get(podUid)
      if (name === undefined || !/-[0-9]+$/.test(name)) return
      for (const [uid, containers] of running)
        if (uid !== podUid && containers.size > 0 && names.get(uid) === name) complaint ??= `two Pods ${name} run at once: ${uid} and ${podUid}`
    },
    checker: {
      name: 'sets keep their promises',
      prefix: '/',
      see({ key, stored, previous }) {
        const object = (stored?.value ?? previous?.value) as KubernetesObject
        if (key.startsWith('/apps/statefulsets/') || key.startsWith('/apps/daemonsets/')) {
          if (stored) sets.set(object.metadata.uid!, object as StatefulSet | DaemonSet)
          else sets.delete(object.metadata.uid!)
          return undefined
        }
        return key.startsWith('/pods/') ? seePod(object as Pod, previous?.value as Pod | undefined, stored !== undefined) : undefined
      },
    },
  }
}

const isOrdered = ({ spec }: StatefulSet): boolean => spec.podManagementPolicy === 'OrderedReady'
const ordinalOf = ({ metadata }: Pod): number => Number(metadata.name!.split('-').at(-1))

/** The node a daemon is on, or is made for. */
const targetOf = ({ spec }: Pod): string | undefined =>
  spec.nodeName ??
  spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms[0]?.matchFields?.find(({ key }) => key === 'metadata.name')
    ?.values?.[0]
