/** Static Pods: what a node runs from its own disk, and what the API shows of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod } from '../../src/api/kinds/pod.ts'
import { startVirtualCluster } from '../../src/launch/virtual_cluster.ts'
import { beginStory, isReady, sh, type Story } from './story.ts'

const PATH = '/etc/kubernetes/manifests'
const manifest = (script: string, more: object = {}) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', labels: { app: 'web' } },
    spec: { containers: [{ name: 'main', image: 'busybox:1', command: sh(script) }], ...more },
  })
const YAML = `
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: main
    image: busybox:1
    command: ['sleep', '3600']
`
const SLEEPS = 'trap "exit 0" TERM; sleep 3600 & wait'
/** Takes five seconds to stop. */
const LINGERS = 'trap "sleep 5; exit 0" TERM; sleep 3600 & wait'

const begin = () => beginStory(1, { staticPodPath: PATH })
const put = (story: Story, name: string, text: string) => story.world.finish(story.disk.writeFile(`${PATH}/${name}`, text))
const MIRROR = 'web-node-a'
const mirrorIs = (story: Story, predicate: (pod: Pod) => boolean, limitSeconds = 30) =>
  story.world.until(
    () => {
      const pod = story.pod(MIRROR)
      return pod !== undefined && predicate(pod)
    },
    limitSeconds * 1000,
    String(predicate),
  )
const hashOf = (pod: Pod | undefined) => pod?.metadata.annotations?.['kubernetes.io/config.hash']
const linesOf = (story: Story, text: string) => story.world.trace.lines.filter(line => line.includes(text))

test('§ static Pods: a manifest in the directory becomes a Pod, and the API shows it by a mirror', async () => {
  const story = await begin()
  await put(story, 'web.yaml', YAML)
  await mirrorIs(story, isReady, 3)
  const { metadata, spec, status } = story.pod(MIRROR)!
  const uid = metadata.annotations!['kubernetes.io/config.hash']!
  assert.match(uid, /^[0-9a-f]{32}$/)
  assert.equal(metadata.annotations!['kubernetes.io/config.mirror'], uid)
  assert.equal(metadata.annotations!['kubernetes.io/config.source'], 'file')
  assert.ok(metadata.annotations!['kubernetes.io/config.seen'])
  assert.deepEqual(metadata.ownerReferences, [{ apiVersion: 'v1', kind: 'Node', name: 'node-a', uid: 'node-1', controller: true }])
  assert.deepEqual([metadata.namespace, spec.nodeName, status.phase], ['default', 'node-a', 'Running'])
  assert.deepEqual(spec.tolerations, [{ operator: 'Exists', effect: 'NoExecute' }])
  assert.notEqual(metadata.uid, uid, 'the mirror has a uid of its own')
  // On the node everything goes by the uid of the manifest.
  const [sandbox] = await story.world.finish(story.runtime.listPodSandboxes())
  assert.deepEqual([sandbox!.metadata.uid, sandbox!.metadata.name], [uid, MIRROR])
  assert.equal(sandbox!.annotations['kubernetes.io/config.source'], 'file')
  assert.ok(await story.world.finish(story.disk.stat(`/var/lib/poise/pods/${uid}`)))
})

test('§ static Pods: deleting the mirror ends nothing; it is made again', async () => {
  const story = await begin()
  await put(story, 'web.json', manifest(SLEEPS))
  await mirrorIs(story, isReady)
  const first = story.pod(MIRROR)!
  await story.delete(MIRROR)
  await story.world.advance(900)
  assert.equal(story.pod(MIRROR), undefined, 'kubectl delete, which looks and then watches, sees that it has gone')
  await mirrorIs(story, pod => pod.metadata.uid !== first.metadata.uid && isReady(pod), 3)
  assert.equal(hashOf(story.pod(MIRROR)), hashOf(first))
  await story.delete(MIRROR, 0)
  await mirrorIs(story, isReady, 3)
  const instances = await story.instances('main')
  assert.deepEqual([instances.length, instances[0]!.state, story.pod(MIRROR)!.status.containerStatuses?.[0]?.restartCount], [1, 'running', 0])
  assert.deepEqual(
    story.events.filter(({ reason }) => reason === 'Killing'),
    [],
  )
})

