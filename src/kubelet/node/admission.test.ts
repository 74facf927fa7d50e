/** Tables of who is taken by a node, who is refused in which words, and who has to go for a critical Pod. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node } from '../../api/kinds/node.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { admitPod, type AdmissionView } from './admission.ts'

const NODE = {
  metadata: { name: 'node-a', labels: { 'kubernetes.io/os': 'linux', disk: 'ssd' } },
  spec: {},
  status: { allocatable: { cpu: '2', memory: '1Gi', 'ephemeral-storage': '1Gi', pods: '3', 'hugepages-2Mi': '0' } },
} as unknown as Node
const tainted = (effect: string): Node => ({ ...NODE, spec: { taints: [{ key: 'k', value: 'v', effect }] } }) as Node

interface Draft {
  name?: string
  requests?: Record<string, string>
  limits?: Record<string, string>
  spec?: object
  annotations?: Record<string, string>
}
const podOf = ({ name = 'p', requests, limits, spec = {}, annotations = {} }: Draft = {}): Pod =>
  ({ metadata: { name, annotations }, spec: { containers: [{ name: 'c', resources: { requests, limits } }], ...spec }, status: {} }) as unknown as Pod

const view = (pod: Pod, more: Partial<AdmissionView> = {}): AdmissionView => ({ pod, others: [], node: NODE, isShuttingDown: false, ...more })
const CRITICAL = { priority: 2_000_000_000 }
const STATIC = { 'kubernetes.io/config.source': 'file' }
const port = { containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort: 80, protocol: 'TCP' }] }] }
const selector = (key: string, value: string) => ({ spec: { nodeSelector: { [key]: value } } })
const short = (resource: string, figures: string) => [`OutOf${resource}`, `Node didn't have enough resource: ${resource}, ${figures}`]

const refusals: readonly [what: string, view: AdmissionView, told: readonly string[] | undefined][] = [
  ['a Pod that asks for nothing', view(podOf()), undefined],
  ['all there is', view(podOf({ requests: { cpu: '2', memory: '1Gi' } })), undefined],
  [
    'more CPU than is left',
    view(podOf({ requests: { cpu: '1500m' } }), { others: [podOf({ requests: { cpu: '1' } })] }),
    short('cpu', 'requested: 1500, used: 1000, capacity: 2000'),
  ],
  ['the overhead counts', view(podOf({ requests: { cpu: '2' }, spec: { overhead: { cpu: '1m' } } })), undefined],
  ['more memory', view(podOf({ requests: { memory: '2Gi' } })), short('memory', 'requested: 2147483648, used: 0, capacity: 1073741824')],
  [
    'more local storage',
    view(podOf({ requests: { 'ephemeral-storage': '2Gi' } })),
    short('ephemeral-storage', 'requested: 2147483648, used: 0, capacity: 1073741824'),
  ],
  ['one Pod too many', view(podOf(), { others: [podOf(), podOf(), podOf()] }), short('pods', 'requested: 1, used: 3, capacity: 3')],
  [
    'huge pages the node has none of',
    view(podOf({ requests: { 'hugepages-2Mi': '2Mi' } })),
    short('hugepages-2Mi', 'requested: 2097152, used: 0, capacity: 0'),
  ],
  ['a resource the node has never heard of', view(podOf({ requests: { 'example.com/gpu': '1' } })), undefined],
  [
    'the number of Pods is told before CPU',
    view(podOf({ requests: { cpu: '9' } }), { others: [podOf(), podOf(), podOf()] }),
    short('pods', 'requested: 1, used: 3, capacity: 3'),
  ],
  ['labels that match', view(podOf(selector('disk', 'ssd'))), undefined],
  [
    'labels that do not',
    view(podOf(selector('disk', 'hdd'))),
    ['NodeAffinity', "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"],
  ],
  [
    'a required affinity',
    view(
      podOf({
        spec: {
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'disk', operator: 'DoesNotExist' }] }] },
            },
          },
        },
      }),
    ),
    ['NodeAffinity', "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"],
  ],
  [
    'resources are told before the selector',
    view(podOf({ ...selector('disk', 'hdd'), requests: { cpu: '9' } })),
    short('cpu', 'requested: 9000, used: 0, capacity: 2000'),
  ],
  [
    'the name of another node',
    view(podOf({ spec: { nodeName: 'node-b' } })),
    ['NodeName', "Predicate NodeName failed: node(s) didn't match the requested node name"],
  ],
  [
    'a port that is taken',
    view(podOf({ spec: port }), { others: [podOf({ spec: port })] }),
    ['NodePorts', "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports"],
  ],
  [
    'a taint NoExecute',
    view(podOf(), { node: tainted('NoExecute') }),
    ['TaintToleration', "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate"],
  ],
  ['a taint NoExecute that it tolerates', view(podOf({ spec: { tolerations: [{ operator: 'Exists' }] } }), { node: tainted('NoExecute') }), undefined],
  ['a taint NoExecute, and a static Pod', view(podOf({ annotations: STATIC }), { node: tainted('NoExecute') }), undefined],
  ['a taint NoSchedule is for the scheduler', view(podOf(), { node: tainted('NoSchedule') }), undefined],
  [
    'the label of another system, before everything else of the node',
    view(podOf({ ...selector('kubernetes.io/os', 'windows'), requests: { cpu: '9' } })),
    ['PodOSSelectorNodeLabelDoesNotMatch', "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label"],
  ],
  ['another system', view(podOf({ spec: { os: { name: 'windows' } } })), ['PodOSNotSupported', "Failed to admit pod as the OS field doesn't match node OS"]],
  ['its own system', view(podOf({ spec: { os: { name: 'linux' } } })), undefined],
  ['a node that shuts down', view(podOf(), { isShuttingDown: true }), ['NodeShutdown', 'Pod was rejected as the node is shutting down.']],
  [
    'a node that shuts down, told last',
    view(podOf(selector('disk', 'hdd')), { isShuttingDown: true }),
    ['NodeAffinity', "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"],
  ],
  [
    'a critical Pod, on a node that shuts down: nobody goes for it',
    view(podOf({ spec: CRITICAL, requests: { cpu: '2' } }), { others: [podOf({ requests: { cpu: '1' } })], isShuttingDown: true }),
    ['NodeShutdown', 'Pod was rejected as the node is shutting down.'],
  ],
  [
    'a critical Pod is told what no preemption can cure',
    view(podOf({ ...selector('disk', 'hdd'), requests: { cpu: '9' }, spec: { ...CRITICAL, nodeSelector: { disk: 'hdd' } } })),
    ['NodeAffinity', "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"],
  ],
  [
    'a critical Pod for which all of the others would not be enough',
    view(podOf({ spec: CRITICAL, requests: { cpu: '2500m' } }), { others: [podOf({ requests: { cpu: '1' } })] }),
    [
      'UnexpectedAdmissionError',
      'Unexpected error while attempting to recover from admission failure: preemption: error finding a set of pods to preempt: no set of running pods found to reclaim resources: [(res: cpu, q: 500), ]',
    ],
  ],
]

for (const [what, given, told] of refusals) {
  test(`${what}: ${told?.[0] ?? 'taken'}`, () => {
    if (what === 'the overhead counts') return assert.equal((admitPod(given) as { reason: string }).reason, 'OutOfcpu')
    assert.deepEqual(admitPod(given), told && { reason: told[0], message: told[1] })
  })
}

const bestEffort = podOf({ name: 'best-effort' })
const burstable = (name: string, cpu: string, memory = '1Mi') => podOf({ name, requests: { cpu, memory } })
const guaranteed = (name: string, cpu: string) => podOf({ name, requests: { cpu, memory: '1Mi' }, limits: { cpu, memory: '1Mi' } })
const critical = (cpu: string, spec: object = CRITICAL) => podOf({ name: 'critical', requests: { cpu }, spec })
const big = { ...NODE, status: { allocatable: { cpu: '4', memory: '1Gi', pods: '3' } } } as unknown as Node

const preemptions: readonly [what: string, pod: Pod, others: readonly Pod[], victims: readonly string[]][] = [
  ['the one whose request is nearest to what is missing', critical('2'), [burstable('small', '1'), burstable('large', '2')], ['small']],
  ['several, if no one has enough; the largest first', critical('3500m'), [burstable('a', '1'), burstable('b', '2')], ['b', 'a']],
  ['of equals the one with less memory', critical('3'), [burstable('more', '1', '2Mi'), burstable('less', '1', '1Mi')], ['less']],
  ['Burstable ones before Guaranteed ones', critical('3'), [guaranteed('promised', '1'), burstable('other', '1')], ['other']],
  [
    'Guaranteed ones for what the others could not give, and who of those is still needed then',
    critical('3500m'),
    [guaranteed('promised', '2'), burstable('other', '1')],
    ['other', 'promised'],
  ],
  ['nobody whom the Guaranteed ones make superfluous', critical('3'), [guaranteed('promised', '2'), burstable('other', '500m')], ['promised']],
  ['BestEffort ones for a place', critical('1m'), [bestEffort, burstable('b', '1'), guaranteed('g', '1')], ['best-effort']],
  [
    'critical ones of lower priority',
    critical('3', { priority: 2_000_001_000 }),
    [podOf({ name: 'lower', requests: { cpu: '2' }, spec: CRITICAL })],
    ['lower'],
  ],
  ['anyone, for a static Pod', podOf({ requests: { cpu: '3' }, annotations: STATIC }), [burstable('a', '2')], ['a']],
]

for (const [what, pod, others, victims] of preemptions) {
  test(`pushed out for a critical Pod: ${what}`, () => {
    const outcome = admitPod(view(pod, { others, node: big }))
    assert.ok(outcome && 'preempt' in outcome, JSON.stringify(outcome))
    assert.deepEqual(
      outcome.preempt.map(({ metadata }) => metadata.name),
      victims,
    )
  })
}

test('nobody is pushed out for a Pod that is not critical, and no critical Pod for one of its own priority', () => {
  const told = (pod: Pod, others: readonly Pod[]) => (admitPod(view(pod, { others })) as { reason: string }).reason
  assert.equal(told(podOf({ requests: { cpu: '2' }, spec: { priority: 1_000_000_000 } }), [burstable('a', '1')]), 'OutOfcpu')
  assert.equal(told(critical('2'), [podOf({ name: 'equal', requests: { cpu: '1' }, spec: CRITICAL })]), 'UnexpectedAdmissionError')
})

test('kernel settings outside the safe set are refused, and so are those of a namespace the Pod shares with the node', () => {
  const sysctl = (name: string, spec: object = {}) => podOf({ spec: { securityContext: { sysctls: [{ name, value: '1' }] }, ...spec } })
  for (const [pod, message] of [
    [sysctl('net.ipv4.tcp_rmem'), undefined],
    [sysctl('net/ipv4/tcp_rmem'), undefined],
    [sysctl('kernel.shm_rmid_forced'), undefined],
    [sysctl('kernel.msgmax'), 'forbidden sysctl: "kernel.msgmax" not allowlisted'],
    [sysctl('vm.swappiness'), 'forbidden sysctl: "vm.swappiness" not allowlisted'],
    [sysctl('kernel.shm_rmid_forced', { hostIPC: true }), 'forbidden sysctl: "kernel.shm_rmid_forced" not allowed with host ipc enabled'],
    [sysctl('net.ipv4.tcp_rmem', { hostNetwork: true }), 'forbidden sysctl: "net.ipv4.tcp_rmem" not allowed with host net enabled'],
  ] as const)
    assert.deepEqual(admitPod(view(pod)), message && { reason: 'SysctlForbidden', message })
})
