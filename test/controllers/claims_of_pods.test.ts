/** Pods and their claims over a whole cluster in virtual time: from a wish to a directory, and what is left of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Event } from '../../src/api/kinds/event.ts'
import { PersistentVolumeClaim } from '../../src/api/kinds/persistent_volume_claim.ts'
import { PersistentVolume } from '../../src/api/kinds/persistent_volume.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { StatefulSet } from '../../src/api/kinds/stateful_set.ts'
import { isReady } from '../../src/api/pod.ts'
import type { Kind } from '../../src/api/kind.ts'
import type { KubernetesObject } from '../../src/api/meta.ts'
import { decodeText } from '../../src/base/bytes.ts'
import { startVirtualCluster } from '../../src/launch/virtual_cluster.ts'

const namespace = 'default'
const ROOT = '/var/lib/kubelet/local-path'
const CLAIM = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }

const template = (script: string, volumes: object[] = []) => ({
  terminationGracePeriodSeconds: 1,
  volumes,
  containers: [{ name: 'main', image: 'busybox:1.37', command: ['sh', '-c', script], volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
})

async function begin(seed: string, nodes = 1) {
  const cluster = await startVirtualCluster({ seed, nodes })
  const { client, run } = cluster
  const all = async <T extends KubernetesObject>(kind: Kind<T>) => (await run(client.list(kind, { namespace: kind.namespaced ? namespace : '' }))).items
  return {
    cluster,
    all,
    create: <T extends KubernetesObject>(kind: Kind<T>, name: string, spec: object) =>
      run(client.create(kind, { metadata: { name, namespace }, spec } as never)) as Promise<T>,
    remove: <T extends KubernetesObject>(kind: Kind<T>, name: string) => run(client.delete(kind, { namespace, name })),
    pod: (name: string) => run(client.get(Pod, { namespace, name })),
    async names<T extends KubernetesObject>(kind: Kind<T>) {
      return (await all(kind)).map(({ metadata }) => metadata.name!).sort()
    },
    async until(holds: () => Promise<boolean>, seconds = 60) {
      for (let waited = 0; waited < seconds * 10; waited++) {
        if (await holds()) return
        await cluster.advance(100)
      }
      const events = (await all(Event)).map(({ involvedObject, reason, message }) => `${involvedObject.name} ${reason} ${message}`)
      assert.fail(`it never came about\n${events.join('\n')}`)
    },
    async isReady(name: string) {
      return (await all(Pod)).some(pod => pod.metadata.name === name && isReady(pod))
    },
    directories: (node: string) =>
      run(
        cluster.nodes
          .get(node)!
          .disk.list(ROOT)
          .catch(() => [] as string[]),
      ),
    async read(node: string, path: string) {
      return decodeText(await run(cluster.nodes.get(node)!.disk.readFile(`${ROOT}/${path}`)))
    },
    async said(reason: string) {
      return (await all(Event)).filter(event => event.reason === reason).map(({ message }) => message)
    },
  }
}

const using = (claimName: string, script: string) => template(script, [{ name: 'data', persistentVolumeClaim: { claimName } }])

test('the first Pod of a claim brings it its volume, on the node it was put; the next one finds the data, on the same node', async () => {
  const story = await begin('first consumer', 3)
  await using _ = story.cluster
  await story.create(PersistentVolumeClaim, 'data', CLAIM)
  await story.create(Pod, 'first', using('data', 'echo kept > /data/file; sleep 3600'))
  await story.until(() => story.isReady('first'), 5)
  const { nodeName } = (await story.pod('first')).spec
  const [volume] = await story.all(PersistentVolume)
  const directory = `${volume!.metadata.name}_default_data`
  assert.deepEqual(await story.directories(nodeName!), [directory])
  assert.equal(await story.read(nodeName!, `${directory}/file`), 'kept\n')
  assert.deepEqual(await story.said('FailedMount'), [])
  assert.deepEqual(await story.said('ProvisioningSucceeded'), [`Successfully provisioned volume ${volume!.metadata.name}`])

  await story.remove(Pod, 'first')
  await story.until(async () => (await story.names(Pod)).length === 0)
  await story.create(Pod, 'second', using('data', 'cat /data/file > /data/copy; sleep 3600'))
  await story.until(() => story.isReady('second'), 5)
  assert.equal((await story.pod('second')).spec.nodeName, nodeName)
  assert.equal(await story.read(nodeName!, `${directory}/copy`), 'kept\n')
})

test('a claim that is deleted while Pods name it is Terminating until the last of them has gone', async () => {
  const story = await begin('terminating')
  await using _ = story.cluster
  await story.create(PersistentVolumeClaim, 'data', CLAIM)
  await story.create(Pod, 'runs', using('data', 'sleep 3600'))
  await story.create(Pod, 'ends', { ...using('data', 'true'), restartPolicy: 'Never' })
  await story.until(async () => (await story.isReady('runs')) && (await story.pod('ends')).status.phase === 'Succeeded')
  await story.remove(PersistentVolumeClaim, 'data')
  await story.remove(Pod, 'runs')
  await story.until(async () => (await story.names(Pod)).length === 1)
  await story.cluster.advance(60_000)
  const [claim] = await story.all(PersistentVolumeClaim)
  assert.ok(claim?.metadata.deletionTimestamp, 'a Pod that has ended names it still')
  assert.equal((await story.directories('node-0')).length, 1)

  await story.remove(Pod, 'ends')
  await story.until(async () => (await story.names(PersistentVolumeClaim)).length + (await story.names(PersistentVolume)).length === 0, 5)
  assert.deepEqual(await story.directories('node-0'), [])
})

test('a claim nobody uses goes at once', async () => {
  const story = await begin('unused')
  await using _ = story.cluster
  await story.create(PersistentVolumeClaim, 'data', CLAIM)
  await story.remove(PersistentVolumeClaim, 'data')
  await story.until(async () => (await story.names(PersistentVolumeClaim)).length === 0, 1)
})

test('an ephemeral volume has a claim of its own, which goes with the Pod', async () => {
  const story = await begin('ephemeral')
  await using _ = story.cluster
  const metadata = { labels: { kind: 'scratch' }, annotations: { note: 'short' } }
  const volumes = [{ name: 'data', ephemeral: { volumeClaimTemplate: { metadata, spec: CLAIM } } }]
  const pod = await story.create(Pod, 'web', template('sleep 3600', volumes))
  await story.until(() => story.isReady('web'), 10)
  const [claim] = await story.all(PersistentVolumeClaim)
  assert.equal(claim!.metadata.name, 'web-data')
  assert.deepEqual(claim!.metadata.labels, metadata.labels)
  assert.equal(claim!.metadata.annotations?.note, 'short')
  assert.deepEqual(claim!.metadata.ownerReferences, [
    { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: pod.metadata.uid, controller: true, blockOwnerDeletion: true },
  ])
  assert.equal((await story.directories('node-0')).length, 1)
  await story.remove(Pod, 'web')
  await story.until(async () => (await story.names(PersistentVolumeClaim)).length === 0)
  await story.until(async () => (await story.directories('node-0')).length === 0, 5)
})

test('an ephemeral volume does not take the claim of somebody else, and gets its own when that has gone', async () => {
  const story = await begin('stranger')
  await using _ = story.cluster
  await story.create(PersistentVolumeClaim, 'web-data', CLAIM)
  await story.create(Pod, 'web', template('sleep 3600', [{ name: 'data', ephemeral: { volumeClaimTemplate: { spec: CLAIM } } }]))
  await story.cluster.advance(1000)
  const why = 'PVC default/web-data was not created for pod default/web (pod is not owner)'
  assert.ok((await story.said('FailedBinding')).includes(`ephemeral volume data: ${why}`))
  assert.equal((await story.pod('web')).spec.nodeName, undefined)
  await story.remove(PersistentVolumeClaim, 'web-data')
  await story.until(() => story.isReady('web'))
})

test('the Pods of a StatefulSet keep their data when they are made again', async () => {
  const story = await begin('stateful', 2)
  await using _ = story.cluster
  await story.create(StatefulSet, 'db', {
    serviceName: 'db',
    replicas: 2,
    selector: { matchLabels: { app: 'db' } },
    template: { metadata: { labels: { app: 'db' } }, spec: template('echo "$HOSTNAME" >> /data/log; sleep 3600') },
    volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: CLAIM }],
  })
  await story.until(async () => (await story.isReady('db-0')) && story.isReady('db-1'))
  assert.deepEqual(await story.names(PersistentVolumeClaim), ['data-db-0', 'data-db-1'])
  const before = await story.pod('db-1')
  await story.remove(Pod, 'db-1')
  await story.until(async () => (await story.isReady('db-1')) && (await story.pod('db-1')).metadata.uid !== before.metadata.uid)
  const claim = (await story.all(PersistentVolumeClaim)).find(({ metadata }) => metadata.name === 'data-db-1')!
  const { nodeName } = (await story.pod('db-1')).spec
  assert.equal(nodeName, before.spec.nodeName)
  assert.equal(await story.read(nodeName!, `${claim.spec.volumeName}_default_data-db-1/log`), 'db-1\ndb-1\n')
})
