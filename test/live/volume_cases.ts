/**
 * Kubernetes' conformance tests of volumes as data: what is mounted, what a container does with it, what it must say.
 * The titles are those of the tests, so that docs/compatibility.md can name them.
 */

export interface VolumeCase {
  readonly title: string
  /** By path: a volume, or a volume with what its mount says beside the path. */
  readonly mounts?: Readonly<Record<string, object>>
  readonly script: string
  readonly says: string | RegExp
  readonly securityContext?: object
  readonly resources?: object
  /** Of the whole Pod. */
  readonly podSecurityContext?: object
  /** More of the spec of the whole Pod. */
  readonly pod?: object
  /** Default: busybox. */
  readonly image?: string
}

/** Objects that the cases show; `settings` and `login` are in another namespace too, with other content. */
export const OBJECTS = [
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { 'data-1': 'value-1', 'data-2': 'value-2' } },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'binary' },
    data: { 'data-1': 'value-1' },
    binaryData: { 'dump.bin': Buffer.from([0xde, 0xca, 0xfe, 0xba, 0xd0, 0xfe, 0xff]).toString('base64') },
  },
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'login' }, stringData: { 'data-1': 'value-1', 'data-2': 'value-2' } },
] as const

const NON_ROOT = { runAsUser: 1000 }
const ITEM = { key: 'data-2', path: 'path/to/data-2' }

interface FileSource {
  readonly suite: string
  readonly subject: string
  /** A volume that shows the object `settings` or `login`, with what the case says about its files. */
  readonly volume: (extra?: { items?: object[]; defaultMode?: number }) => object
}

const projected =
  (kind: 'configMap' | 'secret', name: string): FileSource['volume'] =>
  ({ items, defaultMode } = {}) => ({ projected: { defaultMode, sources: [{ [kind]: { name, items } }] } })

const FILE_SOURCES: readonly FileSource[] = [
  { suite: 'ConfigMap', subject: 'ConfigMap should', volume: extra => ({ configMap: { name: 'settings', ...extra } }) },
  { suite: 'Secrets', subject: 'Secrets should', volume: extra => ({ secret: { secretName: 'login', ...extra } }) },
  { suite: 'Projected configMap', subject: 'Projected configMap should', volume: projected('configMap', 'settings') },
  { suite: 'Projected secret', subject: 'Projected secret should', volume: projected('secret', 'login') },
]

const show = (path: string): string => `cat ${path}; stat -Lc ' %a' ${path}`

const files: readonly VolumeCase[] = FILE_SOURCES.flatMap(({ suite, subject, volume }): VolumeCase[] => [
  { title: `${subject} be consumable from pods in volume`, mounts: { '/v': volume() }, script: show('/v/data-1'), says: 'value-1 644' },
  {
    title: `${subject} be consumable from pods in volume with defaultMode set`,
    mounts: { '/v': volume({ defaultMode: 0o400 }) },
    script: show('/v/data-1'),
    says: 'value-1 400',
  },
  {
    title: `${subject} be consumable from pods in volume with mappings`,
    mounts: { '/v': volume({ items: [ITEM] }) },
    script: `${show('/v/path/to/data-2')}; ls /v`,
    says: 'value-2 644\npath',
  },
  {
    title: `${subject} be consumable from pods in volume with mappings and Item ${suite.includes('ecret') ? 'Mode' : 'mode'} set`,
    mounts: { '/v': volume({ items: [{ ...ITEM, mode: 0o400 }] }) },
    script: show('/v/path/to/data-2'),
    says: 'value-2 400',
  },
  {
    title: `${subject} be consumable in multiple volumes in ${suite.includes('ecret') ? 'a pod' : 'the same pod'}`,
    mounts: { '/v': volume(), '/w': volume({ items: [ITEM] }) },
    script: 'cat /v/data-1 /w/path/to/data-2',
    says: 'value-1value-2',
  },
  ...(suite.includes('ecret')
    ? []
    : [
        {
          title: `${subject} be consumable from pods in volume as non-root`,
          mounts: { '/v': volume() },
          script: `id -u; ${show('/v/data-1')}`,
          says: '1000\nvalue-1 644',
          securityContext: NON_ROOT,
        },
        {
          title: `${subject} be consumable from pods in volume with mappings as non-root`,
          mounts: { '/v': volume({ items: [ITEM] }) },
          script: show('/v/path/to/data-2'),
          says: 'value-2 644',
          securityContext: NON_ROOT,
        },
      ]),
])

