import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node } from '../api/kinds/node.ts'
import type { Pod } from '../api/kinds/pod.ts'
import { planPodGarbage } from './pod_garbage.ts'

interface Draft {
  readonly age?: number
  readonly phase?: string
  readonly reason?: string
  readonly on?: string
  readonly deleting?: true
}
const podOf = (name: string, { age = 0, phase = 'Running', reason, on, deleting }: Draft = {}): Pod =>
  ({
    metadata: { name, creationTimestamp: new Date(1e12 - age * 1000).toISOString(), ...(deleting && { deletionTimestamp: '2026-01-01T00:00:00Z' }) },
    spec: { nodeName: on },
    status: { phase, reason },
  }) as unknown as Pod
const nodeOf = (ready: string, ...taints: string[]): Node =>
  ({ spec: { taints: taints.map(key => ({ key, effect: 'NoExecute' })) }, status: { conditions: [{ type: 'Ready', status: ready }] } }) as unknown as Node

const OUT = 'node.kubernetes.io/out-of-service'
const NODES: Record<string, Node> = { alive: nodeOf('True'), silent: nodeOf('Unknown'), dead: nodeOf('Unknown', OUT), hasty: nodeOf('True', OUT) }
const plan = (pods: readonly Pod[], finishedMax = 2) =>
  planPodGarbage({ pods, nodeOf: name => NODES[name], gone: new Set(['gone']), finishedMax }).map(({ pod, why }) => `${pod.metadata.name} ${why}`)

const CASES: readonly [what: string, pods: readonly Pod[], expected: readonly string[]][] = [
  ['a Pod that runs stays', [podOf('a', { on: 'alive' })], []],
  ['one that waits for a node stays', [podOf('a', { phase: 'Pending' })], []],
  ['one that is asked to go before it had a node goes', [podOf('a', { phase: 'Pending', deleting: true })], ['a never bound']],
  [
    'one of a node that does not exist goes, asked or not',
    [podOf('a', { on: 'gone' }), podOf('b', { on: 'gone', deleting: true })],
    ['a orphaned', 'b orphaned'],
  ],
  ['one of a node that may have been missed stays', [podOf('a', { on: 'unknown' })], []],
  ['one that is asked to go on a silent node stays', [podOf('a', { on: 'silent', deleting: true })], []],
  ['one that is asked to go on a node that was declared dead goes', [podOf('a', { on: 'dead', deleting: true })], ['a out of service']],
  ['one that was not asked to stays there', [podOf('a', { on: 'dead' })], []],
  ['a node that was declared dead and is ready is left in peace', [podOf('a', { on: 'hasty', deleting: true })], []],
  [
    'of finished ones too many the oldest go; others do not count',
    [
      podOf('young', { phase: 'Failed', age: 1 }),
      podOf('old', { phase: 'Succeeded', age: 9 }),
      podOf('older', { phase: 'Failed', age: 10 }),
      podOf('middle', { phase: 'Succeeded', age: 5 }),
      podOf('going', { age: 99, on: 'alive' }),
    ],
    ['older finished', 'old finished'],
  ],
  [
    'evicted ones go before older ones',
    [
      podOf('young', { phase: 'Failed', age: 1, reason: 'Evicted' }),
      podOf('old', { phase: 'Succeeded', age: 9 }),
      podOf('same', { phase: 'Succeeded', age: 9 }),
    ],
    ['young finished'],
  ],
  ['of equally old ones the first by name', ['c', 'a', 'b'].map(name => podOf(name, { phase: 'Failed' })), ['a finished']],
  ['two finished ones may stay', [podOf('a', { phase: 'Failed' }), podOf('b', { phase: 'Succeeded' })], []],
]

for (const [what, pods, expected] of CASES) test(`pod garbage: ${what}`, () => assert.deepEqual(plan(pods), expected))
