/** What lies in volumes: whose it is, who may read it, and that no path leads out of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigMap } from '../../src/api/kinds/config_map.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { Secret } from '../../src/api/kinds/secret.ts'
import { beginStory, isReady, sh, type Story } from './story.ts'

const container = (name: string, mounts: object[], rest: object = {}) => ({
  name,
  image: 'busybox:1',
  command: sh('sleep 3600'),
  volumeMounts: mounts,
  ...rest,
})

async function begin(): Promise<Story> {
  const story = await beginStory()
  story.api.create(ConfigMap as never, { metadata: { name: 'settings', namespace: 'default' }, data: { color: 'blue', 'dir.size': '10' } })
  story.api.create(Secret as never, { metadata: { name: 'login', namespace: 'default' }, data: { password: 'czNjcjN0' } })
  return story
}

const place = (story: Story, plugin: string, name: string) => {
  const uid = story.pod()!.metadata.uid
  return plugin === 'configmap' || plugin === 'empty-dir'
    ? `/var/lib/poise/pods/${uid}/volumes/kubernetes.io~${plugin}/${name}`
    : `/var/lib/poise/memory/${uid}/kubernetes.io~${plugin}/${name}`
}

/** `mode uid:gid`. */
async function facts(story: Story, path: string): Promise<string> {
  const info = await story.world.finish(story.disk.stat(path))
  return info ? `${info.mode.toString(8).padStart(4, '0')} ${info.uid}:${info.gid}` : 'nothing'
}

