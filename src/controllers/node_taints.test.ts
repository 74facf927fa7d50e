import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node } from '../api/kinds/node.ts'
import { planConditionTaints } from './node_taints.ts'

const AT = '2026-01-01T00:00:00Z'
const node = (conditions: Record<string, string>, spec: object = {}): Node =>
  ({ metadata: { name: 'one' }, spec, status: { conditions: Object.entries(conditions).map(([type, status]) => ({ type, status })) } }) as unknown as Node
const noSchedule = (key: string) => ({ key, effect: 'NoSchedule' as const, timeAdded: AT })

const CASES: readonly [string, Node, readonly object[] | undefined][] = [
  ['a healthy node has none', node({ Ready: 'True', MemoryPressure: 'False' }), undefined],
  ['a node that has not reported yet is not ready', node({}), [noSchedule('node.kubernetes.io/not-ready')]],
  ['one that reports False is not ready', node({ Ready: 'False' }), [noSchedule('node.kubernetes.io/not-ready')]],
  ['one that is silent is unreachable', node({ Ready: 'Unknown' }), [noSchedule('node.kubernetes.io/unreachable')]],
  [
    'pressure keeps Pods away',
    node({ Ready: 'True', DiskPressure: 'True', PIDPressure: 'True' }),
    [noSchedule('node.kubernetes.io/disk-pressure'), noSchedule('node.kubernetes.io/pid-pressure')],
  ],
  ['a cordoned node is unschedulable', node({ Ready: 'True' }, { unschedulable: true }), [noSchedule('node.kubernetes.io/unschedulable')]],
  ['a taint whose reason is gone goes', node({ Ready: 'True' }, { taints: [noSchedule('node.kubernetes.io/not-ready')] }), []],
  [
    'one that is there already stays as it is',
    node({ Ready: 'False' }, { taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }] }),
    undefined,
  ],
  [
    'taints of others stay',
    node({ Ready: 'True' }, { taints: [{ key: 'gpu', effect: 'NoSchedule' }, noSchedule('node.kubernetes.io/unschedulable')] }),
    [{ key: 'gpu', effect: 'NoSchedule' }],
  ],
  ['a NoExecute taint is not ours', node({ Ready: 'True' }, { taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' }] }), undefined],
]

for (const [name, given, expected] of CASES) test(`taints: ${name}`, () => assert.deepEqual(planConditionTaints(given, AT), expected))