const withGroup: readonly VolumeCase[] = FILE_SOURCES.filter(({ suite }) => suite.includes('ecret')).map(({ subject, volume }) => ({
  title: `${subject} be consumable from pods in volume as non-root with defaultMode and fsGroup set`,
  mounts: { '/v': volume({ defaultMode: 0o440 }) },
  script: `${show('/v/data-1')}; stat -Lc '%u %g' /v/data-1`,
  says: 'value-1 440\n0 1001',
  podSecurityContext: { runAsUser: 1000, fsGroup: 1001 },
}))

const field = (fieldPath: string, path: string, mode?: number) => ({ path, mode, fieldRef: { fieldPath } })
const resource = (name: string, container: string) => ({ path: 'it', resourceFieldRef: { containerName: container, resource: name } })
const RESOURCES = { requests: { cpu: '20m', memory: '8Mi' }, limits: { cpu: '1250m', memory: '64Mi' } }

/** `SELF` stands for the case's own container. */
const downward: readonly VolumeCase[] = (['Downward API volume', 'Projected downwardAPI'] as const).flatMap(suite => {
  const volume = (items: object[], defaultMode?: number) =>
    suite === 'Downward API volume' ? { downwardAPI: { items, defaultMode } } : { projected: { defaultMode, sources: [{ downwardAPI: { items } }] } }
  const one = (title: string, name: string, says: string | RegExp, resources?: object): VolumeCase => ({
    title: `${suite} should provide ${title}`,
    mounts: { '/v': volume([resource(name, 'SELF')]) },
    script: 'cat /v/it',
    says,
    resources,
  })
  return [
    one("container's cpu limit", 'limits.cpu', '2', RESOURCES),
    one("container's cpu request", 'requests.cpu', '1', RESOURCES),
    one("container's memory limit", 'limits.memory', '67108864', RESOURCES),
    one("container's memory request", 'requests.memory', '8388608', RESOURCES),
    one('node allocatable (cpu) as default cpu limit if the limit is not set', 'limits.cpu', /^[1-9]\d*$/),
    one('node allocatable (memory) as default memory limit if the limit is not set', 'limits.memory', /^[1-9]\d{7,}$/),
    { title: `${suite} should provide podname only`, mounts: { '/v': volume([field('metadata.name', 'podname')]) }, script: 'cat /v/podname', says: 'POD' },
    {
      title: `${suite} should set DefaultMode on files`,
      mounts: { '/v': volume([field('metadata.name', 'podname')], 0o400) },
      script: show('/v/podname'),
      says: 'POD 400',
    },
    {
      title: `${suite} should set mode on item file`,
      mounts: { '/v': volume([field('metadata.name', 'podname', 0o400)]) },
      script: show('/v/podname'),
      says: 'POD 400',
    },
  ]
})

const emptyDir = (['default', 'tmpfs'] as const).flatMap((medium): VolumeCase[] => {
  const mounts = { '/v': { emptyDir: { medium: medium === 'tmpfs' ? 'Memory' : '' } } }
  const type = medium === 'tmpfs' ? 'tmpfs' : 'no tmpfs'
  const fileSystem = `if grep -q ' /v tmpfs ' /proc/mounts; then echo tmpfs; else echo no tmpfs; fi`
  return [
    {
      title: `EmptyDir volumes volume on ${medium === 'default' ? 'default medium' : 'tmpfs'} should have the correct mode`,
      mounts,
      script: `stat -c %a /v; ${fileSystem}`,
      says: `777\n${type}`,
    },
    ...(['root', 'non-root'] as const).flatMap(user =>
      ['0644', '0666', '0777'].map(mode => ({
        title: `EmptyDir volumes should support (${user},${mode},${medium})`,
        mounts,
        script: `echo content >/v/f; chmod ${mode} /v/f; cat /v/f; stat -c '%a %u' /v/f; ${fileSystem}`,
        says: `content\n${Number(mode)} ${user === 'root' ? 0 : 1001}\n${type}`,
        securityContext: { runAsUser: user === 'root' ? 0 : 1001 },
      })),
    ),
  ]
})

