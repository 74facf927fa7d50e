/** Whose timelines somebody wants, in kubectl's words: `pod/x`, `pods x y`, `deploy/x`, `deployment.apps/x`, `-l app=web`. */
import { DaemonSet } from '../api/kinds/daemon_set.ts'
import { Deployment } from '../api/kinds/deployment.ts'
import { Job } from '../api/kinds/job.ts'
import { Pod } from '../api/kinds/pod.ts'
import type { PodTimeline } from '../api/kinds/pod_timeline.ts'
import { ReplicaSet } from '../api/kinds/replica_set.ts'
import { Service } from '../api/kinds/service.ts'
import { StatefulSet } from '../api/kinds/stateful_set.ts'
import type { Kind } from '../api/kind.ts'
import type { KubernetesObject } from '../api/meta.ts'
import { isReason } from '../api/status.ts'
import type { Client } from '../client/client.ts'
import { UserError } from './output.ts'

export interface Target {
  readonly kind: Kind<never>
  readonly name: string
}

/** Those whose Pods can be found. */
const KINDS: readonly Kind<never>[] = [Pod, Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, Service]

/** No words: all Pods. Throws UserError for words that name nothing. */
export function parseTargets(words: readonly string[]): readonly Target[] {
  const [first, ...rest] = words
  if (first === undefined) return []
  if (words.every(word => word.includes('/'))) {
    return words.map(word => {
      const [kind = '', name = '', ...more] = word.split('/')
      if (more.length > 0 || name === '') throw wrong(`${JSON.stringify(word)} is not KIND/NAME`)
      return { kind: kindNamed(kind, name), name }
    })
  }
  if (words.some(word => word.includes('/'))) throw wrong('KIND/NAME and KIND NAME cannot be mixed')
  const kind = kindNamed(first, first)
  if (rest.length === 0 && kind !== Pod) throw wrong(`which ${kind.kind}?`)
  return rest.map(name => ({ kind, name }))
}

const wrong = (what: string) =>
  new UserError(what, { next: 'Write what kubectl takes: poise timeline pod/web-0, deploy/web, sts/db, job/import, svc/web, or -l app=web.', exitCode: 2 })

function kindNamed(word: string, name: string): Kind<never> {
  const [short = '', ...group] = word.toLowerCase().split('.')
  const kind = KINDS.find(({ kind: long, plural, shortNames }) => [long.toLowerCase(), plural, ...shortNames].includes(short))
  const isGroup = kind && (group.length === 0 || group.join('.') === kind.group || group.join('.') === `${kind.version}.${kind.group}`)
  if (kind && isGroup) return kind
  throw new UserError(`${JSON.stringify(word)} is not a kind whose Pods are known`, {
    next: `Use pod, deployment, replicaset, statefulset, daemonset, job or service: poise timeline pod/${name}`,
    exitCode: 2,
  })
}

export type Filter = (timeline: PodTimeline) => boolean

/** Finds out what selects the Pods. Objects that are gone are no error here: their Pods may be remembered. */
export async function filterOf(client: Client, namespace: string, targets: readonly Target[]): Promise<Filter> {
  if (targets.length === 0) return () => true
  const filters = await Promise.all(targets.map(target => filterOfOne(client, namespace, target)))
  return timeline => filters.some(filter => filter(timeline))
}

async function filterOfOne(client: Client, namespace: string, { kind, name }: Target): Promise<Filter> {
  if (kind === Pod) return ({ pod }) => pod.name === name
  if (kind === Service) {
    const service = await found(client, Service, namespace, name)
    const selector = Object.entries(service?.spec.selector ?? {})
    return ({ metadata, spans }) =>
      selector.length > 0 && service ? selector.every(([key, value]) => metadata.labels?.[key] === value) : spans.some(span => span.service === name)
  }
  if (kind === Deployment) {
    // All of its ReplicaSets, those of long ago too. Pods of which Events alone are left have no owner to be told by.
    const owner = new RegExp(`^ReplicaSet/${escaped(name)}-[a-z0-9]+$`)
    const pod = new RegExp(`^${escaped(name)}-[a-z0-9]{1,10}-[a-z0-9]{5}$`)
    return timeline => (timeline.pod.owner ? owner.test(timeline.pod.owner) : pod.test(timeline.pod.name) && timeline.pod.phase === undefined)
  }
  const owner = `${kind.kind}/${name}`
  return timeline => timeline.pod.owner === owner
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)

async function found<T extends KubernetesObject>(client: Client, kind: Kind<T>, namespace: string, name: string): Promise<T | undefined> {
  return client.get(kind, { namespace, name }).catch((error: unknown) => {
    if (isReason(error, 'NotFound')) return undefined
    throw error
  })
}

/** For whoever has asked for something of which there is nothing: what is not there, and what there is instead. */
export async function explainNothing(client: Client, namespace: string, targets: readonly Target[], all: readonly PodTimeline[]): Promise<UserError> {
  for (const { kind, name } of targets) {
    if (kind === Pod) {
      const names = [...new Set(all.map(({ pod }) => pod.name))]
      const near = names.filter(known => known.includes(name) || name.includes(known.replace(/-[a-z0-9]+$/, '')))
      const some = (near.length > 0 ? near : names).slice(0, 6)
      return new UserError(`there is no Pod ${JSON.stringify(name)} in namespace ${namespace}, and none is remembered`, {
        next: some.length > 0 ? `There is: ${some.join(', ')}` : 'Name another namespace with -n, or look in all of them with -A.',
      })
    }
    if (!(await found(client, kind as unknown as Kind<KubernetesObject>, namespace, name))) {
      return new UserError(`there is no ${kind.kind} ${JSON.stringify(name)} in namespace ${namespace}`, {
        next: `See what there is with: kubectl get ${kind.plural} -n ${namespace}`,
      })
    }
  }
  const { kind, name } = targets[0]!
  return new UserError(`${kind.kind} ${JSON.stringify(name)} has no Pods, and none is remembered`, {
    next: `See why with: kubectl describe ${kind.plural}/${name} -n ${namespace}`,
  })
}