test('§ static Pods: a changed manifest is another Pod, which begins when the one before has ended', async () => {
  const story = await begin()
  await put(story, 'web.json', manifest(LINGERS))
  await mirrorIs(story, isReady)
  const before = hashOf(story.pod(MIRROR))
  const changedAt = story.seconds()
  await put(story, 'web.json', manifest(SLEEPS))
  await story.world.advance(4_500)
  assert.equal(hashOf(story.pod(MIRROR)), before, 'the mirror stays as long as something of it runs')
  await mirrorIs(story, pod => hashOf(pod) !== before && isReady(pod), 5)
  const took = story.seconds() - changedAt
  assert.ok(took >= 5 && took < 5.5, `${took} s`)
  assert.equal(story.calls.stops.length, 1)
  assert.equal((await story.instances('main')).length, 1)
})

test('§ static Pods: comments and the order of fields make no other Pod', async () => {
  const story = await begin()
  await put(story, 'web.yaml', YAML)
  await mirrorIs(story, isReady)
  await put(story, 'web.yaml', `# the same\n${YAML}`)
  await story.world.advance(30_000)
  assert.equal(story.calls.stops.length, 0)
})

test('§ static Pods: without its manifest a Pod ends in its grace, and then its mirror goes', async () => {
  const story = await begin()
  await put(story, 'web.json', manifest(LINGERS))
  await mirrorIs(story, isReady)
  const removedAt = story.seconds()
  await story.world.finish(story.disk.remove(`${PATH}/web.json`))
  await mirrorIs(story, ({ status }) => status.containerStatuses?.[0]?.state?.terminated !== undefined, 6)
  assert.equal(story.pod(MIRROR)!.status.containerStatuses![0]!.state!.terminated!.exitCode, 0)
  await story.gone(MIRROR, 2)
  const took = story.seconds() - removedAt
  assert.ok(took >= 5 && took < 5.5, `${took} s`)
  assert.equal(await story.sandboxes(), 0)

  // The same manifest again is the same uid, and runs again.
  await put(story, 'web.json', manifest(LINGERS))
  await mirrorIs(story, isReady, 3)
})

test('§ static Pods: a new kubelet takes up what runs, and no container starts again', async () => {
  const story = await begin()
  await put(story, 'web.json', manifest(SLEEPS))
  await mirrorIs(story, isReady)
  const [before] = await story.instances('main')
  await story.restartKubelet()
  await story.world.advance(60_000)
  const instances = await story.instances('main')
  assert.deepEqual(
    instances.map(({ id, state }) => [id, state]),
    [[before!.id, 'running']],
  )
  assert.ok(isReady(story.pod(MIRROR)!))
})

test('§ static Pods: one that changed while no kubelet lived is replaced', async () => {
  const story = await begin()
  await put(story, 'web.json', manifest(SLEEPS))
  await mirrorIs(story, isReady)
  const before = hashOf(story.pod(MIRROR))
  await put(story, 'web.json', manifest(LINGERS))
  await story.restartKubelet()
  await mirrorIs(story, pod => hashOf(pod) !== before && isReady(pod), 40)
  await story.world.advance(10_000)
  assert.equal(await story.sandboxes(), 1)
})

test('§ static Pods: a file that cannot be used is told once, and harms nobody', async () => {
  const story = await begin()
  await put(story, 'web.yaml', YAML)
  await put(story, 'broken.yaml', 'apiVersion: v1\nkind: Pod\n  spec: [')
  await put(story, 'service.yaml', 'apiVersion: v1\nkind: Service\nmetadata: { name: x }')
  await put(story, 'twice.json', manifest(SLEEPS))
  await put(story, '.web.yaml.swp', 'not for you')
  await story.world.finish(story.disk.makeDirectory(`${PATH}/more`))
  await mirrorIs(story, isReady)
  await story.world.advance(120_000)
  const lines = linesOf(story, 'cannot be used').map(line => line.replace(/^\S+ /, ''))
  assert.equal(lines.length, 3, lines.join('\n'))
  assert.match(lines[0]!, /file=\/etc\/kubernetes\/manifests\/broken\.yaml error=error converting YAML to JSON: yaml: line 2/)
  assert.match(lines[1]!, /service\.yaml error=it holds no Pod of v1 but kind Service of v1/)
  assert.match(lines[2]!, /web\.yaml error=another manifest has the Pod default\/web-node-a/)
  assert.ok(isReady(story.pod(MIRROR)!))
})

