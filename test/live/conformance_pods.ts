/** Pods that say what they see and end, each for one conformance test of sig-node, and the objects they need. */
import type { Node } from '../../src/api/kinds/node.ts'
import type { Pod } from '../../src/api/kinds/pod.ts'
import { quantityValue } from '../../src/api/quantity.ts'

export interface SaysSo {
  readonly sentence: string
  readonly name: string
  readonly pod: object
  /** What its log must hold. */
  says(pod: Pod, node: Node): readonly RegExp[]
}

/** Runs on, and has said one line. */
export const HOSTED = 'hosted'

/** Keys that are no names to a shell, which variables may have all the same. */
const data = { data_1: 'value-1', 'data-2': 'value-2', '3data': 'value-3' }

export const objects: readonly object[] = [
  { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'config' }, data },
  { kind: 'Secret', apiVersion: 'v1', metadata: { name: 'secret' }, stringData: data },
  {
    kind: 'Service',
    apiVersion: 'v1',
    metadata: { name: 'fooservice' },
    spec: { ports: [{ port: 8765, targetPort: 8080 }], selector: { name: 'server-envvars' } },
  },
  podOf(HOSTED, { command: ['sh', '-c', 'echo container is alive; sleep 600'] }),
]

const seesVariables = (sentence: string, name: string, rest: object, lines: SaysSo['says']): SaysSo => ({
  sentence,
  name,
  // Without a shell: a shell passes on only those variables that have names in its eyes.
  pod: podOf(name, { command: ['env'], ...rest }),
  says: lines,
})

const saysHow = (sentence: string, name: string, container: object, output: string): SaysSo => ({
  sentence,
  name,
  pod: podOf(name, container),
  says: () => [line(output)],
})

const fromField = (name: string, fieldPath: string): object => ({ name, valueFrom: { fieldRef: { fieldPath } } })
const fromResource = (name: string, resource: string): object => ({ name, valueFrom: { resourceFieldRef: { resource } } })
const TESTER = { image: 'entrypoint-tester:1' }

const prefixed = (kind: 'configMapRef' | 'secretRef', name: string): object => ({
  envFrom: [{ [kind]: { name } }, { prefix: 'p_', [kind]: { name } }, { prefix: 'p-', [kind]: { name } }, { prefix: '#', [kind]: { name } }],
})
const allPrefixed = (): RegExp[] => ['', 'p_', 'p-', '#'].flatMap(prefix => Object.entries(data).map(([key, value]) => line(`${prefix}${key}=${value}`)))

