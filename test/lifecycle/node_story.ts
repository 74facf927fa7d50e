/** A cluster of several nodes in virtual time, and what happens to its Nodes and Pods, written down to the millisecond. */
import { Event } from '../../src/api/kinds/event.ts'
import { Node } from '../../src/api/kinds/node.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { podCondition } from '../../src/api/pod.ts'
import type { Client } from '../../src/client/client.ts'
import { startVirtualCluster, type VirtualCluster, type VirtualClusterOptions, type VirtualNode } from '../../src/launch/virtual_cluster.ts'
import type { Stored } from '../../src/store/store.ts'

export interface NodeStory extends VirtualCluster {
  seconds(): number
  /** Lets time pass until this second of the story. */
  at(second: number): Promise<void>
  vnode(name: string): VirtualNode
  node(name: string): Promise<Node | undefined>
  pod(name: string): Promise<Pod | undefined>
  /** A Pod of one container that runs on until it is told to stop, and waits until it is ready. */
  runPod(name: string, nodeName?: string, spec?: object): Promise<Pod>
  patchNode(name: string, body: object, subresource?: string): Promise<Node>
  /** What was written about Nodes (their readiness, their taints) and Pods (phase, readiness, deletion) since `from`, without repetitions. */
  told(from?: number): string[]
  /** `Warning NodeNotReady: Node is not ready`, about this object, oldest first. */
  events(name: string, ...reasons: string[]): Promise<string[]>
  ready(name: string): Promise<string | undefined>
  taints(name: string): Promise<string[]>
  /** UIDs of the Pods that have a container running on the machine, whether its kubelet lives or not. */
  running(nodeName: string): Promise<string[]>
  write<T>(work: (client: Client) => Promise<T>): Promise<T>
}

export async function beginNodeStory(options: Partial<VirtualClusterOptions> = {}): Promise<NodeStory> {
  const virtual = await startVirtualCluster({ seed: 1, nodes: 3, ...options })
  const { world, client, store, run } = virtual
  const lines: { at: number; text: string }[] = []
  const last = new Map<string, string>()
  const note = (describe: (object: never) => string) => (change: { readonly key: string; readonly stored: Stored | undefined }) => {
    const name = change.key.split('/').at(-1)!
    const text = `${name} ${change.stored ? describe(change.stored.value as never) : 'gone'}`
    if (last.get(change.key) === text) return
    last.set(change.key, text)
    lines.push({ at: world.now() / 1000, text })
  }
  for (const { key, value } of (await run(store.list('/nodes/'))).items) note(describeNode)({ key, stored: { value } as never })
  lines.length = 0
  store.watch('/nodes/', store.revision, note(describeNode))
  store.watch('/pods/', store.revision, note(describePod))
  const get = <T>(promise: Promise<T>) => run(promise.catch(() => undefined))
  const node = (name: string) => get(client.get(Node, { namespace: '', name }))
  const pod = (name: string) => get(client.get(Pod, { namespace: 'default', name }))

  return {
    ...virtual,
    seconds: () => world.now() / 1000,
    at: second => world.advance(second * 1000 - world.now()),
    vnode: name => virtual.nodes.get(name)!,
    node,
    pod,
    async runPod(name, nodeName, spec = {}) {
      const containers = [{ name: 'main', image: 'nginx' }]
      await run(client.create(Pod, { metadata: { name, namespace: 'default', labels: { app: name } }, spec: { nodeName, containers, ...spec } as never }))
      for (;;) {
        const seen = await pod(name)
        if (seen && podCondition(seen, 'Ready')?.status === 'True') return seen
        await virtual.advance(50)
      }
    },
    patchNode: (name, body, subresource) => run(client.patch(Node, { namespace: '', name }, { type: 'strategic', body }, { subresource })),
    told: (from = 0) => lines.filter(({ at }) => at >= from).map(({ at, text }) => `${at.toFixed(3)} ${text}`),
    async events(name, ...reasons) {
      const { items } = await run(client.list(Event, { fieldSelector: `involvedObject.name=${name}` }))
      return items
        .filter(({ reason }) => reasons.length === 0 || reasons.includes(reason ?? ''))
        .toSorted((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
        .map(({ type, reason, message, count }) => `${type} ${reason}: ${message}${(count ?? 1) > 1 ? ` (x${count})` : ''}`)
    },
    ready: async name => (await node(name))?.status.conditions?.find(({ type }) => type === 'Ready')?.status,
    taints: async name => ((await node(name))?.spec.taints ?? []).map(taintText),
    async running(nodeName) {
      // Asked by the machine itself: what is told to a process that has crashed never arrives.
      const runtime = virtual.nodes.get(nodeName)!.runtime.connect(world.host(nodeName).machine)
      const list = await run(runtime.listContainers())
      return list
        .filter(({ state }) => state === 'running')
        .map(({ labels }) => labels['io.kubernetes.pod.uid']!)
        .toSorted()
    },
    write: work => run(work(client)),
  }
}

const taintText = ({ key, effect }: { key: string; effect: string }): string => `${key.replace('node.kubernetes.io/', '')}:${effect}`

const describeNode = ({ spec, status }: Node): string =>
  [status.conditions?.find(({ type }) => type === 'Ready')?.status ?? 'silent', ...(spec.taints ?? []).map(taintText)].join(' ')

const describePod = (pod: Pod): string =>
  [pod.status.phase, podCondition(pod, 'Ready')?.status === 'True' ? 'ready' : 'not ready', ...(pod.metadata.deletionTimestamp ? ['deleting'] : [])].join(' ')
