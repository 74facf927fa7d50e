/** What a Deployment notes on its ReplicaSets, and on itself (behaviour 8.1.5). */
import type { Deployment } from '../../api/kinds/deployment.ts'
import type { ReplicaSet } from '../../api/kinds/replica_set.ts'
import type { KubernetesObject } from '../../api/meta.ts'
import { boundsOf } from './bounds.ts'

/** On both: which revision of the template it is. Counts up from 1. */
export const REVISION = 'deployment.kubernetes.io/revision'
/** On a ReplicaSet that came back: the revisions it was before, `1,3`. */
export const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history'
/** On a ReplicaSet: the Deployment's replicas when it was sized last. Another number now means that somebody scales. */
export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas'
/** On a ReplicaSet: the same with the surge. */
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas'

/** Beyond so many characters the oldest revisions are left out. */
const HISTORY_LENGTH_MAX = 2_000

const NOT_COPIED: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'deprecated.deployment.rollback.to',
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
])

/** 0 for what has none. Bigger than a number can hold, because whoever writes a ReplicaSet himself may begin anywhere. */
export function revisionOf({ metadata }: KubernetesObject): bigint {
  const text = metadata.annotations?.[REVISION] ?? ''
  return WHOLE_NUMBER.test(text) ? BigInt(text) : 0n
}

const WHOLE_NUMBER = /^[0-9]{1,19}$/

export const highestRevision = (replicaSets: readonly ReplicaSet[]): bigint =>
  replicaSets.map(revisionOf).reduce((highest, revision) => (revision > highest ? revision : highest), 0n)

/** The ReplicaSet as the Deployment's newest: its annotations are the Deployment's, and its revision is at least this one. */
export function withRevision(deployment: Deployment, replicaSet: ReplicaSet, revision: bigint): ReplicaSet {
  const before = revisionOf(replicaSet)
  const annotations: Record<string, string> = { ...replicaSet.metadata.annotations, ...copied(deployment) }
  if (before < revision) {
    annotations[REVISION] = String(revision)
    if (before > 0n) annotations[REVISION_HISTORY] = historyWith(annotations[REVISION_HISTORY], before)
  }
  return { ...replicaSet, metadata: { ...replicaSet.metadata, annotations } }
}

/** The ReplicaSet at a size, and what that size is a part of. */
export function withSize(deployment: Deployment, replicaSet: ReplicaSet, replicas: number): ReplicaSet {
  const desired = deployment.spec.replicas
  const annotations = {
    ...replicaSet.metadata.annotations,
    [DESIRED_REPLICAS]: String(desired),
    [MAX_REPLICAS]: String(desired + boundsOf(deployment.spec).maxSurge),
  }
  return { ...replicaSet, metadata: { ...replicaSet.metadata, annotations }, spec: { ...replicaSet.spec, replicas } }
}

/** What was noted at the last sizing; undefined where nothing was, or nothing that is a number. */
export function notedNumber({ metadata }: KubernetesObject, annotation: string): number | undefined {
  const text = metadata.annotations?.[annotation] ?? ''
  return WHOLE_NUMBER.test(text) ? Number(text) : undefined
}

const copied = ({ metadata }: Deployment): Record<string, string> =>
  Object.fromEntries(Object.entries(metadata.annotations ?? {}).filter(([key]) => !NOT_COPIED.has(key)))

function historyWith(history: string | undefined, revision: bigint): string {
  const revisions = [...(history ? history.split(',') : []), String(revision)]
  while (revisions.length > 1 && revisions.join(',').length > HISTORY_LENGTH_MAX) revisions.shift()
  return revisions.join(',')
}
