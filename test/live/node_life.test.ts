/** What belongs to the node itself, on real containers: static Pods, runtime handlers, and its own end. */
import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { isReady } from './observe.ts'
import { reasonToSkip, startSite, type Namespace, type Site } from './site.ts'

const IMAGES = ['busybox']
const skip = (await reasonToSkip(IMAGES)) ?? false
const MIRROR = 'own-live'
const manifest = (words: string) => `
apiVersion: v1
kind: Pod
metadata:
  name: own
spec:
  containers:
  - name: main
    image: busybox
    imagePullPolicy: Never
    command: ['sh', '-c', 'trap "exit 0" TERM; echo ${words}; cat /proc/self/cgroup; sleep 3600 & wait']
`

describe('a node on real containers', { skip }, () => {
  let site: Site
  let namespace: Namespace
  before(async () => {
    site = await startSite(IMAGES)
    namespace = await site.inNamespace('default')
  })
  after(() => site?.close())

  it('runs a static Pod from its manifest; the mirror can be deleted, and nothing happens to the container', async () => {
    const { kubectl, until } = namespace
    const file = join(site.cluster.nodes[0]!.staticPodPath, 'own.yaml')
    await writeFile(file, manifest('first'))
    const pod = await until(MIRROR, isReady)
    const uid = pod!.metadata.annotations!['kubernetes.io/config.hash']!
    assert.equal(pod!.metadata.annotations!['kubernetes.io/config.mirror'], uid)
    const log = await kubectl(['logs', MIRROR])
    assert.match(log, /^first\n/)
    assert.ok(log.includes(`pod${uid}`), 'its cgroup goes by the uid of the manifest')
    assert.match(await kubectl(['describe', 'pod', MIRROR]), /Controlled By: +Node\/live\n(.|\n)*Started container main/)

    const containerId = pod!.status.containerStatuses![0]!.containerID
    await kubectl(['delete', 'pod', MIRROR])
    const again = await until(MIRROR, other => other?.metadata.uid !== pod!.metadata.uid && isReady(other))
    assert.equal(again!.status.containerStatuses![0]!.containerID, containerId)

    await writeFile(file, manifest('second'))
    await until(MIRROR, other => other?.metadata.annotations?.['kubernetes.io/config.hash'] !== uid && isReady(other))
    assert.match(await kubectl(['logs', MIRROR]), /^second\n/)
    await rm(file)
    await until(MIRROR, other => other === undefined)
  })

  it('runs Pods by the handler of their RuntimeClass, and tells in its own words of one that it has not', async () => {
    const { kubectl, until } = namespace
    const classOf = (name: string, handler: string) => `apiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: { name: ${name} }\nhandler: ${handler}\n`
    const podOf = (name: string, runtimeClassName: string) =>
      `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name} }\nspec:\n  runtimeClassName: ${runtimeClassName}\n  terminationGracePeriodSeconds: 1\n  containers:\n  - { name: main, image: busybox, imagePullPolicy: Never, command: [sleep, '3600'] }\n`
    await kubectl(
      ['apply', '-f', '-'],
      [classOf('usual', 'runc'), classOf('missing', 'kata'), podOf('with-runc', 'usual'), podOf('with-kata', 'missing')].join('---\n'),
    )
    await until('with-runc', isReady)
    for (let events = ''; !/FailedCreatePodSandBox/.test(events);) {
      events = await kubectl(['events', '--for', 'pod/with-kata'])
      if (!/FailedCreatePodSandBox/.test(events)) await new Promise(resolve => setTimeout(resolve, 100))
      else assert.match(events, /Failed to create pod sandbox: .*no runtime for "kata" is configured/)
    }
    assert.equal((await namespace.pod('with-kata'))!.status.phase, 'Pending')
    await kubectl(['delete', 'pod', 'with-kata', 'with-runc'])
  })

  it('shuts down with grace: Pods end as they wish to, and their objects say why', async () => {
    const { kubectl, until, pod } = namespace
    const script = 'trap "sleep 1; echo bye > /ended/word; exit 0" TERM; sleep 3600 & wait'
    const directory = join(site.directories.root, 'ended')
    await kubectl(
      ['apply', '-f', '-'],
      `apiVersion: v1\nkind: Pod\nmetadata: { name: polite }\nspec:\n  volumes: [{ name: ended, hostPath: { path: '${directory}', type: DirectoryOrCreate } }]\n  containers:\n  - name: main\n    image: busybox\n    imagePullPolicy: Never\n    command: ['sh', '-c', '${script}']\n    volumeMounts: [{ name: ended, mountPath: /ended }]\n`,
    )
    await until('polite', isReady)
    await site.cluster.shutDown({ graceMs: 20_000, criticalMs: 5_000 })
    const { status } = (await pod('polite'))!
    assert.deepEqual([status.phase, status.reason, status.message], ['Failed', 'Terminated', 'Pod was terminated in response to imminent node shutdown.'])
    assert.equal(await readFile(join(directory, 'word'), 'utf8'), 'bye\n')
    assert.match(await kubectl(['get', 'nodes', '--no-headers']), /NotReady/)
    assert.match(await kubectl(['describe', 'node', 'live']), /KubeletNotReady +node is shutting down/)
  })
})
