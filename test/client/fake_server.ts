/** A server of one kind that does what a test tells it: answers, fails, sends events, ends watches. */
import { ConfigMap } from '../../src/api/kinds/config_map.ts'
import { failure } from '../../src/api/status.ts'
import type { Client, ObjectList } from '../../src/client/client.ts'

export interface FakeServer {
  readonly client: Client
  items: ConfigMap[]
  revision: number
  readonly lists: number
  /** resourceVersion of each watch that was asked for. */
  readonly watches: readonly string[]
  readonly open: number
  failLists: Error | undefined
  failWatches: Error | undefined
  send(type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK', object: ConfigMap): void
  end(error?: Error): void
}

export const expired = () => failure(410, 'Expired', 'too old resource version: 1 (9)')

export const configMap = (name: string, revision: number, uid = `uid-${name}`): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', uid, resourceVersion: String(revision) },
})

export const bookmark = (revision: number): ConfigMap => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { resourceVersion: String(revision) } })

export function createFakeServer(items: ConfigMap[] = [], revision = 1): FakeServer {
  const sinks = new Set<Parameters<Client['watch']>[2]>()
  const watches: string[] = []
  let lists = 0
  const server: FakeServer = {
    items,
    revision,
    watches,
    failLists: undefined,
    failWatches: undefined,
    get lists() {
      return lists
    },
    get open() {
      return sinks.size
    },
    send: (type, object) => sinks.forEach(sink => sink.event({ type, object, json: () => new Uint8Array() })),
    end(error) {
      for (const sink of sinks) {
        sinks.delete(sink)
        sink.ended(error)
      }
    },
    client: {
      async list() {
        lists += 1
        if (server.failLists) throw server.failLists
        return { metadata: { resourceVersion: String(server.revision) }, items: [...server.items] } as unknown as ObjectList<never>
      },
      watch(_kind: unknown, options: { resourceVersion?: string }, sink: Parameters<Client['watch']>[2]) {
        watches.push(options.resourceVersion ?? '')
        const failed = server.failWatches
        if (failed) void Promise.resolve().then(() => sink.ended(failed))
        else sinks.add(sink)
        return { stop: () => sinks.delete(sink) }
      },
    } as unknown as Client,
  }
  return server
}
