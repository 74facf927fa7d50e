import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod } from '../kinds/pod.ts'
import { createErrors, createdOf } from '../testing/draft.ts'
import { podWarnings } from './pod.ts'

const BASE = { name: 'a', image: 'nginx' }
const withContainer = (more: object) => ({ spec: { containers: [{ ...BASE, ...more }] } })
const withSpec = (more: object) => ({ spec: { containers: [BASE], ...more } })
const check = (cases: [string, object, string | string[]][]) => {
  for (const [name, pod, expected] of cases) assert.deepEqual(createErrors(Pod, pod), typeof expected === 'string' ? [expected] : expected, name)
}

test('a Pod that says only what it must is fine', () => {
  assert.deepEqual(createErrors(Pod, withSpec({})), [])
})

test('a Pod that says nearly everything is fine', () => {
  assert.deepEqual(
    createErrors(Pod, {
      spec: {
        initContainers: [
          { name: 'init', image: 'busybox' },
          { name: 'sidecar', image: 'proxy', restartPolicy: 'Always', startupProbe: { grpc: { port: 1 } } },
        ],
        containers: [
          {
            name: 'main',
            image: 'nginx:1.25',
            command: ['a'],
            args: ['b'],
            workingDir: '/',
            ports: [
              { name: 'http', containerPort: 80, hostPort: 8080 },
              { containerPort: 80, protocol: 'UDP' },
            ],
            env: [
              { name: 'A.B', value: 'x' },
              { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
              { name: 'L', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
              { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
              { name: 'K', valueFrom: { configMapKeyRef: { name: 'c', key: 'k', optional: true } } },
            ],
            envFrom: [{ prefix: 'P_', secretRef: { name: 's' } }],
            resources: { requests: { cpu: '100m', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi', 'example.com/gpu': 1 } },
            livenessProbe: { httpGet: { port: 'http', httpHeaders: [{ name: 'X-A', value: 'b' }] }, terminationGracePeriodSeconds: 5 },
            readinessProbe: { tcpSocket: { port: 80 }, successThreshold: 2 },
            startupProbe: { exec: { command: ['true'] }, failureThreshold: 30 },
            lifecycle: { postStart: { exec: { command: ['true'] } }, preStop: { sleep: { seconds: 5 } } },
            securityContext: { runAsUser: 1000, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } },
            volumeMounts: [
              { name: 'config', mountPath: '/etc/config', readOnly: true },
              { name: 'tmp', mountPath: '/tmp', subPath: 'a/b' },
            ],
          },
        ],
        volumes: [
          { name: 'config', configMap: { name: 'c', items: [{ key: 'a', path: 'b/c' }] } },
          { name: 'tmp' },
          {
            name: 'all',
            projected: {
              sources: [
                { serviceAccountToken: { path: 'token' } },
                { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
              ],
            },
          },
        ],
        nodeSelector: { 'kubernetes.io/os': 'linux' },
        tolerations: [{ operator: 'Exists' }, { key: 'k', value: 'v', effect: 'NoExecute', tolerationSeconds: 30 }],
        topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { a: 'b' } } }],
        affinity: {
          podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname' } }] },
        },
        readinessGates: [{ conditionType: 'www.example.com/feature-1' }],
        schedulingGates: [{ name: 'example.com/gate' }],
        hostAliases: [{ ip: '10.0.0.1', hostnames: ['a.b'] }],
        dnsPolicy: 'None',
        dnsConfig: { nameservers: ['10.0.0.2'], searches: ['svc.local.'], options: [{ name: 'ndots', value: '2' }] },
        securityContext: { fsGroup: 1, sysctls: [{ name: 'net.ipv4.tcp_syncookies', value: '1' }] },
        hostname: 'h',
        subdomain: 's',
        activeDeadlineSeconds: 60,
        os: { name: 'linux' },
        overhead: { cpu: '10m' },
      },
    }),
    [],
  )
})

test('containers: names, images and where each kind of container may have what', () => {
  check([
    ['no spec at all', {}, 'spec.containers: Required value'],
    ['no containers', { spec: { containers: [] } }, 'spec.containers: Required value'],
    ['no image', { spec: { containers: [{ name: 'a' }] } }, 'spec.containers[0].image: Required value'],
    ['no name', { spec: { containers: [{ image: 'a' }] } }, 'spec.containers[0].name: Required value'],
    [
      'image with a space',
      withContainer({ image: ' nginx' }),
      'spec.containers[0].image: Invalid value: " nginx": must not have leading or trailing whitespace',
    ],
    ['twice the same name', { spec: { containers: [BASE, BASE] } }, 'spec.containers[1].name: Duplicate value: "a"'],
    ['an init container of the same name', withSpec({ initContainers: [BASE] }), 'spec.initContainers[0].name: Duplicate value: "a"'],
    [
      'unknown pull policy',
      withContainer({ imagePullPolicy: 'Sometimes' }),
      'spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"',
    ],
    [
      'unknown restart policy',
      withSpec({ restartPolicy: 'Maybe' }),
      'spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "Never", "OnFailure"',
    ],
    [
      'restart policy of a container',
      withContainer({ restartPolicy: 'Always' }),
      'spec.containers[0].restartPolicy: Forbidden: may not be set for non-init containers',
    ],
    [
      'restart policy of an init container',
      withSpec({ initContainers: [{ name: 'i', image: 'x', restartPolicy: 'Never' }] }),
      'spec.initContainers[0].restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
    [
      'probe of an init container',
      withSpec({ initContainers: [{ name: 'i', image: 'x', readinessProbe: { exec: { command: ['a'] } }, lifecycle: {} }] }),
      [
        'spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always',
        'spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
      ],
    ],
    [
      'ephemeral containers at creation',
      withSpec({ ephemeralContainers: [{ name: 'e', image: 'x' }] }),
      'spec.ephemeralContainers: Forbidden: cannot be set on create',
    ],
  ])
})

test('ports', () => {
  check([
    ['no number', withContainer({ ports: [{ name: 'http' }] }), 'spec.containers[0].ports[0].containerPort: Required value'],
    [
      'too large',
      withContainer({ ports: [{ containerPort: 65536 }] }),
      'spec.containers[0].ports[0].containerPort: Invalid value: 65536: must be between 1 and 65535, inclusive',
    ],
    [
      'name too long',
      withContainer({ ports: [{ containerPort: 1, name: 'a'.repeat(16) }] }),
      `spec.containers[0].ports[0].name: Invalid value: "${'a'.repeat(16)}": must be no more than 15 characters`,
    ],
    [
      'twice the same name',
      withContainer({
        ports: [
          { containerPort: 1, name: 'a' },
          { containerPort: 2, name: 'a' },
        ],
      }),
      'spec.containers[0].ports[1].name: Duplicate value: "a"',
    ],
    [
      'unknown protocol',
      withContainer({ ports: [{ containerPort: 1, protocol: 'ICMP' }] }),
      'spec.containers[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
    ],
    [
      'twice the same host port',
      withContainer({
        ports: [
          { containerPort: 1, hostPort: 80 },
          { containerPort: 2, hostPort: 80 },
        ],
      }),
      'spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//80"',
    ],
    [
      'host network with another host port',
      { spec: { hostNetwork: true, containers: [{ ...BASE, ports: [{ containerPort: 1, hostPort: 2 }] }] } },
      'spec.containers[0].ports[0].hostPort: Invalid value: 2: must match `containerPort` when `hostNetwork` is true',
    ],
    ['host network fills the host port', { spec: { hostNetwork: true, containers: [{ ...BASE, ports: [{ containerPort: 1 }] }] } }, []],
  ])
})

test('probes and hooks', () => {
  const probe = (kind: string, more: object) => withContainer({ [kind]: { exec: { command: ['a'] }, ...more } })
  check([
    ['no handler', withContainer({ livenessProbe: { periodSeconds: 3 } }), 'spec.containers[0].livenessProbe: Required value: must specify a handler type'],
    [
      'two handlers',
      probe('livenessProbe', { tcpSocket: { port: 1 } }),
      'spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type',
    ],
    [
      'liveness must succeed once',
      probe('livenessProbe', { successThreshold: 2 }),
      'spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1',
    ],
    [
      'startup must succeed once',
      probe('startupProbe', { successThreshold: 2 }),
      'spec.containers[0].startupProbe.successThreshold: Invalid value: 2: must be 1',
    ],
    [
      'readiness never kills',
      probe('readinessProbe', { terminationGracePeriodSeconds: 1 }),
      'spec.containers[0].readinessProbe.terminationGracePeriodSeconds: Invalid value: 1: must not be set for readinessProbes',
    ],
    [
      'grace of a probe',
      probe('livenessProbe', { terminationGracePeriodSeconds: 0 }),
      'spec.containers[0].livenessProbe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0',
    ],
    [
      'negative numbers',
      probe('livenessProbe', { periodSeconds: -1 }),
      'spec.containers[0].livenessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0',
    ],
    ['zero is the default', probe('livenessProbe', { periodSeconds: 0, successThreshold: 0 }), []],
    [
      'port of a probe',
      withContainer({ livenessProbe: { httpGet: { port: 0 } } }),
      'spec.containers[0].livenessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive',
    ],
    [
      'scheme of a probe',
      withContainer({ livenessProbe: { httpGet: { port: 1, scheme: 'FTP' } } }),
      'spec.containers[0].livenessProbe.httpGet.scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS"',
    ],
    [
      'header of a probe',
      withContainer({ livenessProbe: { httpGet: { port: 1, httpHeaders: [{ name: 'a b', value: '' }] } } }),
      "spec.containers[0].livenessProbe.httpGet.httpHeaders: Invalid value: \"a b\": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
    ],
    ['command of a hook', withContainer({ lifecycle: { preStop: { exec: {} } } }), 'spec.containers[0].lifecycle.preStop.exec.command: Required value'],
    [
      'a hook without handler',
      withContainer({ lifecycle: { postStart: {} } }),
      'spec.containers[0].lifecycle.postStart: Required value: must specify a handler type',
    ],
    [
      'a hook may not sleep longer than the grace period',
      withContainer({ lifecycle: { preStop: { sleep: { seconds: 31 } } } }),
      'spec.containers[0].lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)',
    ],
    ['a hook may sleep for no time', withContainer({ lifecycle: { preStop: { sleep: { seconds: 0 } } } }), []],
  ])
})

test('environment', () => {
  const env = (...items: object[]) => withContainer({ env: items })
  check([
    ['no name', env({ value: 'x' }), 'spec.containers[0].env[0].name: Required value'],
    [
      'equals sign',
      env({ name: 'A=B' }),
      'spec.containers[0].env[0].name: Invalid value: "A=B": a valid environment variable name must consist only of printable ASCII characters other than \'=\'',
    ],
    [
      'value and source',
      env({ name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }),
      'spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
    ],
    [
      'no source',
      env({ name: 'A', valueFrom: {} }),
      'spec.containers[0].env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`',
    ],
    [
      'two sources',
      env({ name: 'A', valueFrom: { configMapKeyRef: { name: 'a', key: 'b' }, secretKeyRef: { name: 'a', key: 'b' } } }),
      'spec.containers[0].env[0].valueFrom: Invalid value: "": may not have more than one field specified at a time',
    ],
    [
      'unknown field',
      env({ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.hostname' } } }),
      'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.hostname": error converting fieldPath: field label not supported: spec.hostname',
    ],
    ['no key', env({ name: 'A', valueFrom: { secretKeyRef: { name: 'a' } } }), 'spec.containers[0].env[0].valueFrom.secretKeyRef.key: Required value'],
    [
      'unknown resource',
      env({ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.gpu' } } }),
      'spec.containers[0].env[0].valueFrom.resourceFieldRef.resource: Unsupported value: "limits.gpu": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"',
    ],
  ])
})

test('resources', () => {
  const resources = (requests: object, limits: object = {}) => withContainer({ resources: { requests, limits } })
  check([
    [
      'more than the limit',
      resources({ cpu: '2' }, { cpu: '1' }),
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ],
    ['negative', resources({ cpu: '-1' }), 'spec.containers[0].resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0'],
    [
      'unknown resource',
      resources({ ram: '1' }),
      'spec.containers[0].resources.requests[ram]: Invalid value: "ram": must be a standard resource for containers',
    ],
    [
      'half a device',
      resources({}, { 'example.com/gpu': '500m' }),
      [
        'spec.containers[0].resources.limits[example.com/gpu]: Invalid value: "500m": must be an integer',
        'spec.containers[0].resources.requests[example.com/gpu]: Invalid value: "500m": must be an integer',
      ],
    ],
    [
      'device without limit',
      resources({ 'example.com/gpu': '1' }),
      'spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources',
    ],
    [
      'huge pages alone',
      resources({ 'hugepages-2Mi': '2Mi' }, { 'hugepages-2Mi': '2Mi' }),
      'spec.containers[0].resources: Forbidden: HugePages require cpu or memory',
    ],
  ])
})

test('resources of the whole Pod hold those of its containers', () => {
  const resources = { requests: { cpu: '750m', memory: '256Mi' }, limits: { cpu: '2' } }
  const whole = (own: object) => ({
    spec: {
      containers: [
        { ...BASE, resources },
        { ...BASE, name: 'b', resources },
      ],
      resources: own,
    },
  })
  check([
    ['enough', whole({ requests: { cpu: '1500m', memory: '1Gi' }, limits: { cpu: '2', memory: '1Gi' } }), []],
    [
      'too little',
      whole({ requests: { cpu: '1', memory: '256Mi' }, limits: { cpu: '1' } }),
      [
        'spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests of 1500m',
        'spec.resources.requests[memory]: Invalid value: "256Mi": must be greater than or equal to aggregate container requests of 512Mi',
        'spec.resources.containers[0][cpu].limits: Invalid value: "2": must be less than or equal to pod limits of 1',
        'spec.resources.containers[1][cpu].limits: Invalid value: "2": must be less than or equal to pod limits of 1',
      ],
    ],
  ])
})

test('resizePolicy', () => {
  const policy = (resourceName: string, restartPolicy: string) => ({ resourceName, restartPolicy })
  const of = (resizePolicy: object[], spec: object = {}) => ({ spec: { ...spec, containers: [{ ...BASE, resizePolicy }] } })
  check([
    ['both', of([policy('cpu', 'NotRequired'), policy('memory', 'RestartContainer')]), []],
    ['another', of([policy('gpu', 'NotRequired')]), 'spec.containers[0].resizePolicy: Unsupported value: "gpu": supported values: "cpu", "memory"'],
    ['twice', of([policy('cpu', 'NotRequired'), policy('cpu', 'NotRequired')]), 'spec.containers[0].resizePolicy: Duplicate value: "cpu"'],
    [
      'a restart that never comes',
      of([policy('cpu', 'RestartContainer')], { restartPolicy: 'Never' }),
      "spec.containers[0].resizePolicy: Invalid value: \"RestartContainer\": must be 'NotRequired' when `restartPolicy` is 'Never'",
    ],
  ])
})

test('volumes and mounts', () => {
  const volumes = (...items: object[]) => withSpec({ volumes: items })
  const mounts = (...items: object[]) => ({ spec: { containers: [{ ...BASE, volumeMounts: items }], volumes: [{ name: 'v' }] } })
  check([
    ['no source means emptyDir', volumes({ name: 'v' }), []],
    [
      'two sources',
      volumes({ name: 'v', emptyDir: {}, hostPath: { path: '/a' } }),
      'spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type',
    ],
    ['twice the same name', volumes({ name: 'v' }, { name: 'v' }), 'spec.volumes[1].name: Duplicate value: "v"'],
    [
      'unknown host path type',
      volumes({ name: 'v', hostPath: { path: '/a', type: 'Pipe' } }),
      'spec.volumes[0].hostPath.type: Unsupported value: "Pipe": supported values: "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
    ],
    ['secret without name', volumes({ name: 'v', secret: {} }), 'spec.volumes[0].secret.secretName: Required value'],
    [
      'mode',
      volumes({ name: 'v', secret: { secretName: 's', defaultMode: 512 } }),
      'spec.volumes[0].secret.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive',
    ],
    [
      'path of a key',
      volumes({ name: 'v', configMap: { name: 'c', items: [{ key: 'a', path: '../b' }] } }),
      'spec.volumes[0].configMap.items[0].path: Invalid value: "../b": must not contain \'..\'',
    ],
    [
      'token lives too short',
      volumes({ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 60 } }] } }),
      'spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes',
    ],
    ['unknown volume', mounts({ name: 'w', mountPath: '/a' }), 'spec.containers[0].volumeMounts[0].name: Not found: "w"'],
    ['no path', mounts({ name: 'v' }), 'spec.containers[0].volumeMounts[0].mountPath: Required value'],
    [
      'twice the same path',
      mounts({ name: 'v', mountPath: '/a' }, { name: 'v', mountPath: '/a' }),
      'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/a": must be unique',
    ],
    [
      'absolute subPath',
      mounts({ name: 'v', mountPath: '/a', subPath: '/b' }),
      'spec.containers[0].volumeMounts[0].subPath: Invalid value: "/b": must be a relative path',
    ],
    [
      'subPath twice',
      mounts({ name: 'v', mountPath: '/a', subPath: 'b', subPathExpr: 'c' }),
      'spec.containers[0].volumeMounts[0].subPathExpr: Invalid value: "c": subPathExpr and subPath are mutually exclusive',
    ],
    [
      'propagation back to the node',
      mounts({ name: 'v', mountPath: '/a', mountPropagation: 'Bidirectional' }),
      'spec.containers[0].volumeMounts[0].mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers',
    ],
  ])
})

test('scheduling', () => {
  check([
    [
      'value with Exists',
      withSpec({ tolerations: [{ key: 'k', operator: 'Exists', value: 'v' }] }),
      'spec.tolerations[0].operator: Invalid value: {"key":"k","operator":"Exists","value":"v"}: value must be empty when `operator` is \'Exists\'',
    ],
    [
      'no key',
      withSpec({ tolerations: [{ value: 'v' }] }),
      'spec.tolerations[0].operator: Invalid value: "": operator must be Exists when `key` is empty, which means "match all values and all keys"',
    ],
    [
      'seconds without NoExecute',
      withSpec({ tolerations: [{ key: 'k', effect: 'NoSchedule', tolerationSeconds: 1 }] }),
      'spec.tolerations[0].effect: Invalid value: "NoSchedule": effect must be \'NoExecute\' when `tolerationSeconds` is set',
    ],
    [
      'skew',
      withSpec({ topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'z', whenUnsatisfiable: 'DoNotSchedule' }] }),
      'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
    ],
    [
      'affinity without terms',
      withSpec({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } } }),
      'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term',
    ],
    [
      'unknown operator',
      withSpec({
        affinity: {
          nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'k', operator: 'Like' }] }] } },
        },
      }),
      'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].operator: Invalid value: "Like": not a valid selector operator',
    ],
    [
      'topology key',
      withSpec({ affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{}] } } }),
      'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Required value: can not be empty',
    ],
    ['twice the same gate', withSpec({ schedulingGates: [{ name: 'a.b/c' }, { name: 'a.b/c' }] }), 'spec.schedulingGates[1]: Duplicate value: "a.b/c"'],
    [
      'gates on a node',
      withSpec({ nodeName: 'n', schedulingGates: [{ name: 'a.b/c' }] }),
      'spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared',
    ],
    ['deadline', withSpec({ activeDeadlineSeconds: 0 }), 'spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive'],
  ])
})

