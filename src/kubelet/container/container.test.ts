/** The small pure parts of starting a container, as tables. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../api/kinds/pod.ts'
import type { Service } from '../../api/kinds/service.ts'
import type { Container } from '../../api/types/container.ts'
import { containerResource, podField } from './downward.ts'
import { expand } from './expand.ts'
import { goDuration } from '../../base/go_duration.ts'
import { hostsFile } from './hosts_file.ts'
import { oomScoreAdj, runtimeResources } from './resources.ts'
import { containerSecurity } from './security.ts'
import { serviceEnv } from './service_env.ts'

const podOf = (spec: object = {}, rest: object = {}) =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'shop', uid: 'u', labels: { b: '2', a: 'x"y' } },
    spec: { containers: [], ...spec },
    status: { phase: 'Pending', qosClass: 'Burstable' },
    ...rest,
  }) as unknown as Pod
const containerOf = (rest: object = {}) => ({ name: 'web', image: 'x', resources: {}, ...rest }) as unknown as Container
const GiB = 2 ** 30

test('expand: variables come in, unknown ones stay, two dollars are one', () => {
  const table = [
    ['$(A)-$(B)', '1-2'],
    ['$(NONE)', '$(NONE)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$1'],
    ['cost: 5$', 'cost: 5$'],
    ['$A', '$A'],
    ['$(A', '$(A'],
    ['$(SELF)', '$(A)'],
  ]
  const values: Record<string, string> = { A: '1', B: '2', SELF: '$(A)' }
  for (const [text, wanted] of table)
    assert.equal(
      expand(text!, name => values[name]),
      wanted,
      text,
    )
})

test('goDuration: as Go prints it', () => {
  for (const [ms, wanted] of [
    [10_000, '10s'],
    [80_000, '1m20s'],
    [300_000, '5m0s'],
    [1234, '1.234s'],
    [350, '350ms'],
    [3_600_000, '1h0m0s'],
    [0, '0s'],
  ] as const)
    assert.equal(goDuration(ms), wanted)
})

test('resources: requests are shares, limits are quota and bytes', () => {
  const limited = containerOf({ resources: { requests: { cpu: '250m', memory: '1Gi' }, limits: { cpu: '500m', memory: '2Gi' } } })
  assert.deepEqual(runtimeResources(podOf(), limited, 'regular', 8 * GiB), {
    cpuShares: 256,
    cpuPeriodUs: 100_000,
    cpuQuotaUs: 50_000,
    memoryLimitBytes: 2 * GiB,
    oomScoreAdj: 875,
  })
})

test('oom score: BestEffort goes first, Guaranteed last, Burstable by what it asked for, a sidecar with those it serves', () => {
  const withClass = (qosClass: string, rest: object = {}) => podOf(rest, { status: { qosClass } })
  const small = containerOf({ resources: { requests: { memory: '8Mi' } } })
  const large = containerOf({ resources: { requests: { memory: '4Gi' } } })
  assert.equal(oomScoreAdj(withClass('BestEffort'), small, 'regular', 8 * GiB), 1000)
  assert.equal(oomScoreAdj(withClass('Guaranteed'), small, 'regular', 8 * GiB), -997)
  assert.equal(oomScoreAdj(withClass('Burstable', { priority: 2_000_001_000 }), small, 'regular', 8 * GiB), -997)
  assert.equal(oomScoreAdj(withClass('Burstable'), small, 'regular', 8 * GiB), 999)
  assert.equal(oomScoreAdj(withClass('Burstable', { containers: [large] }), small, 'sidecar', 8 * GiB), 500)
  const whole = withClass('Burstable', { containers: [small, small], resources: { requests: { memory: '4Gi' } } })
  assert.equal(oomScoreAdj(whole, small, 'regular', 8 * GiB), 750, 'half of what the Pod as a whole asks for')
})

test('downward API: labels in a file, a limit that is not set is what the node has, rounded up', () => {
  const addresses = { podIPs: ['10.0.0.9'], hostIPs: ['10.0.0.1'] }
  const field = (path: string) => podField(podOf(), path, 'node-a', addresses)
  assert.deepEqual(
    [field('metadata.labels'), field("metadata.labels['b']"), field('spec.nodeName'), field('status.podIP'), field('spec.nothing')],
    ['a="x\\"y"\nb="2"', '2', 'node-a', '10.0.0.9', undefined],
  )
  const machine = { cpuMilli: 4000, memoryBytes: 8 * GiB, ephemeralStorageBytes: 1 } as never
  const of = (resource: string, divisor?: string) => containerResource(containerOf({ resources: { limits: { cpu: '1500m' } } }), resource, divisor, machine)
  assert.deepEqual([of('limits.cpu'), of('limits.cpu', '1m'), of('limits.memory', '1Gi'), of('requests.memory')], ['2', '1500', '8', '0'])
})

test('Service variables: of the own namespace, and of kubernetes; headless ones have none', () => {
  const service = (namespace: string, name: string, clusterIP: string) =>
    ({ metadata: { namespace, name }, spec: { clusterIP, type: 'ClusterIP', ports: [{ name: 'http', port: 80, protocol: 'TCP' }] } }) as unknown as Service
  const services = [
    service('shop', 'my-db', '10.96.0.5'),
    service('other', 'db', '10.96.0.6'),
    service('shop', 'headless', 'None'),
    service('default', 'kubernetes', '10.96.0.1'),
  ]
  const env = Object.fromEntries(serviceEnv(podOf(), services))
  assert.deepEqual(
    [env.MY_DB_SERVICE_HOST, env.MY_DB_SERVICE_PORT_HTTP, env.MY_DB_PORT, env.MY_DB_PORT_80_TCP_ADDR, env.KUBERNETES_SERVICE_HOST],
    ['10.96.0.5', '80', 'tcp://10.96.0.5:80', '10.96.0.5', '10.96.0.1'],
  )
  assert.equal(
    Object.keys(env).some(name => name.startsWith('DB_') || name.startsWith('HEADLESS')),
    false,
  )
  assert.deepEqual(
    Object.keys(Object.fromEntries(serviceEnv(podOf({ enableServiceLinks: false }), services))).filter(name => name.endsWith('_HOST')),
    ['KUBERNETES_SERVICE_HOST'],
  )
  const own = Object.fromEntries(serviceEnv(podOf(), [...services, service('shop', 'kubernetes', '10.96.0.7')]))
  assert.equal(own['KUBERNETES_SERVICE_HOST'], '10.96.0.7', 'one of the own namespace hides it')
})

test('hosts file: the own name, the full one with a subdomain, and aliases at the end', () => {
  const pod = podOf({ hostname: 'web-0', hostAliases: [{ ip: '1.2.3.4', hostnames: ['db', 'db.local'] }] })
  const text = hostsFile(pod, ['10.0.0.9'], 'web-0.web.shop.svc.cluster.local', undefined)
  assert.ok(text.startsWith('# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n'))
  assert.ok(text.endsWith('10.0.0.9\tweb-0.web.shop.svc.cluster.local\tweb-0\n\n# Entries added by HostAliases.\n1.2.3.4\tdb\tdb.local\n'))
})

test('security: a container that must not run as root does not start as root', () => {
  const namespaces = { network: 'POD', pid: 'CONTAINER', ipc: 'POD', targetId: '' } as const
  const image = (uid: number | undefined, userName?: string) => ({ id: 'i', repoTags: [], repoDigests: [], sizeBytes: 1, uid, userName, pinned: false })
  const run = (own: object, uid: number | undefined, userName?: string) =>
    containerSecurity(podOf({ securityContext: { runAsNonRoot: true } }), containerOf({ securityContext: own }), image(uid, userName), namespaces, '/seccomp')
  assert.throws(() => run({}, undefined), {
    reason: 'CreateContainerConfigError',
    message: 'container has runAsNonRoot and image will run as root (pod: "web_shop(u)", container: web)',
  })
  assert.throws(() => run({}, undefined, 'nobody'), { message: /image has non-numeric user \(nobody\), cannot verify user is non-root/ })
  assert.throws(() => run({ runAsUser: 0 }, 1000), { message: /container's runAsUser breaks non-root policy/ })
  assert.equal(run({}, 1000).runAsUser, 1000)
  assert.equal(run({ runAsUser: 5 }, undefined).runAsUser, 5)
  assert.deepEqual(
    [run({ runAsUser: 5, privileged: true }, 1).maskedPaths, run({ runAsUser: 5, allowPrivilegeEscalation: false }, 1).noNewPrivileges],
    [[], true],
  )
})
