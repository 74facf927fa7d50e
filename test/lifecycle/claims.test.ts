/** Volumes that are claims, on one node: what is mounted, and why not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PersistentVolumeClaim } from '../../src/api/kinds/persistent_volume_claim.ts'
import { PersistentVolume } from '../../src/api/kinds/persistent_volume.ts'
import { LOCAL_PATH_USER } from '../../src/api/storage.ts'
import { decodeText } from '../../src/base/bytes.ts'
import { beginStory, isAt, isReady, sh, type Story } from './story.ts'

interface Binding {
  readonly claim?: object
  readonly claimStatus?: object
  readonly metadata?: object
  readonly volume?: object
  readonly volumeMetadata?: object
}

/** A claim and its volume, bound to each other but for what is said. */
function bind(story: Story, name: string, { claim = {}, claimStatus = {}, metadata = {}, volume = {}, volumeMetadata = {} }: Binding = {}): void {
  const made = story.api.create(PersistentVolumeClaim as never, {
    metadata: { name, namespace: 'default', ...metadata },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, volumeName: `pv-${name}`, ...claim },
    status: { phase: 'Bound', ...claimStatus },
  })
  story.api.create(PersistentVolume as never, {
    metadata: { name: `pv-${name}`, ...volumeMetadata },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      claimRef: { namespace: 'default', name, uid: made.metadata.uid },
      ...('hostPath' in volume ? {} : { local: { path: `/disks/${name}` } }),
      ...volume,
    },
    status: { phase: 'Bound' },
  })
}

const using = (
  claimName: string,
  { script = 'sleep 3600', mount = {}, source = {}, spec = {} }: { script?: string; mount?: object; source?: object; spec?: object } = {},
) => ({
  spec: {
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName, ...source } }],
    containers: [{ name: 'web', image: 'busybox:1', command: sh(script), volumeMounts: [{ name: 'data', mountPath: '/data', ...mount }] }],
    ...spec,
  },
})

const disk = (story: Story, name: string, mode = 0o777) => story.world.finish(story.disk.makeDirectory(`/disks/${name}`, { mode }))

async function run(story: Story, ...command: string[]): Promise<string> {
  const [instance] = await story.instances('web')
  const { exitCode, stdout, stderr } = await story.world.finish(story.runtime.execSync(instance!.id, command, 0))
  return exitCode === 0 ? decodeText(stdout).trimEnd() : `exit ${exitCode}: ${decodeText(stderr).trimEnd()}`
}

test('what a Pod writes into its claim is there for the next Pod', async () => {
  const story = await beginStory()
  await disk(story, 'data')
  bind(story, 'data')
  story.run(using('data', { script: 'echo kept > /data/file; sleep 3600' }))
  await story.until(isReady)
  await story.world.advance(1000)
  await story.delete('web', 0)
  await story.gone()
  assert.equal(decodeText(await story.world.finish(story.disk.readFile('/disks/data/file'))), 'kept\n')
  story.run(using('data'))
  await story.until(isReady)
  assert.equal(await run(story, 'cat', '/data/file'), 'kept')
})

test('a volume of kind hostPath, read-only, and a subPath of it', async () => {
  const story = await beginStory()
  await disk(story, 'data')
  await story.world.finish(story.disk.makeDirectory('/disks/data/part'))
  await story.world.finish(story.disk.writeFile('/disks/data/part/file', 'inside'))
  bind(story, 'data', { volume: { hostPath: { path: '/disks/data', type: 'Directory' } } })
  story.run(using('data', { source: { readOnly: true }, mount: { subPath: 'part' } }))
  await story.until(isReady)
  assert.equal(await run(story, 'cat', '/data/file'), 'inside')
  const [instance] = await story.instances('web')
  assert.equal(instance!.mounts.find(({ containerPath }) => containerPath === '/data')?.readOnly, true)
})

const processing = (why: string) =>
  `Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[], failed to process volumes=[data]: ${why}`

