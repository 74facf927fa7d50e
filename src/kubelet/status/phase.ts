/**
 * The phase of a Pod, from what became of its containers. The order of the questions is that of the kubelet:
 * a failed init container, then what has not begun, then what runs, then how the rest ended.
 */
import type { Pod } from '../../api/kinds/pod.ts'
import { hasExited, instancesOf } from '../pod/instances.ts'
import { initContainersOf, regularContainersOf, type NamedContainer, type Phase } from '../pod/pod_nouns.ts'
import type { HealthOf, ObservedPod } from '../pod/pod_state.ts'

type Fate = { readonly is: 'waiting' } | { readonly is: 'running'; readonly started: boolean } | { readonly is: 'ended'; readonly exitCode: number }

export function computePhase(pod: Pod, observed: ObservedPod, healthOf: HealthOf): Phase {
  const fates = (list: NamedContainer[]) => list.map(named => ({ named, fate: fateOf(named, observed, healthOf) }))
  const init = fates(initContainersOf(pod))
  const regular = fates(regularContainersOf(pod)).map(({ fate }) => fate)
  const restartPolicy = pod.spec.restartPolicy ?? 'Always'

  const plainInit = init.filter(({ named }) => named.role === 'init').map(({ fate }) => fate)
  const sidecars = init.filter(({ named }) => named.role === 'sidecar').map(({ fate }) => fate)
  const hasBegun = regular.some(fate => fate.is !== 'waiting')
  const hasFailed = plainInit.some(fate => fate.is === 'ended' && fate.exitCode !== 0)

  if (restartPolicy === 'Never' && hasFailed) return 'Failed'
  // They run again in a new sandbox: then a Pod that has run is Pending once more.
  if (plainInit.some(fate => fate.is === 'running' || (fate.is === 'waiting' && !hasBegun))) return 'Pending'
  if (!hasBegun && sidecars.some(fate => fate.is === 'waiting' || (fate.is === 'running' && !fate.started))) return 'Pending'
  if (regular.some(fate => fate.is === 'waiting')) return 'Pending'
  if ([...regular, ...sidecars].some(fate => fate.is === 'running')) return 'Running'
  if (restartPolicy === 'Always') return 'Running'
  if (regular.every(fate => fate.is === 'ended' && fate.exitCode === 0)) return 'Succeeded'
  return restartPolicy === 'Never' ? 'Failed' : 'Running'
}

/** A Pod that was told to end has succeeded only if every regular container ran and returned 0. */
export function endPhase(pod: Pod, observed: ObservedPod): Phase {
  const succeeded = regularContainersOf(pod).every(({ container }) => {
    const newest = instancesOf(observed, container.name)[0]
    return newest !== undefined && hasExited(newest) && newest.exitCode === 0
  })
  return succeeded ? 'Succeeded' : 'Failed'
}

function fateOf(named: NamedContainer, observed: ObservedPod, healthOf: HealthOf): Fate {
  const [newest, before] = instancesOf(observed, named.container.name)
  if (newest?.state === 'running') return { is: 'running', started: healthOf(newest, named).started }
  const ended = [newest, before].find(instance => instance && hasExited(instance))
  return ended ? { is: 'ended', exitCode: ended.exitCode } : { is: 'waiting' }
}
