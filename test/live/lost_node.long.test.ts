/** Two nodes on real containers, of which one is emptied, and then lost: its container runtime hangs. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Node } from '../../src/api/kinds/node.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { isDeleting, isReady } from '../../src/api/pod.ts'
import { reasonToSkip, startSite, type Namespace, type Site } from './site.ts'

const IMAGES = ['busybox']
const skip = (await reasonToSkip(IMAGES)) ?? false
const PATIENCE_MS = 180_000
const tolerated = (key: string) => `{ key: node.kubernetes.io/${key}, operator: Exists, effect: NoExecute, tolerationSeconds: 5 }`
const WEB = `
apiVersion: apps/v1
kind: ReplicaSet
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      tolerations: [${tolerated('not-ready')}, ${tolerated('unreachable')}]
      containers: [{ name: main, image: busybox, imagePullPolicy: Never, command: [sh, -c, 'trap "exit 0" TERM; sleep 3600 & wait'] }]
`

describe('a node that goes, on real containers', { skip, timeout: 600_000 }, () => {
  let site: Site
  let namespace: Namespace
  before(async () => {
    site = await startSite(IMAGES, {}, [], 2)
    namespace = await site.inNamespace('default')
    await namespace.kubectl(['apply', '-f', '-'], WEB)
  })
  after(() => site?.close())

  const pods = async () => (await site.cluster.client.list(Pod, { namespace: 'default', labelSelector: 'app=web' })).items
  const on = (all: readonly Pod[], nodeName: string) => all.filter(({ spec }) => spec.nodeName === nodeName)
  const readyPods = async () => (await pods()).filter(pod => isReady(pod) && !isDeleting(pod))

  it('is drained: its Pods are evicted, and run elsewhere', async () => {
    const [, second] = site.cluster.nodes
    await eventually(async () => (await readyPods()).length === 2)
    const drained = await namespace.kubectl(['drain', second!.name, '--ignore-daemonsets'])
    assert.match(drained, new RegExp(`node/${second!.name} drained`))
    assert.deepEqual(on(await pods(), second!.name), [])
    await eventually(async () => (await readyPods()).length === 2)
    assert.match(await namespace.kubectl(['get', 'node', second!.name]), /Ready,SchedulingDisabled/)
    await namespace.kubectl(['uncordon', second!.name])
  })

  it('is lost: its Pods hang in Terminating while others take their place, and end when it is back', async () => {
    const [first, second] = site.cluster.nodes
    await namespace.kubectl(['delete', 'pods', '-l', 'app=web'])
    await eventually(async () => on(await readyPods(), second!.name).length === 1)
    const [lost] = on(await readyPods(), second!.name)
    const { pid } = second!.containerd!
    process.kill(pid, 'SIGSTOP')
    try {
      await eventually(async () => on(await readyPods(), first!.name).length === 2)
      const node = await site.cluster.client.get(Node, { namespace: '', name: second!.name })
      const { status, message } = node.status.conditions!.find(({ type }) => type === 'Ready')!
      assert.deepEqual([status, message], ['False', 'container runtime is down'])
      const shown = await namespace.kubectl(['get', 'nodes,pods', '--no-headers'])
      assert.match(shown, new RegExp(`node/${second!.name} +NotReady`))
      assert.match(shown, new RegExp(`pod/${lost!.metadata.name} +1/1 +Terminating`))
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    await namespace.until(lost!.metadata.name!, pod => pod === undefined, PATIENCE_MS / 1000)
    await eventually(async () => (await site.cluster.client.get(Node, { namespace: '', name: second!.name })).spec.taints === undefined)
  })
})

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + PATIENCE_MS; !(await holds());) {
    assert.ok(performance.now() < deadline, `not within ${PATIENCE_MS / 1000} s: ${holds.toString()}`)
    await new Promise(resolve => setTimeout(resolve, 200))
  }
}