const token = { serviceAccountToken: { path: 'token', expirationSeconds: 3600 } }
const projected = (...sources: object[]) => ({ name: 'v', projected: { sources } })
const FILES: { says: string; volume: object; plugin: string; file: string; pod?: object; container?: object; is: string }[] = [
  { says: 'a ConfigMap, by default', volume: { name: 'v', configMap: { name: 'settings' } }, plugin: 'configmap', file: 'color', is: '0644 0:0' },
  {
    says: 'a ConfigMap with defaultMode 0400',
    volume: { name: 'v', configMap: { name: 'settings', defaultMode: 0o400 } },
    plugin: 'configmap',
    file: 'color',
    is: '0400 0:0',
  },
  {
    says: 'an item with a mode of its own, in a directory',
    volume: { name: 'v', configMap: { name: 'settings', defaultMode: 0o400, items: [{ key: 'color', path: 'a/b', mode: 0o777 }] } },
    plugin: 'configmap',
    file: 'a/b',
    is: '0777 0:0',
  },
  {
    says: 'a Secret with defaultMode 0400 and an fsGroup: its group may read too',
    volume: { name: 'v', secret: { secretName: 'login', defaultMode: 0o400 } },
    plugin: 'secret',
    file: 'password',
    pod: { fsGroup: 1001 },
    is: '0440 0:1001',
  },
  {
    says: 'a Secret with defaultMode 0440, fsGroup and a user: the user gets nothing, the group does',
    volume: { name: 'v', secret: { secretName: 'login', defaultMode: 0o440 } },
    plugin: 'secret',
    file: 'password',
    pod: { fsGroup: 1001, runAsUser: 1000 },
    is: '0440 0:1001',
  },
  {
    says: 'the downward API with an fsGroup',
    volume: { name: 'v', downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
    plugin: 'downward-api',
    file: 'name',
    pod: { fsGroup: 7 },
    is: '0644 0:7',
  },
  { says: 'a projected Secret', volume: projected({ secret: { name: 'login' } }), plugin: 'projected', file: 'password', is: '0644 0:0' },
  { says: 'a token without users', volume: projected(token), plugin: 'projected', file: 'token', is: '0644 0:0' },
  { says: 'a token of containers of one user', volume: projected(token), plugin: 'projected', file: 'token', pod: { runAsUser: 1000 }, is: '0600 1000:0' },
  {
    says: 'a token where a container is of another user',
    volume: projected(token),
    plugin: 'projected',
    file: 'token',
    pod: { runAsUser: 1000 },
    container: { securityContext: { runAsUser: 1001 } },
    is: '0644 0:0',
  },
  { says: 'a token with an fsGroup', volume: projected(token), plugin: 'projected', file: 'token', pod: { fsGroup: 5 }, is: '0640 0:5' },
  {
    says: 'a token of one user and with an fsGroup',
    volume: projected(token),
    plugin: 'projected',
    file: 'token',
    pod: { fsGroup: 5, runAsUser: 1000 },
    is: '0640 1000:5',
  },
]
for (const { says, volume, plugin, file, pod, container: rest, is } of FILES) {
  test(`§ file modes: ${says}: ${is}`, async () => {
    const story = await begin()
    story.run({
      spec: { securityContext: pod, volumes: [volume], containers: [container('web', [{ name: 'v', mountPath: '/v' }]), container('other', [], rest)] },
    })
    await story.until(isReady)
    assert.equal(await facts(story, `${place(story, plugin, 'v')}/..data/${file}`), is)
  })
}

test('§ fsGroup: the directories of a volume are open to the group, and give it to what is made in them', async () => {
  const story = await begin()
  const volumes = [
    { name: 'v', configMap: { name: 'settings', items: [{ key: 'color', path: 'a/b' }] } },
    { name: 'disk', emptyDir: {} },
    { name: 'memory', emptyDir: { medium: 'Memory' } },
  ]
  story.run({ spec: { securityContext: { fsGroup: 99 }, volumes, containers: [container('web', [])] } })
  await story.until(isReady)
  const config = place(story, 'configmap', 'v')
  assert.equal(await facts(story, config), '2777 0:99')
  assert.equal(await facts(story, `${config}/..data/a`), '2755 0:99')
  assert.equal(await facts(story, `${config}/a`), '0777 0:99', 'a link has a group and no mode')
  for (const name of ['disk', 'memory']) assert.equal(await facts(story, place(story, 'empty-dir', name)), '2777 0:99')
})

test('§ emptyDir: open to everybody, in memory a mount that ends with the Pod', async () => {
  const story = await begin()
  story.run({
    spec: {
      volumes: [
        { name: 'disk', emptyDir: {} },
        { name: 'memory', emptyDir: { medium: 'Memory' } },
      ],
      containers: [container('web', [])],
    },
  })
  await story.until(isReady)
  const [disk, memory] = [place(story, 'empty-dir', 'disk'), place(story, 'empty-dir', 'memory')]
  assert.deepEqual([await facts(story, disk), await facts(story, memory)], ['0777 0:0', '0777 0:0'])
  assert.deepEqual([await story.mounts.isMounted(disk), await story.mounts.isMounted(memory)], [false, true])
  assert.equal(await story.mounts.isMounted('/var/lib/poise/memory'), true)
  await story.delete('web', 1)
  await story.gone()
  await story.world.advance(1000)
  assert.deepEqual([await facts(story, disk), await facts(story, memory), await story.mounts.isMounted(memory)], ['nothing', 'nothing', false])
})

const SUB_PATHS: { says: string; link: string; subPath: string; goes: boolean }[] = [
  { says: 'a directory that is there', link: '', subPath: 'inside', goes: true },
  { says: 'one that is not there yet', link: '', subPath: 'new/deep', goes: true },
  { says: 'a link within the volume', link: 'inside', subPath: 'link', goes: true },
  { says: 'a link up and down within the volume', link: 'inside/../inside', subPath: 'link/x', goes: true },
  { says: 'a link to the root of the machine', link: '/', subPath: 'link/etc', goes: false },
  { says: 'a link above the volume', link: '../../..', subPath: 'link', goes: false },
  { says: 'a link above the volume in the middle', link: '..', subPath: 'inside/../link/x', goes: false },
  { says: 'a link to itself', link: 'link', subPath: 'link', goes: false },
]
for (const { says, link, subPath, goes } of SUB_PATHS) {
  test(`§ subPath: ${says} ${goes ? 'is mounted' : 'is refused'}`, async () => {
    const story = await begin()
    await story.world.finish(story.disk.makeDirectory('/srv/data/inside', { mode: 0o750 }))
    if (link) await story.world.finish(story.disk.symlink(link, '/srv/data/link'))
    const volumes = [{ name: 'data', hostPath: { path: '/srv/data', type: '' } }]
    story.run({ spec: { volumes, containers: [container('web', [{ name: 'data', mountPath: '/data', subPath }])] } })
    if (goes && !subPath.includes('..')) {
      await story.until(isReady, 10)
      return
    }
    await story.world.advance(5000)
    const { waiting } = story.pod()!.status.containerStatuses![0]!.state!
    assert.equal(waiting?.reason, 'CreateContainerConfigError')
    assert.equal(
      waiting?.message,
      subPath.includes('..')
        ? `unable to provision SubPath \`${subPath}\`: must not contain '..'`
        : 'failed to prepare subPath for volumeMount "data" of container "web"',
    )
  })
}

test('§ subPathExpr: from the environment; an absolute path or a missing value is refused, and mended by an annotation', async () => {
  const story = await begin()
  const env = [{ name: 'WHERE', valueFrom: { fieldRef: { fieldPath: "metadata.annotations['where']" } } }]
  const mounts = [{ name: 'data', mountPath: '/data', subPathExpr: '$(WHERE)' }]
  story.run({ spec: { volumes: [{ name: 'data', emptyDir: {} }], containers: [container('web', mounts, { env })] } })
  const message = () => story.pod()!.status.containerStatuses?.[0]?.state?.waiting?.message
  const annotate = (where: string) =>
    story.world.finish(story.api.client.patch(Pod, { namespace: 'default', name: 'web' }, { type: 'merge', body: { metadata: { annotations: { where } } } }))
  await story.world.advance(3000)
  assert.equal(message(), 'missing value for "WHERE"')
  await annotate('/etc')
  await story.world.advance(20_000)
  assert.equal(message(), 'error SubPath `/etc` must not be an absolute path')
  await annotate('mine')
  await story.until(isReady, 30)
  assert.equal(await facts(story, `${place(story, 'empty-dir', 'data')}/mine`), '0777 0:0')
})

const MISSING: { says: string; volume: object; message: string }[] = [
  { says: 'a ConfigMap', volume: { configMap: { name: 'no' } }, message: 'configmap "no" not found' },
  { says: 'a Secret', volume: { secret: { secretName: 'no' } }, message: 'secret "no" not found' },
  {
    says: 'a key of a ConfigMap',
    volume: { configMap: { name: 'settings', items: [{ key: 'no', path: 'x' }] } },
    message: 'configmap references non-existent config key: no',
  },
  {
    says: 'a key of a Secret',
    volume: { secret: { secretName: 'login', items: [{ key: 'no', path: 'x' }] } },
    message: 'references non-existent secret key: no',
  },
  {
    says: 'two things of a projection',
    volume: { projected: { sources: [{ configMap: { name: 'no' } }, { secret: { name: 'login' } }, { secret: { name: 'nor' } }] } },
    message: '[configmap "no" not found, secret "nor" not found]',
  },
  {
    says: 'a directory of the machine',
    volume: { hostPath: { path: '/no', type: 'Directory' } },
    message: 'hostPath type check failed: /no is not a directory',
  },
  { says: 'a file of the machine', volume: { hostPath: { path: '/no', type: 'File' } }, message: 'hostPath type check failed: /no is not a file' },
  { says: 'a socket', volume: { hostPath: { path: '/no', type: 'Socket' } }, message: 'hostPath type check failed: /no is not a socket file' },
  {
    says: 'a character device',
    volume: { hostPath: { path: '/no', type: 'CharDevice' } },
    message: 'hostPath type check failed: /no is not a character device',
  },
  { says: 'a block device', volume: { hostPath: { path: '/no', type: 'BlockDevice' } }, message: 'hostPath type check failed: /no is not a block device' },
  {
    says: 'a file where a directory may be made',
    volume: { hostPath: { path: '/srv/file', type: 'DirectoryOrCreate' } },
    message: 'hostPath type check failed: /srv/file is not a directory',
  },
  {
    says: 'a directory where a file may be made',
    volume: { hostPath: { path: '/srv', type: 'FileOrCreate' } },
    message: 'hostPath type check failed: /srv is not a file',
  },
]
test('§ FailedMount: every volume that fails says why, beside those that do not', async () => {
  const story = await begin()
  await story.world.finish(story.disk.makeDirectory('/srv'))
  await story.world.finish(story.disk.writeFile('/srv/file', ''))
  const volumes = [{ name: 'fine', emptyDir: {} }, ...MISSING.map(({ volume }, i) => ({ name: `v${i}`, ...volume }))]
  story.run({ spec: { volumes, containers: [container('web', [])] } })
  await story.world.advance(400)
  const told = story.events.filter(({ reason }) => reason === 'FailedMount').map(({ message }) => message)
  assert.deepEqual(told.sort(), MISSING.map(({ message }, i) => `MountVolume.SetUp failed for volume "v${i}" : ${message}`).sort())
})
