/** What every object carries (meta/v1 ObjectMeta), and how objects are named. */
import { int64, map, mapList, object, present, required, setOf, string, time, any, boolean, atomicList, type Infer } from './schema.ts'

export const ownerReference = object('io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference', {
  apiVersion: required(string()),
  kind: required(string()),
  name: required(string()),
  uid: required(string()),
  controller: boolean(),
  blockOwnerDeletion: boolean(),
}, { atomic: true })

export const managedFieldsEntry = object('io.k8s.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry', {
  manager: string(),
  operation: string({ values: ['Apply', 'Update'] }),
  apiVersion: string(),
  time: time(),
  fieldsType: string(),
  fieldsV1: any(),
  subresource: string(),
})

export const objectMeta = object('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta', {
  name: string(),
  generateName: string(),
  namespace: string(),
  selfLink: string(),
  uid: string(),
  resourceVersion: string(),
  generation: int64(),
  creationTimestamp: time(),
  deletionTimestamp: time(),
  deletionGracePeriodSeconds: int64(),
  labels: map(string()),
  annotations: map(string()),
  ownerReferences: mapList(ownerReference, ['uid'], { patchMerge: true, patchMergeKey: 'uid' }),
  finalizers: setOf(string(), { patchMerge: true }),
  managedFields: atomicList(managedFieldsEntry),
})

/** What every kind's own declaration begins with. */
export const objectFields = {
  apiVersion: present(string({ doc: 'Group and version of the kind, such as v1 or apps/v1.' })),
  kind: present(string({ doc: 'The name of the kind, in CamelCase.' })),
  metadata: present(objectMeta),
} as const

export interface OwnerReference extends Infer<typeof ownerReference> {}

/** Metadata of a stored object: name, uid, resourceVersion and creationTimestamp are always there. */
export interface ObjectMeta extends Infer<typeof objectMeta> {}

export interface KubernetesObject {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
}

/** Where an object is. The namespace is '' for cluster-scoped kinds. */
export interface ObjectKey {
  readonly namespace: string
  readonly name: string
}

export const keyOf = (object: { metadata: ObjectMeta }): ObjectKey => ({ namespace: object.metadata.namespace ?? '', name: object.metadata.name ?? '' })

/** `namespace/name`, or the name alone in cluster scope: for maps, queues and logs. */
export const keyText = ({ namespace, name }: ObjectKey): string => (namespace ? `${namespace}/${name}` : name)

export const parseKey = (text: string): ObjectKey => {
  const slash = text.indexOf('/')
  return slash < 0 ? { namespace: '', name: text } : { namespace: text.slice(0, slash), name: text.slice(slash + 1) }
}

/** RFC 3339 in UTC with whole seconds: how metav1.Time is written. */
export const timestamp = (wallMs: number): string => `${new Date(Math.floor(wallMs / 1000) * 1000).toISOString().slice(0, 19)}Z`

/** RFC 3339 in UTC with microseconds: how metav1.MicroTime is written. */
export const microTimestamp = (wallMs: number): string => `${new Date(wallMs).toISOString().slice(0, 23)}000Z`

/** The owner that manages the object, if there is one. */
export const controllerOf = (object: { metadata: ObjectMeta }): OwnerReference | undefined =>
  object.metadata.ownerReferences?.find(owner => owner.controller)

/** What a store puts into an object: the commit that wrote it, as an opaque string. */
export function stampResourceVersion(object: object, revision: number): object {
  (object as KubernetesObject).metadata.resourceVersion = String(revision)
  return object
}
