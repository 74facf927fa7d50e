import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node } from './kinds/node.ts'
import type { Pod } from './kinds/pod.ts'
import {
  hostPortsConflict,
  isAvailable,
  matchesNodeSelection,
  mergeTolerations,
  nodePreferenceWeight,
  qosClass,
  restartsAfter,
  setCondition,
  tolerates,
  untoleratedTaint,
} from './pod.ts'
import { podLimits, podRequests } from './resources.ts'
import type { Toleration } from './types/scheduling.ts'

type Quantities = Record<string, string>
const container = (name: string, requests?: Quantities, limits?: Quantities, restartPolicy?: string) => ({
  name,
  restartPolicy,
  resources: { ...(requests && { requests }), ...(limits && { limits }) },
})
const podOf = (spec: object, status: object = {}): Pod =>
  ({ metadata: {}, spec: { containers: [], restartPolicy: 'Always', ...spec }, status: { phase: 'Running', ...status } }) as unknown as Pod
const nodeOf = (labels: Record<string, string>, name = 'node-a'): Node => ({ metadata: { name, labels } }) as unknown as Node

test('the effective request is the larger of what starting and what running needs', () => {
  const cases: [string, object, Quantities][] = [
    [
      'containers add up',
      { containers: [container('a', { cpu: '100m', memory: '1Gi' }), container('b', { cpu: '1' })] },
      { cpu: '1100', memory: '1073741824' },
    ],
    [
      'the largest init container counts, not their sum',
      { initContainers: [container('i', { cpu: '2' }), container('j', { cpu: '3' })], containers: [container('a', { cpu: '1' })] },
      { cpu: '3000' },
    ],
    [
      'sidecars run beside the containers',
      { initContainers: [container('s', { cpu: '500m' }, undefined, 'Always')], containers: [container('a', { cpu: '1' })] },
      { cpu: '1500' },
    ],
    [
      'an init container runs beside the sidecars before it',
      { initContainers: [container('s', { cpu: '1' }, undefined, 'Always'), container('i', { cpu: '2' })], containers: [container('a', { cpu: '1' })] },
      { cpu: '3000' },
    ],
    [
      'but not beside those after it',
      { initContainers: [container('i', { cpu: '2' }), container('s', { cpu: '1' }, undefined, 'Always')], containers: [container('a', { cpu: '500m' })] },
      { cpu: '2000' },
    ],
    ['overhead comes on top', { containers: [container('a', { cpu: '1' })], overhead: { cpu: '250m' } }, { cpu: '1250' }],
    [
      'resources of the whole Pod replace the sum',
      { resources: { requests: { cpu: '4' } }, containers: [container('a', { cpu: '1', 'example.com/gpu': '1' })] },
      { cpu: '4000', 'example.com/gpu': '1' },
    ],
  ]
  for (const [name, spec, expected] of cases) {
    const actual = Object.fromEntries([...podRequests(podOf(spec))].map(([key, value]) => [key, String(value)]))
    assert.deepEqual(actual, expected, name)
  }
})

test('limits have the same shape', () => {
  assert.deepEqual([...podLimits(podOf({ containers: [container('a', {}, { cpu: '1' }), container('b', {}, { cpu: '2' })] }))], [['cpu', 3000]])
})

test('the QoS class', () => {
  const both = { cpu: '1', memory: '1Gi' }
  const cases: [string, object, string][] = [
    ['nothing asked for', { containers: [container('a')] }, 'BestEffort'],
    ['zero counts as nothing', { containers: [container('a', { cpu: '0' })] }, 'BestEffort'],
    ['other resources do not count', { containers: [container('a', { 'ephemeral-storage': '1Gi' })] }, 'BestEffort'],
    ['requests equal limits everywhere', { containers: [container('a', both, both)] }, 'Guaranteed'],
    ['the same amount written differently', { containers: [container('a', { cpu: '1000m', memory: '1024Mi' }, both)] }, 'Guaranteed'],
    ['one container without limits', { containers: [container('a', both, both), container('b')] }, 'Burstable'],
    ['an init container without limits', { containers: [container('a', both, both)], initContainers: [container('i')] }, 'Burstable'],
    ['only CPU', { containers: [container('a', { cpu: '1' }, { cpu: '1' })] }, 'Burstable'],
    ['requests below limits', { containers: [container('a', { cpu: '500m', memory: '1Gi' }, both)] }, 'Burstable'],
    ['resources of the whole Pod decide alone', { resources: { requests: both, limits: both }, containers: [container('a')] }, 'Guaranteed'],
  ]
  for (const [name, spec, expected] of cases) assert.equal(qosClass(podOf(spec)), expected, name)
})

test('a toleration matches a taint', () => {
  const taint = { key: 'k', value: 'v', effect: 'NoSchedule' } as const
  const cases: [object, boolean][] = [
    [{ key: 'k', value: 'v', effect: 'NoSchedule' }, true],
    [{ key: 'k', operator: 'Equal', value: 'v' }, true],
    [{ key: 'k', operator: 'Equal', value: 'other' }, false],
    [{ key: 'k', operator: 'Exists' }, true],
    [{ key: 'k', operator: 'Exists', effect: 'NoExecute' }, false],
    [{ operator: 'Exists' }, true],
    [{ key: 'other', operator: 'Exists' }, false],
  ]
  for (const [toleration, expected] of cases) assert.equal(tolerates(toleration, taint), expected, JSON.stringify(toleration))
  assert.equal(untoleratedTaint(podOf({ tolerations: [{ operator: 'Exists', effect: 'NoExecute' }] }), [taint])?.key, 'k')
})