export const pods: readonly SaysSo[] = [
  seesVariables('Pods should contain environment variables for services', 'services', {}, () =>
    [/^FOOSERVICE_SERVICE_HOST=\d/m, /^FOOSERVICE_PORT_8765_TCP_ADDR=\d/m, /^FOOSERVICE_PORT=tcp:\/\/\d.*:8765$/m].concat(
      ['FOOSERVICE_SERVICE_PORT=8765', 'FOOSERVICE_PORT_8765_TCP_PORT=8765', 'FOOSERVICE_PORT_8765_TCP_PROTO=tcp'].map(line),
    ),
  ),
  seesVariables(
    'Variable Expansion should allow composing env vars into new env vars',
    'composed',
    {
      env: [
        { name: 'FOO', value: 'foo-value' },
        { name: 'BAR', value: 'bar-value' },
        { name: 'FOOBAR', value: '$(FOO);;$(BAR)' },
      ],
    },
    () => ['FOO=foo-value', 'BAR=bar-value', 'FOOBAR=foo-value;;bar-value'].map(line),
  ),
  saysHow(
    "Variable Expansion should allow substituting values in a container's command",
    'command',
    { command: ['sh', '-c', 'TEST_VAR=wrong echo "$(TEST_VAR)"'], env: [{ name: 'TEST_VAR', value: 'test-value' }] },
    'test-value',
  ),
  saysHow(
    "Variable Expansion should allow substituting values in a container's args",
    'args',
    { command: ['sh', '-c'], args: ['TEST_VAR=wrong echo "$(TEST_VAR)"'], env: [{ name: 'TEST_VAR', value: 'test-value' }] },
    'test-value',
  ),
  saysHow('Containers should use the image defaults if command and args are blank', 'defaults', TESTER, '/ep default arguments'),
  saysHow(
    "Containers should be able to override the image's default arguments (container cmd)",
    'override-args',
    { ...TESTER, args: ['override', 'arguments'] },
    '/ep override arguments',
  ),
  saysHow(
    "Containers should be able to override the image's default command (container entrypoint)",
    'override-command',
    { ...TESTER, command: ['/ep-2'] },
    '/ep-2',
  ),
  saysHow(
    "Containers should be able to override the image's default command and arguments",
    'override-both',
    { ...TESTER, command: ['/ep-2'], args: ['override', 'arguments'] },
    '/ep-2 override arguments',
  ),
  seesVariables(
    'Downward API should provide pod name, namespace and IP address as env vars',
    'downward-pod',
    { env: [fromField('POD_NAME', 'metadata.name'), fromField('POD_NAMESPACE', 'metadata.namespace'), fromField('POD_IP', 'status.podIP')] },
    ({ metadata, status }) => [`POD_NAME=downward-pod`, `POD_NAMESPACE=${metadata.namespace}`, `POD_IP=${status.podIP}`].map(line),
  ),
  seesVariables('Downward API should provide host IP as an env var', 'downward-host', { env: [fromField('HOST_IP', 'status.hostIP')] }, ({ status }) => [
    line(`HOST_IP=${status.hostIP}`),
  ]),
  seesVariables('Downward API should provide hostIPs as an env var', 'downward-hosts', { env: [fromField('HOST_IPS', 'status.hostIPs')] }, ({ status }) => [
    line(`HOST_IPS=${status.hostIPs?.map(({ ip }) => ip).join(',')}`),
  ]),
  seesVariables('Downward API should provide pod UID as env vars', 'downward-uid', { env: [fromField('POD_UID', 'metadata.uid')] }, ({ metadata }) => [
    line(`POD_UID=${metadata.uid}`),
  ]),
  seesVariables(
    "Downward API should provide container's limits.cpu/memory and requests.cpu/memory as env vars",
    'downward-resources',
    {
      resources: { requests: { cpu: '250m', memory: '32Mi' }, limits: { cpu: '1250m', memory: '64Mi' } },
      env: ['limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'].map(resource => fromResource(resource.toUpperCase().replace('.', '_'), resource)),
    },
    () => ['LIMITS_CPU=2', 'LIMITS_MEMORY=67108864', 'REQUESTS_CPU=1', 'REQUESTS_MEMORY=33554432'].map(line),
  ),
  seesVariables(
    'Downward API should provide default limits.cpu/memory from node allocatable',
    'downward-allocatable',
    { env: [fromResource('CPU_LIMIT', 'limits.cpu'), fromResource('MEMORY_LIMIT', 'limits.memory')] },
    (_, { status }) => {
      const { cpu, memory } = status!.allocatable as { cpu: string; memory: string }
      return [`CPU_LIMIT=${quantityValue(cpu)}`, `MEMORY_LIMIT=${quantityValue(memory)}`].map(line)
    },
  ),
  seesVariables(
    'ConfigMap should be consumable via environment variable',
    'config-key',
    { env: [{ name: 'CONFIG_DATA_1', valueFrom: { configMapKeyRef: { name: 'config', key: 'data_1' } } }] },
    () => [line('CONFIG_DATA_1=value-1')],
  ),
  seesVariables(
    'ConfigMap should be consumable via the environment',
    'config-all',
    { envFrom: [{ configMapRef: { name: 'config' } }, { prefix: 'p_', configMapRef: { name: 'config' } }] },
    () => ['data_1=value-1', 'data-2=value-2', 'p_data_1=value-1', 'p_3data=value-3'].map(line),
  ),
  seesVariables(
    'ConfigMap should be consumable as environment variable names with various prefixes',
    'config-prefixes',
    prefixed('configMapRef', 'config'),
    allPrefixed,
  ),
  seesVariables(
    'Secrets should be consumable from pods in env vars',
    'secret-key',
    { env: [{ name: 'SECRET_DATA', valueFrom: { secretKeyRef: { name: 'secret', key: 'data_1' } } }] },
    () => [line('SECRET_DATA=value-1')],
  ),
  seesVariables(
    'Secrets should be consumable via the environment',
    'secret-all',
    { envFrom: [{ secretRef: { name: 'secret' } }, { prefix: 'p_', secretRef: { name: 'secret' } }] },
    () => ['data_1=value-1', 'data-2=value-2', 'p_data_1=value-1', 'p_3data=value-3'].map(line),
  ),
  seesVariables(
    'Secrets should be consumable as environment variable names variable names with various prefixes',
    'secret-prefixes',
    prefixed('secretRef', 'secret'),
    allPrefixed,
  ),
  saysHow(
    'Security Context When creating a pod with readOnlyRootFilesystem should run the container with writable rootfs when readOnlyRootFilesystem=false',
    'writable-root',
    { command: ['sh', '-c', 'echo checking > /file && cat /file'], securityContext: { readOnlyRootFilesystem: false } },
    'checking',
  ),
  {
    sentence: 'Kubelet agnhost Pod with hostAliases should write entries to /etc/hosts',
    name: 'host-aliases',
    pod: podOf('host-aliases', { command: ['cat', '/etc/hosts'] }, { hostAliases: [{ ip: '123.45.67.89', hostnames: ['foo', 'bar'] }] }),
    says: () => [line('123.45.67.89\tfoo\tbar')],
  },
]

function podOf(name: string, container: object, spec: object = {}): object {
  const containers = [{ name: 'main', image: 'busybox:1.28', ...container }]
  return { kind: 'Pod', apiVersion: 'v1', metadata: { name }, spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 1, ...spec, containers } }
}

function line(text: string): RegExp {
  return new RegExp(`^${text.replaceAll(/[.*+?^$()[\]{}|\\]/g, '\\$&')}$`, 'm')
}