const others: readonly VolumeCase[] = [
  {
    title: 'ConfigMap binary data should be reflected in volume',
    mounts: { '/v': { configMap: { name: 'binary' } } },
    script: `cat /v/data-1; od -An -tx1 /v/dump.bin`,
    says: 'value-1 de ca fe ba d0 fe ff',
  },
  {
    title: 'Secrets should be able to mount in a volume regardless of a different secret existing with same name in different namespace',
    mounts: { '/v': { secret: { secretName: 'login' } } },
    script: 'cat /v/data-1',
    says: 'value-1',
  },
  {
    title: 'Projected combined should project all components that make up the projection API [Projection]',
    mounts: {
      '/v': {
        projected: {
          sources: [
            { configMap: { name: 'settings', items: [{ key: 'data-1', path: 'configmap' }] } },
            { secret: { name: 'login', items: [{ key: 'data-2', path: 'secret' }] } },
            { downwardAPI: { items: [field('metadata.name', 'podname')] } },
            { serviceAccountToken: { path: 'token', expirationSeconds: 600 } },
          ],
        },
      },
    },
    script: `cat /v/configmap /v/secret /v/podname; tr -cd . </v/token; grep -q ' /v tmpfs ' /proc/mounts && echo ' tmpfs'`,
    says: 'value-1value-2POD.. tmpfs',
  },
  {
    title: 'EmptyDir wrapper volumes should not conflict',
    mounts: { '/s': { secret: { secretName: 'login' } }, '/c': { configMap: { name: 'settings' } } },
    script: 'cat /s/data-1 /c/data-2',
    says: 'value-1value-2',
  },
  {
    title: 'EmptyDir wrapper volumes should not cause race condition when used for configmaps',
    mounts: Object.fromEntries(
      Array.from({ length: 50 }, (_, i) => [`/v${i}`, { configMap: { name: 'settings', items: [{ key: 'data-1', path: 'data-1' }] } }]),
    ),
    script: 'cat /v*/data-1 | wc -c',
    says: '350',
  },
]

const SUB_PATHS: Readonly<Record<string, [volume: object, file: string, content: string]>> = {
  configmap: [{ configMap: { name: 'settings' } }, 'data-1', 'value-1'],
  secret: [{ secret: { secretName: 'login' } }, 'data-1', 'value-1'],
  downward: [{ downwardAPI: { items: [field('metadata.name', 'downward/podname')] } }, 'downward/podname', 'POD'],
  projected: [
    { projected: { sources: [{ configMap: { name: 'settings' } }, { secret: { name: 'login', items: [{ key: 'data-1', path: 'a/b' }] } }] } },
    'a/b',
    'value-1',
  ],
}
const subPaths: readonly VolumeCase[] = [
  ...Object.entries(SUB_PATHS).map(([kind, [volume, file, content]]) => ({
    title: `Subpath Atomic writer volumes should support subpaths with ${kind} pod`,
    mounts: { '/mnt/file': { ...volume, mount: { subPath: file } } },
    script: 'cat /mnt/file',
    says: content,
  })),
  {
    title: 'Subpath Atomic writer volumes should support subpaths with configmap pod with mountPath of existing file',
    mounts: { '/etc/group': { configMap: { name: 'settings' }, mount: { subPath: 'data-2' } } },
    script: 'cat /etc/group',
    says: 'value-2',
  },
]

export const VOLUME_CASES: readonly VolumeCase[] = [...files, ...withGroup, ...downward, ...emptyDir, ...others, ...subPaths]
