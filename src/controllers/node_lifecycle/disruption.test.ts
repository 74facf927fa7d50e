import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node } from '../../api/kinds/node.ts'
import { planDisruption, zoneOf } from './disruption.ts'

const nodes = (zone: string, ready: number, lost: number, labels: object = {}): Node[] =>
  Array.from(
    { length: ready + lost },
    (_, index) =>
      ({
        metadata: { name: `${zone}-${index}`, labels: { 'topology.kubernetes.io/zone': zone, ...labels } },
        status: { conditions: [{ type: 'Ready', status: index < ready ? 'True' : 'Unknown' }] },
      }) as unknown as Node,
  )
const [NORMAL, SLOW, NONE] = [0.1, 0.01, 0]

const CASES: readonly [what: string, nodes: readonly Node[], isTotal: boolean, rates: Record<string, number>][] = [
  ['no nodes are no disruption', [], false, {}],
  ['a lost node in a healthy zone', nodes('a', 2, 1), false, { '/a': NORMAL }],
  ['two of three are too few to tell', nodes('a', 1, 2), false, { '/a': NORMAL }],
  ['three of five are a disruption of a small zone: nobody is evicted', nodes('a', 2, 3), false, { '/a': NONE }],
  ['exactly 55 %', nodes('a', 9, 11), false, { '/a': NONE }],
  ['less than 55 %', nodes('a', 10, 12), false, { '/a': NORMAL }],
  ['50 nodes are a small zone', nodes('a', 10, 40), false, { '/a': NONE }],
  ['51 nodes are a large one: slowly', nodes('a', 11, 40), false, { '/a': SLOW }],
  ['a zone is lost while another is not', [...nodes('a', 0, 4), ...nodes('b', 1, 0)], false, { '/a': NORMAL, '/b': NORMAL }],
  ['a zone is lost, another is disrupted', [...nodes('a', 0, 4), ...nodes('b', 1, 3)], false, { '/a': NORMAL, '/b': NONE }],
  ['everything is lost', [...nodes('a', 0, 4), ...nodes('b', 0, 1)], true, { '/a': NONE, '/b': NONE }],
  ['the only node is lost', nodes('a', 0, 1), true, { '/a': NONE }],
  ['nodes that do not count', [...nodes('a', 2, 1), ...nodes('a', 0, 9, { 'node.kubernetes.io/exclude-disruption': '' })], false, { '/a': NORMAL }],
]

for (const [what, given, isTotal, rates] of CASES)
  test(`disruption: ${what}`, () => {
    const plan = planDisruption(given)
    assert.deepEqual([plan.isTotal, Object.fromEntries(plan.rates)], [isTotal, rates])
  })

test('disruption: the zone of a node is in its labels, old and new, together with the region', () => {
  const of = (labels?: object) => zoneOf({ metadata: { labels } } as unknown as Node)
  assert.equal(of(), '/')
  assert.equal(of({ 'topology.kubernetes.io/region': 'r', 'topology.kubernetes.io/zone': 'z' }), 'r/z')
  assert.equal(of({ 'failure-domain.beta.kubernetes.io/region': 'r', 'failure-domain.beta.kubernetes.io/zone': 'z' }), 'r/z')
})
