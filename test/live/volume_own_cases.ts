/** What Kubernetes documents of volumes beside its conformance tests, as cases of the same form. */
import type { VolumeCase } from './volume_cases.ts'

const login = { secret: { secretName: 'login' } }
const FILE_SYSTEM = (path: string): string => `sed -n 's#^[^ ]* ${path} \\([^ ]*\\) .*#\\1#p' /proc/mounts`

export const OWN_CASES: readonly VolumeCase[] = [
  {
    title: 'Secrets, tokens and the downward API lie in memory, and nobody writes to them',
    mounts: {
      '/s': login,
      '/p': { projected: { sources: [{ serviceAccountToken: { path: 'token', expirationSeconds: 600 } }] } },
      '/d': { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
      '/c': { configMap: { name: 'settings' } },
    },
    script: `for v in s p d; do ${FILE_SYSTEM('/$v').replaceAll("'", '"')}; done; for v in s p d c; do touch /$v/x 2>&1; done`,
    says: /^tmpfs\ntmpfs\ntmpfs\n(touch: \/[spdc]\/x: Read-only file system\n?){4}( \[.*)?$/,
  },
  {
    title: 'an emptyDir in memory is as large as its sizeLimit, and the kernel refuses more',
    mounts: { '/v': { emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } } },
    script: `df -k /v | tail -1 | tr -s ' ' | cut -d' ' -f2; dd if=/dev/zero of=/v/f bs=64k count=32 2>&1 | head -1; stat -c %s /v/f`,
    says: "1024\ndd: error writing '/v/f': No space left on device\n1048576",
  },
  {
    title: 'an emptyDir in memory without a sizeLimit is as large as the memory of its Pod',
    mounts: { '/v': { emptyDir: { medium: 'Memory' } } },
    script: `df -k /v | tail -1 | tr -s ' ' | cut -d' ' -f2`,
    says: '16384',
    resources: { limits: { memory: '16Mi' } },
    // A Pod of its own: every container of it must have a limit.
    podSecurityContext: { fsGroup: 7 },
  },
  {
    title: 'fsGroup: a user that is not root writes to an emptyDir, and what it makes is of the group',
    mounts: { '/disk': { emptyDir: {} }, '/memory': { emptyDir: { medium: 'Memory' } } },
    script: `id -G; for v in disk memory; do stat -c '%a %g' /$v; touch /$v/f; stat -c '%u %g' /$v/f; done`,
    says: '0 1001\n2777 1001\n1000 1001\n2777 1001\n1000 1001',
    podSecurityContext: { runAsUser: 1000, fsGroup: 1001 },
  },
  {
    title: 'a token is readable for the user all containers run as, and for nobody else',
    mounts: { '/p': { projected: { sources: [{ serviceAccountToken: { path: 'token', expirationSeconds: 600 } }] } } },
    script: `stat -Lc '%a %u %g' /p/token; tr -cd . </p/token`,
    says: '640 1000 1001\n..',
    podSecurityContext: { runAsUser: 1000, fsGroup: 1001 },
  },
  {
    title: 'a subPath that is missing is made, as open as its volume',
    mounts: { '/v': { emptyDir: {}, mount: { subPath: 'new/deep' } } },
    script: `stat -c %a /v; echo works >/v/f; cat /v/f`,
    says: '777\nworks',
    securityContext: { runAsUser: 1000 },
  },
  {
    title: 'a mount that is read-only cannot be written to',
    mounts: { '/v': { emptyDir: {}, mount: { readOnly: true } } },
    script: 'touch /v/f 2>&1; true',
    says: 'touch: /v/f: Read-only file system',
  },
]

const shell = (name: string, script: string, mount: object = {}): object => ({
  name,
  image: 'busybox',
  imagePullPolicy: 'IfNotPresent',
  command: ['sh', '-c', script],
  volumeMounts: [{ name: 'v', mountPath: '/v', ...mount }],
})

export const podWith = (name: string, spec: object): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 1, volumes: [{ name: 'v', emptyDir: {} }], ...spec },
})

export const SHARED = {
  initContainers: [shell('init', 'echo from init >/v/init')],
  containers: [
    shell('writer', 'echo from writer >/v/draft; mv /v/draft /v/writer'),
    shell('reader', 'until [ -e /v/writer ]; do sleep 0.1; done; cat /v/init /v/writer'),
  ],
}

export const LINKS = {
  initContainers: [shell('init', 'ln -s /etc /v/link')],
  containers: [shell('web', 'ls /v', { subPath: 'link' })],
}

export const RECURSIVE = {
  containers: [
    shell('enabled', 'sleep 3600', { readOnly: true, recursiveReadOnly: 'Enabled' }),
    shell('possible', 'sleep 3600', { readOnly: true, recursiveReadOnly: 'IfPossible' }),
  ],
}