test('what is wrong with a claim or its volume is told in FailedMount, and the Pod stays ContainerCreating', async () => {
  const cases: [string, (story: Story) => void | Promise<void>, string][] = [
    [
      'no claim',
      () => undefined,
      processing('error processing PVC default/data: failed to fetch PVC from API server: persistentvolumeclaims "data" not found'),
    ],
    ['not bound', story => bind(story, 'data', { claimStatus: { phase: 'Pending' } }), processing('error processing PVC default/data: PVC is not bound')],
    [
      'being deleted',
      story => bind(story, 'data', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['kubernetes.io/pvc-protection'] } }),
      processing('error processing PVC default/data: PVC is being deleted'),
    ],
    [
      'no volume',
      story => bind(story, 'data', { claim: { volumeName: 'gone' } }),
      processing('error processing PVC default/data: failed to fetch PV gone from API server: persistentvolumes "gone" not found'),
    ],
    [
      'a volume of somebody else',
      story => bind(story, 'data', { volume: { claimRef: { namespace: 'default', name: 'data', uid: 'other' } } }),
      processing(
        'error processing PVC default/data: found PV object pv-data but its pv.Spec.ClaimRef.UID other does not point to claim.UID persistentvolumeclaim-1',
      ),
    ],
    [
      'another kind of volume',
      story => bind(story, 'data', { volume: { local: undefined, nfs: { server: 's', path: '/' } } }),
      processing('failed to get Plugin from volumeSpec for volume "pv-data" err=no volume plugin matched'),
    ],
    [
      'a device',
      story => bind(story, 'data', { volume: { volumeMode: 'Block' } }),
      processing('volume data has volumeMode Block, but is specified in volumeMounts'),
    ],
    ['no directory', story => bind(story, 'data'), 'MountVolume.NewMounter initialization failed for volume "pv-data" : path "/disks/data" does not exist'],
    [
      'a hostPath that is none',
      story => bind(story, 'data', { volume: { hostPath: { path: '/disks/data', type: 'Directory' } } }),
      'MountVolume.SetUp failed for volume "pv-data" : hostPath type check failed: /disks/data is not a directory',
    ],
    [
      'another node',
      story =>
        bind(story, 'data', {
          volume: {
            nodeAffinity: {
              required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['elsewhere'] }] }] },
            },
          },
        }),
      'MountVolume.NodeAffinity check failed for volume "pv-data" : no matching NodeSelectorTerms',
    ],
  ]
  for (const [what, prepare, message] of cases) {
    const story = await beginStory()
    await prepare(story)
    story.run(using('data'))
    await story.world.advance(300)
    assert.deepEqual(story.said('FailedMount'), [`FailedMount: ${message}`], what)
    assert.deepEqual(story.pod()!.status.containerStatuses?.[0]?.state, { waiting: { reason: 'ContainerCreating' } })
  }
})

test('a Pod that was there before its claim was bound starts when it is', async () => {
  const story = await beginStory()
  await disk(story, 'data')
  story.run(using('data'))
  await story.at(5)
  bind(story, 'data')
  await story.until(isReady, 10)
  // Tries after 0, 0.5, 1.5, 3.5 and 7.5 seconds.
  isAt(story.seconds(), 7.5)
})

test('§ fsGroup: a local volume is given to the group, files and all; one of kind hostPath never is', async () => {
  const story = await beginStory()
  for (const name of ['local', 'host']) {
    await disk(story, name, 0o755)
    await story.world.finish(story.disk.makeDirectory(`/disks/${name}/sub`, { mode: 0o700 }))
    await story.world.finish(story.disk.writeFile(`/disks/${name}/sub/file`, '', { mode: 0o600 }))
    await story.world.finish(story.disk.symlink('/etc/passwd', `/disks/${name}/link`))
    bind(story, name, name === 'host' ? { volume: { hostPath: { path: '/disks/host' } } } : {})
  }
  const look = async (path: string) => {
    const info = await story.world.finish(story.disk.stat(path))
    return `${info!.gid} ${info!.mode.toString(8)}`
  }
  story.run({ metadata: { name: 'a' }, ...using('local', { spec: { securityContext: { fsGroup: 2000 } } }) })
  story.run({ metadata: { name: 'b' }, ...using('host', { spec: { securityContext: { fsGroup: 2000 } } }) })
  await story.world.advance(3000)
  assert.ok(isReady(story.pod('a')!) && isReady(story.pod('b')!))
  assert.equal(await look('/disks/local'), '2000 2775')
  assert.equal(await look('/disks/local/sub'), '2000 2770')
  assert.equal(await look('/disks/local/sub/file'), '2000 660')
  assert.match(await look('/disks/local/link'), /^2000 /)
  assert.equal(await look('/disks/host'), '0 755')
  assert.equal(await look('/disks/host/sub/file'), '0 600')

  // OnRootMismatch looks no further when the top is right, and a second user changes nothing.
  await story.delete('a', 0)
  await story.gone('a')
  await story.world.finish(story.disk.writeFile('/disks/local/later', '', { mode: 0o600 }))
  story.run({ metadata: { name: 'c' }, ...using('local', { spec: { securityContext: { fsGroup: 2000, fsGroupChangePolicy: 'OnRootMismatch' } } }) })
  await story.world.advance(3000)
  assert.equal(await look('/disks/local/later'), '0 600')
  story.run({ metadata: { name: 'd' }, ...using('local', { spec: { securityContext: { fsGroup: 3000 } } }) })
  await story.world.advance(3000)
  assert.ok(isReady(story.pod('d')!))
  assert.equal(await look('/disks/local'), '2000 2775')
})

