/**
 * The API as a component sees it: typed calls over a transport.
 *
 * Objects that come back are frozen and may be shared with the server and with other components of the
 * process: to change one, make a new one.
 */
import type { Kind } from '../api/kind.ts'
import type { KubernetesObject, ObjectKey } from '../api/meta.ts'
import type { Request, RequestBody, RemoteCommandResult, RemoteCommandStreams, WatchEvent } from '../base/transport.ts'

export interface Client {
  /** Throws ApiError; reason NotFound when there is none. */
  get<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey): Promise<T>
  list<T extends KubernetesObject>(kind: Kind<T>, options?: ListOptions): Promise<ObjectList<T>>
  create<T extends KubernetesObject>(kind: Kind<T>, object: Draft<T>, options?: WriteOptions): Promise<T>
  /** Replaces the object. With metadata.resourceVersion, only if it is still at that version (reason Conflict otherwise). */
  update<T extends KubernetesObject>(kind: Kind<T>, object: Draft<T>, options?: WriteOptions): Promise<T>
  updateStatus<T extends KubernetesObject>(kind: Kind<T>, object: Draft<T>, options?: WriteOptions): Promise<T>
  patch<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, patch: Patch, options?: WriteOptions & { subresource?: string }): Promise<T>
  /** The object as it still stands (grace, finalizers), or undefined when it is gone. */
  delete<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, options?: DeleteOptions): Promise<T | undefined>
  /** POST to a subresource: binding, token, eviction. */
  createSubresource<R>(kind: Kind<never>, key: ObjectKey, subresource: string, body: object): Promise<R>
  /** Events after `resourceVersion`. `ended` is called once, with the error that ended it if there was one. */
  watch<T extends KubernetesObject>(
    kind: Kind<T>,
    options: WatchOptions,
    sink: { event(event: WatchEvent): void; ended(error: Error | undefined): void },
  ): { stop(): void }
  /** Everything else, by path: an object, or the text of what is none (of a log its first MiB). Throws ApiError for a Failure. */
  request(request: {
    method: Request['method']
    path: string
    query?: Record<string, string | readonly string[]>
    headers?: Record<string, string>
    body?: RequestBody
    signal?: AbortSignal
  }): Promise<unknown>
  /** Runs a command in a container through the exec subresource. */
  exec(key: ObjectKey, options: { container: string; command: readonly string[]; tty?: boolean }, streams: RemoteCommandStreams): Promise<RemoteCommandResult>
}

/** An object as a component writes it: apiVersion and kind are filled in, and the server decides the rest. */
export type Draft<T extends KubernetesObject> = Omit<Partial<T>, 'metadata'> & { metadata: Partial<T['metadata']> }

export interface ListOptions {
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
  limit?: number
  continue?: string
  resourceVersion?: string
}

export interface WatchOptions extends Omit<ListOptions, 'limit' | 'continue'> {
  allowBookmarks?: boolean
  timeoutSeconds?: number
}

export interface ObjectList<T> {
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number }
  items: readonly T[]
}

export type Patch =
  | { readonly type: 'merge'; readonly body: object }
  | { readonly type: 'strategic'; readonly body: object }
  | { readonly type: 'json'; readonly body: readonly object[] }
  | { readonly type: 'apply'; readonly body: object; readonly force?: boolean }

export interface WriteOptions {
  fieldManager?: string
  dryRun?: boolean
  /** Gives up waiting for the answer; the write may have taken effect all the same. */
  signal?: AbortSignal
}

export interface DeleteOptions {
  gracePeriodSeconds?: number
  uid?: string
  resourceVersion?: string
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
}
