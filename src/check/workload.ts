/** What is rolled: the nouns that all kinds of workloads share. */
import type { KubernetesObject } from '../api/meta.ts'
import type { Deployment } from '../api/kinds/deployment.ts'
import type { DaemonSet } from '../api/kinds/daemon_set.ts'
import type { Pod } from '../api/kinds/pod.ts'
import type { ReplicaSet } from '../api/kinds/replica_set.ts'
import type { StatefulSet } from '../api/kinds/stateful_set.ts'
import type { Labels } from '../api/label_selector.ts'
import type { LabelSelector } from '../api/types/label_selector.ts'
import type { PodSpec } from '../api/types/pod_spec.ts'
import { kindNamed } from './kind_named.ts'

export const WORKLOAD_KINDS = ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Pod'] as const
export type WorkloadKind = (typeof WORKLOAD_KINDS)[number]
export type WorkloadObject = Deployment | StatefulSet | DaemonSet | ReplicaSet | Pod

export interface WorkloadName {
  readonly kind: WorkloadKind
  readonly name: string
}

export const isWorkload = (object: KubernetesObject): object is WorkloadObject => WORKLOAD_KINDS.some(kind => kind === object.kind)

/** `Deployment/web` */
export const workloadText = ({ kind, name }: WorkloadName): string => `${kind}/${name}`
export const workloadNameOf = (object: WorkloadObject): WorkloadName => ({ kind: object.kind as WorkloadKind, name: object.metadata.name ?? '' })

/** The labels its Pods get. */
export const podLabelsOf = (object: WorkloadObject): Labels => (isPod(object) ? object.metadata.labels : object.spec.template.metadata.labels)
export const podSpecOf = (object: WorkloadObject): PodSpec => (isPod(object) ? object.spec : object.spec.template.spec)

/** Which Pods are its own, as a selector. A bare Pod is found by its name. */
export const selectorOf = (object: WorkloadObject): LabelSelector | undefined => (isPod(object) ? undefined : object.spec.selector)

/** Undefined: as many as there are nodes. */
export const replicasOf = (object: WorkloadObject): number | undefined => (isPod(object) ? 1 : 'replicas' in object.spec ? object.spec.replicas : undefined)

/** Only a Deployment can be. */
export const isPaused = (object: WorkloadObject): boolean => 'paused' in object.spec && object.spec.paused === true

const isPod = (object: WorkloadObject): object is Pod => object.kind === 'Pod'

/** `deploy/web`, `statefulset/db` or `Deployment/web`; undefined for other words. */
export function parseWorkload(text: string): WorkloadName | undefined {
  const [kindText = '', name = '', ...rest] = text.split('/')
  const kind = WORKLOAD_KINDS.find(one => {
    const { kind: own, plural, singular, shortNames } = kindNamed(one)
    return [own.toLowerCase(), plural, singular, ...shortNames].includes(kindText.toLowerCase())
  })
  return kind && name && rest.length === 0 ? { kind, name } : undefined
}

/** What containers of these objects are made from, without those that come twice. */
export function imagesIn(objects: readonly KubernetesObject[]): string[] {
  const specs = objects.filter(isWorkload).map(podSpecOf)
  const images = specs.flatMap(({ containers, initContainers = [] }) => [...initContainers, ...containers].map(({ image }) => image))
  return [...new Set(images)].filter(image => image !== undefined)
}
