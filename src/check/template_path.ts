import type { KubernetesObject } from '../api/meta.ts'

/** Where an object has the Pods that it makes; a Pod is its own. Undefined: it makes none. */
export const templatePathOf = ({ kind }: KubernetesObject): readonly string[] | undefined => TEMPLATE_PATHS[kind ?? '']

/** What is there; undefined where the object makes no Pods, or leaves its template out. */
export const templateIn = (object: KubernetesObject): unknown =>
  templatePathOf(object)?.reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], object)

const TEMPLATE_PATHS: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  Deployment: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  ReplicationController: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
}