test('a claim for one Pod is not given to a second one on the node until the first has gone', async () => {
  const story = await beginStory()
  await disk(story, 'data')
  bind(story, 'data', { claim: { accessModes: ['ReadWriteOncePod'] } })
  story.run(using('data'))
  await story.until(isReady)
  story.run({ metadata: { name: 'second' }, ...using('data') })
  await story.world.advance(300)
  assert.deepEqual(story.said('FailedMount'), [
    'FailedMount: MountVolume.SetUp failed for volume "pv-data" : volume uses the ReadWriteOncePod access mode and is already in use by another pod',
  ])
  await story.delete('web', 0)
  await story.gone()
  await story.world.advance(40_000)
  assert.ok(isReady(story.pod('second')!))
})

test('a Pod that runs goes on when its claim is being deleted and the kubelet begins anew', async () => {
  const story = await beginStory()
  await disk(story, 'data')
  bind(story, 'data', { metadata: { finalizers: ['kubernetes.io/pvc-protection'] } })
  story.run(using('data', { script: 'sleep 20', spec: { restartPolicy: 'Always' } }))
  await story.until(isReady)
  await story.world.finish(story.api.client.delete(PersistentVolumeClaim, { namespace: 'default', name: 'data' }))
  await story.restartKubelet()
  await story.until(({ status }) => (status.containerStatuses?.[0]?.restartCount ?? 0) > 0 && status.containerStatuses?.[0]?.state?.running !== undefined, 60)
  assert.deepEqual(story.said('FailedMount'), [])
})

test('§ ephemeral volumes: the claim of the Pod, and of nobody else', async () => {
  const story = await beginStory()
  await disk(story, 'web-data')
  const ephemeral = { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } } }
  const containers = [{ name: 'web', image: 'busybox:1', command: sh('sleep 3600'), volumeMounts: [{ name: 'data', mountPath: '/data' }] }]
  const pod = story.run({ spec: { volumes: [{ name: 'data', ephemeral }], containers } })
  bind(story, 'web-data', { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'web', uid: pod.metadata.uid, controller: true }] } })
  await story.until(isReady, 10)

  bind(story, 'other-data')
  story.run({ metadata: { name: 'other' }, spec: { volumes: [{ name: 'data', ephemeral }], containers } })
  await story.world.advance(300)
  const [, last] = [story.said('FailedMount').at(0), story.said('FailedMount').at(-1)]
  assert.equal(last, `FailedMount: ${processing('PVC default/other-data was not created for pod default/other (pod is not owner)')}`)
})

test('directories of volumes: made and removed for the provisioner alone, and never outside of their root', async () => {
  const story = await beginStory()
  const root = '/var/lib/poise/local-path'
  const ask = async (method: string, path: string, query: Record<string, string> = {}, name = LOCAL_PATH_USER) => {
    const { status } = await story.world.finish(
      story.kubelet.handle({
        method,
        path,
        query: new URLSearchParams(query),
        headers: {},
        body: { is: 'none' },
        user: { name, groups: [] },
        signal: new AbortController().signal,
      }),
    )
    return status
  }
  await story.world.finish(story.disk.writeFile('/var/lib/poise/secret', 'kept'))
  assert.equal(await ask('POST', '/localPath/pvc-1_default_data', {}, 'kubernetes-admin'), 403)
  assert.equal(await ask('POST', '/localPath/pvc-1_default_data'), 200)
  await story.world.finish(story.disk.writeFile(`${root}/pvc-1_default_data/file`, 'data'))
  await story.world.finish(story.disk.changeMode(`${root}/pvc-1_default_data`, 0o700))
  assert.equal(await ask('POST', '/localPath/pvc-1_default_data'), 200, 'again without harm')
  assert.equal((await story.world.finish(story.disk.stat(`${root}/pvc-1_default_data`)))?.mode, 0o700)
  for (const name of ['..', '.', '', '.hidden', 'a%2Fb', '..%2Fx', 'A', 'x'.repeat(256)]) assert.equal(await ask('POST', `/localPath/${name}`), 400, name)
  for (const path of [
    '',
    '/',
    root,
    `${root}/`,
    `${root}/.`,
    `${root}/..`,
    `${root}/../secret`,
    `${root}/pvc-1_default_data/file`,
    '/var/lib/poise/secret',
    'local-path',
  ])
    assert.equal(await ask('DELETE', '/localPath', { path }), 400, path)
  assert.equal(await ask('DELETE', '/localPath', { path: `${root}/pvc-1_default_data` }, 'system:kube-controller-manager'), 403)
  assert.equal(decodeText(await story.world.finish(story.disk.readFile(`${root}/pvc-1_default_data/file`))), 'data')

  assert.equal(await ask('DELETE', '/localPath', { path: `${root}/pvc-1_default_data` }), 200)
  assert.equal(await story.world.finish(story.disk.stat(`${root}/pvc-1_default_data`)), undefined)
  assert.equal(await ask('DELETE', '/localPath', { path: `${root}/pvc-1_default_data` }), 200, 'gone already')
  assert.equal(decodeText(await story.world.finish(story.disk.readFile('/var/lib/poise/secret'))), 'kept')
  assert.equal(await ask('GET', '/localPath/pvc-1_default_data'), 405)
})
