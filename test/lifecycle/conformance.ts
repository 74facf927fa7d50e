/**
 * What the conformance tests in virtual time share: a whole cluster of one node, and one watch that sees every Pod.
 *
 * Each test is called as its counterpart in Kubernetes' suite is, and does what that one's description says, with images
 * of our own. docs/conformance.md lists them all.
 */
import { Pod } from '../../src/api/kinds/pod.ts'
import { decodeText } from '../../src/base/bytes.ts'
import type { WatchEvent } from '../../src/base/transport.ts'
import type { Client } from '../../src/client/client.ts'
import { administrator } from '../../src/cluster/identities.ts'
import { startVirtualCluster, type VirtualCluster } from '../../src/launch/virtual_cluster.ts'

export interface Ground {
  readonly cluster: VirtualCluster
  readonly client: Client
  /** What has been seen of Pods, in order. */
  readonly seen: readonly { readonly type: WatchEvent['type']; readonly pod: Pod; readonly atMs: number }[]
  run<T>(promise: Promise<T>): Promise<T>
  create(name: string, spec: object, metadata?: object): Promise<Pod>
  /** As the watch has it now; undefined when it is gone. */
  pod(name: string): Pod | undefined
  until(name: string, predicate: (pod: Pod) => boolean, seconds?: number): Promise<Pod>
  gone(name: string, seconds?: number): Promise<void>
  advance(seconds: number): Promise<void>
  logs(name: string, query?: Record<string, string>): Promise<string>
  /** Sends what kubectl would; rejects with an ApiError. */
  send(method: string, path: string, body?: object, contentType?: string): Promise<unknown>
  [Symbol.asyncDispose](): Promise<void>
}

export const NAMESPACE = 'default'
export const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`
const LIMIT_SECONDS = 300

export async function beginConformance(seed: string): Promise<Ground> {
  const cluster = await startVirtualCluster({ seed })
  const { client } = cluster
  const pods = new Map<string, Pod>()
  const seen: { type: WatchEvent['type']; pod: Pod; atMs: number }[] = []
  const watch = client.watch(
    Pod,
    { namespace: NAMESPACE, resourceVersion: '0' },
    {
      event({ type, object }) {
        const pod = object as Pod
        if (type === 'BOOKMARK' || type === 'ERROR') return
        seen.push({ type, pod, atMs: cluster.world.now() })
        if (type === 'DELETED') pods.delete(pod.metadata.name ?? '')
        else pods.set(pod.metadata.name ?? '', pod)
      },
      ended: () => undefined,
    },
  )
  return {
    cluster,
    client,
    seen,
    run: promise => cluster.run(promise),
    create: (name, spec, metadata) => cluster.run(client.create(Pod, { metadata: { name, namespace: NAMESPACE, ...metadata }, spec: spec as never })),
    pod: name => pods.get(name),
    async until(name, predicate, seconds = LIMIT_SECONDS) {
      const holds = () => {
        const pod = pods.get(name)
        return pod !== undefined && predicate(pod)
      }
      await cluster.until(holds, seconds * 1000)
      return pods.get(name)!
    },
    gone: (name, seconds = LIMIT_SECONDS) => cluster.until(() => !pods.has(name), seconds * 1000),
    advance: seconds => cluster.advance(seconds * 1000),
    async logs(name, query = {}) {
      const request = { method: 'GET', path: `${PODS}/${name}/log`, query: new URLSearchParams(query), headers: {}, body: { is: 'none' } as const }
      const { body } = await cluster.run(cluster.cluster.handle({ ...request, user: administrator, signal: new AbortController().signal }))
      if (body.is !== 'stream') throw new Error(`no log of ${name}: ${body.is === 'object' ? JSON.stringify(body.object) : body.is}`)
      const { stream } = body
      const read = async () => {
        let text = ''
        for await (const bytes of stream) text += decodeText(bytes)
        return text
      }
      return cluster.run(read())
    },
    send(method, path, object, contentType = 'application/json') {
      const [bare = '', search = ''] = path.split('?')
      const query = Object.fromEntries(new URLSearchParams(search))
      return cluster.run(
        client.request({ method, path: bare, query, headers: { 'content-type': contentType }, ...(object && { body: { is: 'object', object } }) }),
      )
    },
    async [Symbol.asyncDispose]() {
      watch.stop()
      await cluster.stop()
    },
  }
}

export const sh = (script: string): string[] => ['sh', '-c', script]
export const busybox = (script: string, rest: object = {}): object => ({ name: 'main', image: 'busybox:1.37', command: sh(script), ...rest })
export const pause = (rest: object = {}): object => ({ name: 'main', image: 'pause', ...rest })

export const condition = ({ status }: Pod, type: string) => status.conditions?.find(one => one.type === type)
export const isReady = (pod: Pod): boolean => condition(pod, 'Ready')?.status === 'True'
export const isRunning = ({ status }: Pod): boolean => status.phase === 'Running'
export const restarts = ({ status }: Pod, index = 0): number => status.containerStatuses?.[index]?.restartCount ?? 0
