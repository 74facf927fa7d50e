/**
 * A kind of the API is one declaration. Routes, discovery, OpenAPI, `explain`, tables, decoding, defaulting,
 * validation, patching and server-side apply follow from it, so that adding a kind is adding a file.
 */
import type { FieldError } from './field_error.ts'
import type { KubernetesObject } from './meta.ts'
import type { ObjectSchema, Fields, Schema } from './schema.ts'
import type { Resource } from './status.ts'

export interface Kind<T extends KubernetesObject = KubernetesObject> extends Resource {
  /** '' is the core group. */
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  /** `all` puts it into `kubectl get all`. */
  readonly categories: readonly string[]
  readonly namespaced: boolean
  readonly schema: ObjectSchema<Fields>
  /** Reading and writing; a virtual kind (SelfSubjectReview) can only be created. */
  readonly verbs: readonly Verb[]
  readonly subresources: readonly Subresource[]
  /** Two versions of one resource share storage under the same name: events.k8s.io/v1 and core/v1 events. */
  readonly storage: Storage

  /** The rule for metadata.name; returns what is wrong with it. */
  validateName(name: string, prefix: boolean): string[]

  /** Defaults that depend on other fields; constant ones are in the schema and have been set. Changes the draft. */
  setDefaults?(draft: T): void
  /** What the server decides at creation: status cleared, phase Pending, generation 1. Changes the draft. */
  prepareForCreate?(draft: T): void
  /** Keeps what this request may not change (status on the main resource, spec on /status). Changes the draft. */
  prepareForUpdate?(draft: T, old: T, subresource: string): void
  /** Rules of every version of the object; run at creation and after every change. */
  validate?(object: T): FieldError[]
  /** Rules that hold at creation only. */
  validateCreate?(object: T): FieldError[]
  validateUpdate?(object: T, old: T, subresource: string): FieldError[]
  /** The sentence of a Warning header on every request for this kind, for one that Kubernetes has deprecated. */
  readonly deprecation?: string
  /** Sentences for Warning headers. */
  warnings?(object: T, old: T | undefined): string[]

  /** True when metadata.generation counts changes of spec. */
  readonly generation: boolean
  /** It counts changes of annotations, too: Deployments. */
  readonly generationCountsAnnotations?: true
  /** An update without resourceVersion is taken as it is. */
  readonly unconditionalUpdate: boolean
  /** PUT to a name that does not exist creates it. */
  readonly createOnUpdate: boolean
  /** How long the object stays after a delete, in seconds, before it is removed: Pods. Undefined: it goes at once. */
  graceSeconds?(object: T, requested: number | undefined): number

  /** For kinds with the subresource `scale`: how many instances are wanted, and how many there are. */
  readonly scale?: ScaleOf<T>

  /** Field selectors beyond metadata.name and metadata.namespace. */
  readonly fieldSelectors: { readonly [label: string]: FieldOf<T> }
  readonly columns: readonly Column<T>[]
  /** Conditions of a table row: Completed for finished Pods. */
  rowConditions?(object: T): readonly { type: string; status: string; reason: string; message: string }[]
}

/** Written as a method so that a Kind<Pod> can stand where any Kind is asked for: the registry only hands a kind its own objects. */
type FieldOf<T> = { read(object: T): string }['read']

/** What `kubectl scale`, autoscalers and disruption budgets read of a workload, and the one thing they write. */
export interface ScaleOf<T> {
  wanted(object: T): number
  /** Changes the draft. */
  setWanted(draft: T, replicas: number): void
  actual(object: T): number
  /** Which Pods are its instances, in the form of a query: `app=web,tier in (a,b)`. */
  selector(object: T): string
}

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch'

export interface Subresource {
  readonly name: string
  readonly verbs: readonly string[]
  /** The kind its requests and answers have; undefined: the resource's own. */
  readonly kind?: { readonly group: string; readonly version: string; readonly kind: string; readonly schema?: Schema }
}

export interface Storage {
  /** The key prefix in the store: `/pods/`, `/apps/deployments/`. */
  readonly prefix: string
  /** For a second version of the same resource: how it is read from and written to the stored form. */
  readonly fromStored?: (stored: KubernetesObject) => KubernetesObject
  readonly toStored?: (object: KubernetesObject) => KubernetesObject
}

/** A column of `kubectl get`. Text cells by default. */
export interface Column<T> {
  readonly name: string
  readonly type: 'string' | 'integer' | 'boolean' | 'date'
  readonly format?: string
  /** Greater than 0: only with `-o wide`. */
  readonly priority: number
  readonly doc: string
  cell(object: T, nowMs: number): string | number | boolean
}

export const apiVersionOf = ({ group, version }: { group: string; version: string }): string => (group ? `${group}/${version}` : version)
