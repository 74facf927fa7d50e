/**
 * Which ReplicaSet is the newest revision of a Deployment, which are older, and what a new one is like
 * (behaviour 8.1.3 and 8.1.4). Decides and touches nothing.
 */
import { deepEqual } from '../../api/deep.ts'
import { Deployment } from '../../api/kinds/deployment.ts'
import { ReplicaSet } from '../../api/kinds/replica_set.ts'
import { apiVersionOf } from '../../api/kind.ts'
import type { PodTemplateSpec } from '../../api/types/pod_template_spec.ts'
import { controllerReference } from '../workload/claim.ts'
import { revisionHash } from '../workload/revision_hash.ts'
import { highestRevision, withRevision, withSize } from './annotations.ts'

/** On ReplicaSets, in their selectors and on their Pods: keeps the Pods of two revisions apart. */
const HASH_LABEL = 'pod-template-hash'

export interface Rollout {
  readonly deployment: Deployment
  /** Its template is the Deployment's. */
  readonly newest: ReplicaSet | undefined
  /** In the order in which they were made. */
  readonly older: readonly ReplicaSet[]
}

/** Of several with the right template the oldest is taken, always the same. */
export function findRevisions(deployment: Deployment, replicaSets: readonly ReplicaSet[]): Rollout {
  const inOrder = [...replicaSets].sort(byCreation)
  const newest = inOrder.find(({ spec }) => isSameTemplate(spec.template, deployment.spec.template))
  return { deployment, newest, older: inOrder.filter(replicaSet => replicaSet !== newest) }
}

/** The newest as it shall be: the next revision when it was an older one before, with the Deployment's annotations. */
export function currentRevision({ deployment, newest, older }: Rollout & { newest: ReplicaSet }): ReplicaSet {
  const { minReadySeconds } = deployment.spec
  const replicaSet = withRevision(deployment, newest, highestRevision(older) + 1n)
  if ((newest.spec.minReadySeconds ?? 0) === (minReadySeconds ?? 0)) return replicaSet
  return { ...replicaSet, spec: { ...replicaSet.spec, minReadySeconds } }
}

/** A ReplicaSet for the Deployment's template that is not there yet. */
export function newReplicaSet(deployment: Deployment, older: readonly ReplicaSet[]): ReplicaSet {
  const { metadata, spec, status } = deployment
  const hash = revisionHash(spec.template, status?.collisionCount)
  const labels = { ...spec.template.metadata.labels, [HASH_LABEL]: hash }
  const draft: ReplicaSet = {
    apiVersion: apiVersionOf(ReplicaSet),
    kind: ReplicaSet.kind,
    metadata: {
      name: `${metadata.name}-${hash}`,
      namespace: metadata.namespace!,
      labels,
      ownerReferences: [controllerReference(Deployment, deployment)],
    },
    spec: {
      replicas: 0,
      ...(spec.minReadySeconds !== undefined && { minReadySeconds: spec.minReadySeconds }),
      selector: { ...spec.selector, matchLabels: { ...spec.selector.matchLabels, [HASH_LABEL]: hash } },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
  }
  return withSize(deployment, withRevision(deployment, draft, highestRevision(older) + 1n), 0)
}

/** But for the label that every ReplicaSet adds. */
export const isSameTemplate = (a: PodTemplateSpec, b: PodTemplateSpec): boolean => deepEqual(comparable(a), comparable(b))

function comparable(template: PodTemplateSpec): object {
  const { [HASH_LABEL]: _, ...labels } = template.metadata.labels ?? {}
  return { ...template, metadata: { ...template.metadata, labels, annotations: template.metadata.annotations ?? {} } }
}

/** The time of creation is in whole seconds: names decide between those of the same one. */
export function byCreation(a: ReplicaSet, b: ReplicaSet): number {
  const [first, second] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '']
  if (first !== second) return first < second ? -1 : 1
  return a.metadata.name! < b.metadata.name! ? -1 : 1
}
