/** A cluster in virtual time, and the verbs that stories of StatefulSets and DaemonSets are told with. */
import assert from 'node:assert/strict'
import type { Kind } from '../../src/api/kind.ts'
import { ControllerRevision } from '../../src/api/kinds/controller_revision.ts'
import { Event } from '../../src/api/kinds/event.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import type { KubernetesObject } from '../../src/api/meta.ts'
import { isDeleting, isReady } from '../../src/api/pod.ts'
import { isReason } from '../../src/api/status.ts'
import type { Draft } from '../../src/client/client.ts'
import { startVirtualCluster, type VirtualCluster, type VirtualClusterOptions } from '../../src/launch/virtual_cluster.ts'

export const namespace = 'default'

export const template = (spec: object = {}, metadata: object = {}) => ({
  metadata: { labels: { app: 'web' }, ...metadata },
  spec: { containers: [{ name: 'main', image: 'nginx:1' }], terminationGracePeriodSeconds: 5, ...spec },
})

/** With another image: what an update brings. */
export const image = (name: string) => template({ containers: [{ name: 'main', image: name }] })

/** There is no such image: Pods of it never start. */
export const MISSING = 'foo:non-existent'

/** Ready as long as a file is there, which `breakPod` takes away. */
export const breakable = () =>
  template({
    containers: [
      {
        name: 'main',
        image: 'busybox:1',
        command: ['sh', '-c', "touch /tmp/up; trap 'exit 0' TERM; while true; do sleep 1; done"],
        readinessProbe: { exec: { command: ['test', '-e', '/tmp/up'] }, periodSeconds: 1, failureThreshold: 1 },
      },
    ],
  })

export interface SetsStory {
  readonly cluster: VirtualCluster
  readonly [Symbol.asyncDispose]: () => Promise<void>
  run<T>(promise: Promise<T>): Promise<T>
  create<T extends KubernetesObject>(kind: Kind<T>, object: object): Promise<T>
  get<T extends KubernetesObject>(kind: Kind<T>, name?: string): Promise<T>
  find<T extends KubernetesObject>(kind: Kind<T>, name?: string): Promise<T | undefined>
  list<T extends KubernetesObject>(kind: Kind<T>, labelSelector?: string): Promise<readonly T[]>
  patch<T extends KubernetesObject>(kind: Kind<T>, body: object, name?: string, subresource?: string): Promise<T>
  remove(kind: Kind<never>, name?: string, options?: object): Promise<void>
  /** By name, oldest name first; those on their way out too. */
  pods(): Promise<Pod[]>
  /** `web-0 ready`, `web-1 waiting`, `web-2 going`, `web-3 Failed`. */
  shown(): Promise<string[]>
  revisions(): Promise<ControllerRevision[]>
  /** Looked at every 100 ms of virtual time. */
  until(holds: () => Promise<boolean>, limitMs?: number): Promise<void>
  /** In a container called main. */
  exec(pod: string, ...command: string[]): Promise<void>
  breakPod(pod: string): Promise<void>
  mendPod(pod: string): Promise<void>
  /** From now on, what happens to Pods, as `web-0 made`, `web-0 ready`, `web-0 going`, `web-0 gone`. */
  watchPods(): string[]
  /** Texts of the events of this reason. */
  said(reason: string): Promise<string[]>
}

export async function beginSets(seed: number | string, options: Omit<VirtualClusterOptions, 'seed'> = {}): Promise<SetsStory> {
  const cluster = await startVirtualCluster({ seed, ...options })
  const { client, run } = cluster
  for (const { runtime } of cluster.nodes.values()) runtime.registry.set(MISSING, { is: 'missing' })
  const pods = async () => (await run(client.list(Pod, { namespace }))).items.toSorted((a, b) => (a.metadata.name! < b.metadata.name! ? -1 : 1))
  const find = async <T extends KubernetesObject>(kind: Kind<T>, name = 'web') => {
    try {
      return await run(client.get(kind, { namespace: kind.namespaced ? namespace : '', name }))
    } catch (error) {
      if (isReason(error, 'NotFound')) return undefined
      throw error
    }
  }
  const exec = async (name: string, ...command: string[]) => {
    const signal = new AbortController().signal
    const streams = { stdin: undefined, stdout: { async write() {}, async end() {} }, stderr: undefined, resize: undefined, signal }
    assert.deepEqual(await run(client.exec({ namespace, name }, { container: 'main', command }, streams)), { is: 'exited', exitCode: 0 })
  }
  return {
    cluster,
    run,
    pods,
    exec,
    breakPod: name => exec(name, 'rm', '/tmp/up'),
    mendPod: name => exec(name, 'touch', '/tmp/up'),
    watchPods() {
      const told: string[] = []
      const wasReady = new Set<string>()
      client.watch(
        Pod,
        { namespace },
        {
          event({ type, object }) {
            const pod = object as Pod
            const name = pod.metadata?.name ?? ''
            const say = (word: string) => void (told.includes(`${name} ${word}`) || told.push(`${name} ${word}`))
            if (type === 'ADDED') say('made')
            if (type === 'DELETED') say('gone')
            if (type !== 'MODIFIED') return
            if (isDeleting(pod)) say('going')
            else if (isReady(pod) && !wasReady.has(name)) say('ready')
            if (isReady(pod)) wasReady.add(name)
            else wasReady.delete(name)
          },
          ended() {},
        },
      )
      return told
    },
    find,
    [Symbol.asyncDispose]: () => cluster.stop(),
    create: <T extends KubernetesObject>(kind: Kind<T>, object: object) => run(client.create(kind, object as Draft<T>)),
    get: (kind, name = 'web') => run(client.get(kind, { namespace: kind.namespaced ? namespace : '', name })),
    list: async (kind, labelSelector) => (await run(client.list(kind, { namespace: kind.namespaced ? namespace : undefined, labelSelector }))).items,
    patch: (kind, body, name = 'web', subresource) =>
      run(client.patch(kind, { namespace: kind.namespaced ? namespace : '', name }, { type: 'strategic', body }, subresource ? { subresource } : {})),
    async remove(kind, name = 'web', how = {}) {
      await run(client.delete(kind, { namespace: kind.namespaced ? namespace : '', name }, how))
    },
    shown: async () =>
      (await pods()).map(pod => {
        const { phase } = pod.status
        const state = isDeleting(pod) ? 'going' : phase === 'Running' || phase === 'Pending' ? (isReady(pod) ? 'ready' : 'waiting') : phase
        return `${pod.metadata.name} ${state}`
      }),
    revisions: async () => (await run(client.list(ControllerRevision, { namespace }))).items.toSorted((a, b) => a.revision - b.revision),
    async until(holds, limitMs = 120_000) {
      for (let waitedMs = 0; waitedMs < limitMs; waitedMs += 100) {
        if (await holds()) return
        await cluster.advance(100)
      }
      assert.fail(`it never came about: ${String(holds)}; ${(await pods()).map(pod => `${pod.metadata.name} ${pod.status.phase}`).join(', ')}`)
    },
    async said(reason) {
      const { items } = await run(client.list(Event, { namespace }))
      return items.filter(event => event.reason === reason).map(({ message }) => message ?? '')
    },
  }
}
