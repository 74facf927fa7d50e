/** What every object carries (meta/v1 ObjectMeta), and how objects are named. */
import { int64, map, mapList, object, present, required, setOf, string, time, any, boolean, atomicList, type Infer } from './schema.ts'

export const ownerReference = object(
  'io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference',
  {
    apiVersion: required(string()),
    kind: required(string()),
    name: required(string()),
    uid: required(string()),
    controller: boolean(),
    blockOwnerDeletion: boolean(),
  },
  { atomic: true },
)

export const managedFieldsEntry = object('io.k8s.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry', {
  manager: string(),
  operation: string({ values: ['Apply', 'Update'] }),
  apiVersion: string(),
  time: time(),
  fieldsType: string(),
  fieldsV1: any(),
  subresource: string(),
})

export const objectMeta = object(
  'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta',
  {
    name: string({ doc: 'Unique in the namespace, or in the cluster for kinds without one. It never changes.' }),
    generateName: string({ doc: 'Beginning of a name that the server completes, when name is left out.' }),
    namespace: string({ doc: 'The namespace the object lives in. It never changes.' }),
    selfLink: string(),
    uid: string({ doc: 'Given by the server; no two objects ever have the same.' }),
    resourceVersion: string({ doc: 'Which version of the object this is; an update made to an older one is refused.' }),
    generation: int64({ doc: 'Counts the changes of what is wanted.' }),
    creationTimestamp: time({ doc: 'When the server stored it first.' }),
    deletionTimestamp: time({ doc: 'Set when the object was asked to go; when it will be gone at the latest.' }),
    deletionGracePeriodSeconds: int64({ doc: 'How long it may take to go.' }),
    labels: map(string(), { doc: 'Short values by which objects are selected.' }),
    annotations: map(string(), { doc: 'Any further values, for tools.' }),
    ownerReferences: mapList(ownerReference, ['uid'], {
      patchMerge: true,
      patchMergeKey: 'uid',
      doc: 'Objects it belongs to; it is deleted when all of them are gone.',
    }),
    finalizers: setOf(string(), { patchMerge: true, doc: 'While the list has entries a deleted object stays.' }),
    managedFields: atomicList(managedFieldsEntry, { doc: 'Who set which field.' }),
  },
  { doc: 'What every object carries: its name, labels, owners and history.' },
)

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

/** The one owner that manages the object; the others only keep it alive. */
export const controllerOf = ({ metadata }: { metadata: ObjectMeta }): OwnerReference | undefined =>
  metadata.ownerReferences?.find(({ controller }) => controller)

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

/** What a store puts into an object: the commit that wrote it, as an opaque string. */
export function stampResourceVersion(object: object, revision: number): object {
  ;(object as KubernetesObject).metadata.resourceVersion = String(revision)
  return object
}