test('node selector and required affinity must both match; the terms of an affinity are alternatives', () => {
  const affinity = (...nodeSelectorTerms: object[]) => ({
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
  })
  const expression = (key: string, operator: string, ...values: string[]) => ({ matchExpressions: [{ key, operator, values }] })
  const node = nodeOf({ zone: 'a', cores: '8' })
  const cases: [string, object, boolean][] = [
    ['nothing asked for', {}, true],
    ['selector', { nodeSelector: { zone: 'a' } }, true],
    ['wrong selector', { nodeSelector: { zone: 'b' } }, false],
    ['one of two terms', affinity(expression('zone', 'In', 'b'), expression('zone', 'In', 'a', 'c')), true],
    ['a term without conditions matches nothing', affinity({}), false],
    ['an absent label is not in the list', affinity(expression('disk', 'NotIn', 'hdd')), true],
    ['greater than', affinity(expression('cores', 'Gt', '4')), true],
    ['less than', affinity(expression('cores', 'Lt', '8')), false],
    ['name of the node', affinity({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node-a'] }] }), true],
    ['selector and affinity', { nodeSelector: { zone: 'a' }, ...affinity(expression('zone', 'DoesNotExist')) }, false],
  ]
  for (const [name, spec, expected] of cases) assert.equal(matchesNodeSelection(podOf(spec), node), expected, name)
  const preferred = [
    { weight: 30, preference: expression('zone', 'Exists') },
    { weight: 5, preference: expression('zone', 'In', 'b') },
  ]
  assert.equal(nodePreferenceWeight(podOf({ affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred } } }), node), 30)
})

test('host ports conflict when one of them is on every address', () => {
  const port = (ip: string, number = 80, protocol = 'TCP') => ({ ip, port: number, protocol })
  assert.equal(hostPortsConflict([port('0.0.0.0')], [port('10.0.0.1')]), true)
  assert.equal(hostPortsConflict([port('10.0.0.2')], [port('10.0.0.1')]), false)
  assert.equal(hostPortsConflict([port('0.0.0.0')], [port('0.0.0.0', 80, 'UDP')]), false)
})

test('the transition time of a condition moves only when its status changes', () => {
  const first = setCondition(undefined, { type: 'Ready', status: 'False', reason: 'ContainersNotReady' }, '2024-01-01T00:00:00Z')
  const second = setCondition(first, { type: 'Ready', status: 'False', reason: 'Other' }, '2024-01-01T00:00:05Z')
  assert.deepEqual(second, [{ type: 'Ready', status: 'False', reason: 'Other', lastTransitionTime: '2024-01-01T00:00:00Z' }])
  assert.equal(setCondition(second, { type: 'Ready', status: 'True' }, '2024-01-01T00:00:09Z')[0]!.lastTransitionTime, '2024-01-01T00:00:09Z')
  assert.equal(second.length, 1)
})

test('a Pod is available once it has been ready for so long', () => {
  const pod = podOf({}, { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2024-01-01T00:00:00Z' }] })
  const at = Date.parse('2024-01-01T00:00:10Z')
  assert.equal(isAvailable(pod, 0, at), true)
  assert.equal(isAvailable(pod, 10, at), true)
  assert.equal(isAvailable(pod, 11, at), false)
})

test('the restart policy decides whether a container that ended runs again', () => {
  const cases: [string, string, number, boolean][] = [
    ['Always', 'main', 0, true],
    ['Always', 'main', 1, true],
    ['OnFailure', 'main', 0, false],
    ['OnFailure', 'main', 1, true],
    ['Never', 'main', 1, false],
    ['Always', 'init', 0, false],
    ['Always', 'init', 1, true],
    ['OnFailure', 'init', 1, true],
    ['Never', 'init', 1, false],
    ['Never', 'sidecar', 0, true],
  ]
  for (const [restartPolicy, name, code, expected] of cases) {
    const pod = podOf({
      restartPolicy,
      containers: [container('main')],
      initContainers: [container('init'), container('sidecar', undefined, undefined, 'Always')],
    })
    assert.equal(
      restartsAfter(pod, container(name, undefined, undefined, name === 'sidecar' ? 'Always' : undefined), code),
      expected,
      `${restartPolicy} ${name} ${code}`,
    )
  }
})

test('mergeTolerations: what another one covers is left out', () => {
  const all: Toleration = { operator: 'Exists' }
  const a: Toleration = { key: 'a', operator: 'Exists', effect: 'NoSchedule' }
  const aOfOne: Toleration = { key: 'a', operator: 'Equal', value: '1', effect: 'NoSchedule' }
  const forAWhile: Toleration = { key: 'b', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }
  const forEver: Toleration = { key: 'b', operator: 'Exists', effect: 'NoExecute' }
  const cases: [Toleration[], Toleration[], Toleration[]][] = [
    [[a], [aOfOne], [a]],
    [[aOfOne], [a], [a]],
    [[a], [forEver], [a, forEver]],
    [[a], [{ ...a }], [a]],
    [[a, forEver, aOfOne], [all], [all]],
    [[forAWhile], [forEver], [forEver]],
    [[forEver], [forAWhile], [forEver]],
    [[aOfOne], [{ ...aOfOne, value: '2' }], [aOfOne, { ...aOfOne, value: '2' }]],
    [[], [], []],
  ]
  for (const [first, second, merged] of cases) assert.deepEqual(mergeTolerations(first, second), merged)
})
