/** A whole cluster in virtual time, and the verbs in which stories about the scheduler are told. */
import assert from 'node:assert/strict'
import { Event } from '../../src/api/kinds/event.ts'
import { Node } from '../../src/api/kinds/node.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { PriorityClass } from '../../src/api/kinds/priority_class.ts'
import { podCondition } from '../../src/api/pod.ts'
import { isReason } from '../../src/api/status.ts'
import type { Draft } from '../../src/client/client.ts'
import { startVirtualCluster, type VirtualClusterOptions } from '../../src/launch/virtual_cluster.ts'

export const HOSTNAME = 'kubernetes.io/hostname'
export const ZONE = 'topology.kubernetes.io/zone'
const namespace = 'default'

export interface PodWishes {
  labels?: Record<string, string>
  requests?: Record<string, string>
  limits?: Record<string, string>
  namespace?: string
  finalizers?: string[]
  /** Anything else of its spec. */
  [field: string]: unknown
}

export function podOf(name: string, { labels, requests, limits, finalizers, namespace = 'default', ...spec }: PodWishes = {}): Draft<Pod> {
  const containers = [{ name: 'main', image: 'nginx:1', resources: { ...(requests && { requests }), ...(limits && { limits }) } }]
  return { metadata: { name, namespace, ...(labels && { labels }), ...(finalizers && { finalizers }) }, spec: { containers, ...spec } } as unknown as Draft<Pod>
}

export async function begin(options: VirtualClusterOptions) {
  const cluster = await startVirtualCluster(options)
  const { client, run, advance } = cluster
  const find = async (name: string, inNamespace = namespace): Promise<Pod | undefined> => {
    try {
      return await run(client.get(Pod, { namespace: inNamespace, name }))
    } catch (error) {
      if (isReason(error, 'NotFound')) return undefined
      throw error
    }
  }
  const get = async (name: string, inNamespace?: string): Promise<Pod> => {
    const pod = await find(name, inNamespace)
    assert.ok(pod, `there is no ${name}`)
    return pod
  }
  const until = async (name: string, holds: (pod: Pod) => boolean, limitMs = 30_000): Promise<Pod> => {
    for (let waitedMs = 0; waitedMs < limitMs; waitedMs += 10) {
      const pod = await get(name)
      if (holds(pod)) return pod
      await advance(10)
    }
    assert.fail(`${name} waited in vain: ${JSON.stringify((await get(name)).status)}`)
  }
  const changeNode = async (name: string, body: object, subresource?: 'status') => {
    await run(client.patch(Node, { namespace: '', name }, { type: 'merge', body }, subresource && { subresource }))
    await advance(500)
  }
  return {
    cluster,
    client,
    run,
    advance,
    find,
    get,
    until,
    changeNode,
    now: () => cluster.world.now(),
    create: (name: string, wishes?: PodWishes) => run(client.create(Pod, podOf(name, wishes))),
    delete: (name: string, gracePeriodSeconds?: number) =>
      run(client.delete(Pod, { namespace, name }, gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds })),
    /** Made, and the node it was given. */
    async place(name: string, wishes?: PodWishes): Promise<string> {
      await run(client.create(Pod, podOf(name, wishes)))
      return (await until(name, ({ spec }) => spec.nodeName !== undefined)).spec.nodeName!
    },
    /** Made, and what its condition says when it has found no node. */
    async failToPlace(name: string, wishes?: PodWishes): Promise<string> {
      await run(client.create(Pod, podOf(name, wishes)))
      const pod = await until(name, one => podCondition(one, 'PodScheduled')?.status === 'False')
      assert.equal(podCondition(pod, 'PodScheduled')?.reason, 'Unschedulable')
      return podCondition(pod, 'PodScheduled')!.message!
    },
    nodeOf: async (name: string) => (await get(name)).spec.nodeName,
    running: (name: string) => until(name, ({ status }) => status.phase === 'Running'),
    async gone(name: string, limitMs = 60_000): Promise<void> {
      for (let waitedMs = 0; await find(name); waitedMs += 100) {
        assert.ok(waitedMs < limitMs, `${name} does not go`)
        await advance(100)
      }
    },
    label: (node: string, labels: Record<string, string | null>) => changeNode(node, { metadata: { labels } }),
    cordon: (node: string, unschedulable = true) => changeNode(node, { spec: { unschedulable: unschedulable || null } }),
    priorityClass: (name: string, value: number, more: Partial<PriorityClass> = {}) =>
      run(client.create(PriorityClass, { metadata: { name }, value, ...more })),
    async said(about: string, reason: string): Promise<Event[]> {
      const { items } = await run(client.list(Event, { namespace, fieldSelector: `involvedObject.name=${about},reason=${reason}` }))
      return [...items]
    },
  }
}

export type Site = Awaited<ReturnType<typeof begin>>

/** One required term of affinity or anti-affinity, to Pods with this label. */
export const near = (app: string, topologyKey = HOSTNAME, more: object = {}) => ({ podAffinity: required(app, topologyKey, more) })
export const farFrom = (app: string, topologyKey = HOSTNAME, more: object = {}) => ({ podAntiAffinity: required(app, topologyKey, more) })
const required = (app: string, topologyKey: string, more: object) => ({
  requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector: { matchLabels: { app } }, ...more }],
})

export const spreadOver = (topologyKey: string, more: object = {}) => ({
  topologyKey,
  maxSkew: 1,
  whenUnsatisfiable: 'DoNotSchedule',
  labelSelector: { matchLabels: { app: 'web' } },
  ...more,
})
