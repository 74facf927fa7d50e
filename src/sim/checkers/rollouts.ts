/**
 * What a Deployment promises, of the Pods themselves, at every instant: never more than replicas and surge, and never
 * fewer available than it may be short of, once it had them. Judged from what is stored, by nobody's cache.
 */
import type { Deployment } from '../../api/kinds/deployment.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { controllerOf, type KubernetesObject } from '../../api/meta.ts'
import { isActive, isReady } from '../../api/pod.ts'
import type { Change } from '../../store/store.ts'
import type { Checker } from './checker.ts'

interface Bounds {
  readonly most: number
  readonly least: number
}

interface Watched {
  readonly name: string
  now: Bounds
  /** Until the size has followed a change of the Deployment, the older and wider of the two holds. */
  most: number
  least: number
  /** It has been whole since it was made. */
  wasWhole: boolean
}

export interface RolloutRules {
  /** Pods may also be lost for other reasons than a rollout: then only the upper bound is looked at. */
  readonly podsAreLost: boolean
}

export function rolloutBounds({ podsAreLost }: RolloutRules): Checker {
  const deployments = new Map<string, Watched>()
  const parents = new Map<string, string>()
  const pods = new Map<string, { readonly parent: string | undefined; readonly ready: boolean }>()

  const judge = (uid: string | undefined): string | undefined => {
    const watched = uid === undefined ? undefined : deployments.get(uid)
    if (!watched) return undefined
    const own = [...pods.values()].filter(({ parent }) => parent !== undefined && parents.get(parent) === uid)
    const ready = own.filter(pod => pod.ready).length
    if (own.length <= watched.now.most) watched.most = watched.now.most
    if (ready >= watched.now.least) {
      watched.least = watched.now.least
      watched.wasWhole = true
    }
    if (own.length > watched.most) return `${watched.name} has ${own.length} Pods, and ${watched.most} are the most`
    if (!podsAreLost && watched.wasWhole && ready < watched.least) return `${watched.name} has ${ready} available Pods, and ${watched.least} are the least`
    return undefined
  }

  return {
    name: 'rollouts keep their bounds',
    prefix: '/',
    see(change) {
      const object = (change.stored?.value ?? change.previous?.value) as KubernetesObject
      switch (kindOf(change)) {
        case 'Deployment':
          return seeDeployment(object as Deployment, change.stored !== undefined)
        case 'ReplicaSet': {
          const { uid } = object.metadata
          const parent = controllerOf(object)?.uid
          if (change.stored && parent) parents.set(uid!, parent)
          return judge(parent)
        }
        case 'Pod': {
          const pod = object as Pod
          const { uid } = pod.metadata
          const parent = controllerOf(pod)?.uid
          if (change.stored && isActive(pod)) pods.set(uid!, { parent, ready: isReady(pod) })
          else pods.delete(uid!)
          return judge(parent && parents.get(parent))
        }
        default:
          return undefined
      }
    },
  }

  function seeDeployment({ metadata, spec }: Deployment, isThere: boolean): undefined {
    const uid = metadata.uid!
    if (!isThere || metadata.deletionTimestamp) return void deployments.delete(uid)
    const now = boundsOf(spec)
    const known = deployments.get(uid)
    if (!known) return void deployments.set(uid, { name: metadata.name!, now, ...now, wasWhole: false })
    known.now = now
    known.most = Math.max(known.most, now.most)
    known.least = Math.min(known.least, now.least)
    return undefined
  }
}

function boundsOf({ replicas, strategy }: Deployment['spec']): Bounds {
  if (strategy?.type === 'Recreate') return { most: replicas, least: 0 }
  const { maxSurge = '25%', maxUnavailable = '25%' } = strategy?.rollingUpdate ?? {}
  const surge = partOf(maxSurge, replicas, Math.ceil)
  const unavailable = partOf(maxUnavailable, replicas, Math.floor)
  return { most: replicas + surge, least: Math.max(0, replicas - (surge === 0 && unavailable === 0 ? 1 : unavailable)) }
}

const partOf = (part: number | string, whole: number, round: (x: number) => number): number =>
  typeof part === 'number' ? part : round((Number.parseInt(part, 10) * whole) / 100)

const kindOf = ({ key }: Change): string | undefined =>
  key.startsWith('/pods/') ? 'Pod' : key.startsWith('/apps/deployments/') ? 'Deployment' : key.startsWith('/apps/replicasets/') ? 'ReplicaSet' : undefined
