/** For tests: Deployments and ReplicaSets with only what a case is about. */
import { Deployment } from '../../../api/kinds/deployment.ts'
import type { ReplicaSet } from '../../../api/kinds/replica_set.ts'
import { createdOf } from '../../../api/testing/draft.ts'
import type { DeploymentStatus } from '../../../api/types/deployment.ts'
import { DESIRED_REPLICAS, MAX_REPLICAS, REVISION } from '../annotations.ts'

export const NOW = Date.parse('2026-01-01T12:00:00Z')

export interface AboutDeployment {
  image?: string
  replicas?: number
  maxSurge?: number | string
  maxUnavailable?: number | string
  status?: DeploymentStatus
  annotations?: Record<string, string>
  labels?: Record<string, string>
  spec?: object
}

export const deployment = ({ image = 'nginx:1', replicas = 3, maxSurge = '25%', maxUnavailable = '25%', ...more }: AboutDeployment = {}): Deployment => ({
  ...createdOf(Deployment, {
    metadata: { name: 'web', namespace: 'default', uid: 'deployment-uid', generation: 1, annotations: more.annotations },
    spec: {
      replicas,
      strategy: { rollingUpdate: { maxSurge, maxUnavailable } },
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web', ...more.labels } }, spec: { containers: [{ name: 'web', image }] } },
      ...more.spec,
    },
  }),
  status: more.status ?? {},
})

export interface AboutReplicaSet {
  name?: string
  image?: string
  size?: number
  /** Of the Pods it has, as it says itself. */
  there?: number
  available?: number
  revision?: number | bigint
  history?: string
  /** The Deployment's replicas when it was sized, and those with the surge. */
  desired?: number
  max?: number
  /** Of its spec, and the one that its numbers are about. */
  generation?: number
  observed?: number
  /** In seconds before now. */
  age?: number
  conditions?: NonNullable<ReplicaSet['status']>['conditions']
}

export function replicaSet({ name = 'web-a', image = 'nginx:1', size = 3, age = 100, ...more }: AboutReplicaSet = {}): ReplicaSet {
  const { there = size, available = there, revision, history, desired, max, conditions, generation = 1, observed = generation } = more
  const { spec } = deployment({ image })
  const labels = { app: 'web', 'pod-template-hash': name }
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      namespace: 'default',
      uid: `${name}-uid`,
      generation,
      creationTimestamp: `${new Date(NOW - age * 1000).toISOString().slice(0, 19)}Z`,
      labels,
      annotations: {
        ...(revision !== undefined && { [REVISION]: String(revision) }),
        ...(history !== undefined && { 'deployment.kubernetes.io/revision-history': history }),
        ...(desired !== undefined && { [DESIRED_REPLICAS]: String(desired) }),
        ...(max !== undefined && { [MAX_REPLICAS]: String(max) }),
      },
    },
    spec: {
      replicas: size,
      selector: { matchLabels: labels },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
    status: { replicas: there, readyReplicas: available, availableReplicas: available, observedGeneration: observed, ...(conditions && { conditions }) },
  }
}