test('§ static Pods: a manifest that is being written, or comes to have a fault, does not end what runs', async () => {
  const story = await begin()
  await put(story, 'web.yaml', YAML)
  await mirrorIs(story, isReady)
  await put(story, 'web.yaml', YAML.slice(0, 60))
  await story.world.advance(60_000)
  assert.equal(story.calls.stops.length, 0)
  assert.equal(linesOf(story, 'cannot be used').length, 1)
})

test('§ static Pods: without an API they run, and start again when they crash; their mirror comes with the API', async () => {
  await using cluster = await startVirtualCluster({ seed: 5, runtime: { images: ['busybox:1'] } })
  const node = cluster.nodes.get('node-0')!
  node.link.cut()
  await cluster.run(node.disk.writeFile(`${node.staticPodPath}/web.json`, manifest('sleep 20; exit 1')))
  await cluster.advance(60_000)
  const seen = await cluster.run(node.runtime.listContainers())
  assert.ok(seen.some(({ state }) => state === 'running'))
  assert.ok(seen.some(({ state }) => state === 'exited'))
  const shown = () => cluster.run(cluster.client.get(Pod, { namespace: 'default', name: 'web-node-0' }).catch(() => undefined))
  assert.equal(await shown(), undefined)
  node.link.mend()
  await cluster.advance(70_000)
  const pod = await shown()
  assert.equal(pod?.status.phase, 'Running')
  assert.ok((pod?.status.containerStatuses?.[0]?.restartCount ?? 0) >= 2)
})

test('§ static Pods: a kubelet that starts while there is no API runs them all the same', async () => {
  await using cluster = await startVirtualCluster({ seed: 6, runtime: { images: ['busybox:1'] } })
  const node = cluster.nodes.get('node-0')!
  await cluster.run(node.disk.writeFile(`${node.staticPodPath}/web.json`, manifest(SLEEPS)))
  await cluster.advance(5_000)
  const [before] = await cluster.run(node.runtime.listContainers())
  node.crash()
  const restarted = node.restart()
  node.link.cut()
  await cluster.run(node.disk.writeFile(`${node.staticPodPath}/other.json`, manifest(SLEEPS).replace('"name":"web"', '"name":"other"')))
  await cluster.advance(30_000)
  const connection = node.runtime.connect(cluster.world.host('node-0'))
  const running = (await cluster.run(connection.listContainers())).filter(({ state }) => state === 'running')
  assert.equal(running.length, 2)
  assert.ok(
    running.some(({ id }) => id === before!.id),
    'it was taken up',
  )
  node.link.mend()
  await cluster.run(restarted)
  await cluster.advance(70_000)
  const pods = (await cluster.run(cluster.client.list(Pod, { namespace: 'default' }))).items
  assert.deepEqual(pods.map(({ metadata, status }) => `${metadata.name} ${status.phase}`).sort(), ['other-node-0 Running', 'web-node-0 Running'])
})

test('§ static Pods: one that ended with its node is shown anew when the node is back', async () => {
  const story = await begin()
  await put(story, 'web.json', manifest(SLEEPS))
  await mirrorIs(story, isReady)
  await story.world.finish(story.kubelet.shutDown({ graceMs: 10_000, criticalMs: 0 }))
  const before = story.pod(MIRROR)!
  assert.deepEqual([before.status.phase, before.status.reason], ['Failed', 'Terminated'])
  await story.restartKubelet()
  await mirrorIs(story, isReady, 30)
  const { metadata, status } = story.pod(MIRROR)!
  assert.notEqual(metadata.uid, before.metadata.uid)
  assert.equal(
    status.conditions!.find(({ type }) => type === 'DisruptionTarget'),
    undefined,
  )
})

test('§ static Pods: a mirror without a Pod is removed, and nothing runs for it', async () => {
  const story = await begin()
  story.run({ metadata: { name: 'web', annotations: { 'kubernetes.io/config.mirror': 'abc' } }, spec: { containers: [{ name: 'main', image: 'busybox:1' }] } })
  await story.gone('web', 5)
  assert.equal(await story.sandboxes(), 0)
})

test('§ static Pods: a Pod of the API does not become one by saying so', async () => {
  const story = await begin()
  story.run({
    metadata: { annotations: { 'kubernetes.io/config.source': 'file' } },
    spec: { containers: [{ name: 'main', image: 'busybox:1', command: ['sleep', '3600'] }] },
  })
  await story.until(isReady, 5)
  await story.delete()
  await story.gone('web', 40)
})