test('network and security', () => {
  check([
    ['no name server of its own', withSpec({ dnsPolicy: 'None' }), 'spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
    [
      'unknown DNS policy',
      withSpec({ dnsPolicy: 'Mine' }),
      'spec.dnsPolicy: Unsupported value: "Mine": supported values: "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"',
    ],
    [
      'host alias',
      withSpec({ hostAliases: [{ ip: 'x' }] }),
      'spec.hostAliases[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
    [
      'user',
      withContainer({ securityContext: { runAsUser: -1 } }),
      'spec.containers[0].securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive',
    ],
    [
      'privileged without escalation',
      withContainer({ securityContext: { privileged: true, allowPrivilegeEscalation: false } }),
      'spec.containers[0].securityContext: Invalid value: {"privileged":true,"allowPrivilegeEscalation":false}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
    ],
    [
      'seccomp profile',
      withSpec({ securityContext: { seccompProfile: { type: 'Localhost' } } }),
      'spec.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost',
    ],
    [
      'shared process namespace',
      withSpec({ hostPID: true, shareProcessNamespace: true }),
      'spec.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled',
    ],
  ])
})

test('warnings name what is allowed and hardly meant', () => {
  const pod = createdOf(Pod, {
    metadata: { name: 'web.1' },
    spec: {
      terminationGracePeriodSeconds: -1,
      containers: [{ ...BASE, env: [{ name: 'A' }, { name: 'A' }], ports: [{ containerPort: 80 }, { containerPort: 80 }] }],
    },
  })
  const warnings = podWarnings(pod, undefined)
  assert.match(warnings[0]!, /^metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended/)
  assert.deepEqual(warnings.slice(1), [
    'spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1',
    'spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply',
    'spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]',
  ])
})
