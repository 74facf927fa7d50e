import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../api/kinds/pod.ts'
import { replicasForUsage, type UsageQuestion } from './replicas_for_usage.ts'

const NOW = Date.parse('2026-01-01T12:00:00Z')
const ago = (seconds: number) => `${new Date(NOW - seconds * 1000).toISOString().slice(0, 19)}Z`

interface About {
  /** In milli-cores; undefined: nothing is known. */
  readonly uses?: number
  readonly startedAgo?: number
  readonly ready?: boolean
  readonly readySince?: number
  readonly phase?: string
  readonly deleting?: true
  readonly request?: string
  /** What the Pod asks for as a whole. */
  readonly podRequest?: string
}

/** What is asked for, with Pods that ask for 100m and should use 50 % of it. */
function ask(abouts: readonly About[], { current = abouts.length, ...more }: Partial<UsageQuestion> & { current?: number } = {}) {
  const pods = abouts.map(
    ({ startedAgo = 3600, ready = true, readySince = 3000, phase = 'Running', deleting, request = '100m', podRequest }, index) =>
      ({
        metadata: { name: `p${index}`, ...(deleting && { deletionTimestamp: ago(1) }) },
        spec: {
          containers: [{ name: 'main', resources: { requests: request === '' ? {} : { cpu: request } } }],
          ...(podRequest && { resources: { requests: { cpu: podRequest } } }),
        },
        status: { phase, startTime: ago(startedAgo), conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: ago(readySince) }] },
      }) as unknown as Pod,
  )
  const uses = new Map(abouts.flatMap(({ uses: milli }, index) => (milli === undefined ? [] : [[`p${index}`, { milli, at: NOW, windowMs: 15_000 }] as const])))
  return replicasForUsage({ resource: 'cpu', target: { utilization: 50 }, tolerance: 0.1, ...more }, current, pods, uses, NOW)
}

const CASES: readonly { readonly rule: string; readonly pods: readonly About[]; readonly expect: number; readonly more?: object }[] = [
  { rule: 'twice the target is twice the Pods', pods: [{ uses: 100 }, { uses: 100 }], expect: 4 },
  { rule: 'half of it is half of them', pods: [{ uses: 25 }, { uses: 25 }], expect: 1 },
  { rule: 'a tenth off is not worth a change', pods: [{ uses: 55 }, { uses: 55 }, { uses: 54 }], expect: 3 },
  { rule: 'nor is exactly a tenth', pods: [{ uses: 55 }, { uses: 55 }, { uses: 55 }], expect: 3 },
  { rule: 'just beyond it is, rounded up', pods: [{ uses: 56 }, { uses: 56 }, { uses: 56 }], expect: 4 },
  {
    rule: 'an average value needs no requests',
    pods: [
      { uses: 30, request: '' },
      { uses: 30, request: '' },
    ],
    expect: 3,
    more: { target: { averageMilli: 20 } },
  },
  { rule: 'what nothing is known of counts as busy when there would be fewer', pods: [{ uses: 10 }, { uses: 10 }, {}], expect: 3 },
  { rule: 'and as idle when there would be more', pods: [{ uses: 100 }, { uses: 100 }, {}], expect: 4 },
  { rule: 'Pods that start count as idle when there would be more', pods: [{ uses: 100 }, { uses: 900, ready: false, startedAgo: 60 }], expect: 2 },
  { rule: 'and not at all when there would be fewer', pods: [{ uses: 20 }, { uses: 900, ready: false, startedAgo: 60 }], expect: 1 },
  { rule: 'a Pod that became ready within the window counts as starting', pods: [{ uses: 100 }, { uses: 900, startedAgo: 60, readySince: 10 }], expect: 2 },
  { rule: 'a Pod that has long been up counts even while it is not ready', pods: [{ uses: 100 }, { uses: 100, ready: false, readySince: 100 }], expect: 4 },
  {
    rule: 'memory knows no start',
    pods: [{ uses: 100 }, { uses: 100, ready: false, startedAgo: 60 }],
    expect: 4,
    more: { resource: 'memory', target: { averageMilli: 50 } },
  },
  { rule: 'Pods that leave or have failed do not count', pods: [{ uses: 100 }, { uses: 900, deleting: true }, { uses: 900, phase: 'Failed' }], expect: 2 },
  { rule: 'what the Pod asks for as a whole counts, not what its containers do', pods: [{ uses: 100, request: '', podRequest: '100m' }], expect: 2 },
  { rule: 'Pending ones count as idle', pods: [{ uses: 100 }, { phase: 'Pending' }], expect: 2 },
]

for (const { rule, pods, expect, more = {} } of CASES)
  test(`replicasForUsage: ${rule}`, () => {
    assert.equal(ask(pods, more).replicas, expect)
  })

test('replicasForUsage tells the average and the percentage', () => {
  assert.deepEqual(ask([{ uses: 31 }, { uses: 100 }]), { replicas: 3, averageMilli: 65, utilization: 65 })
})

test('replicasForUsage refuses in the words of Kubernetes', () => {
  assert.throws(() => ask([]), /^Error: no pods returned by selector while calculating replica count$/)
  assert.throws(() => ask([{ uses: 10, request: '' }]), /^Error: missing request for cpu in container main of Pod p0$/)
  assert.throws(() => ask([{ phase: 'Pending' }]), /^Error: did not receive metrics for targeted pods \(pods might be unready\)$/)
  assert.throws(() => ask([{ uses: 10, request: '0' }]), /^Error: no metrics returned matched known pods$/)
  assert.throws(() => ask([{ uses: 10 }], { container: 'side' }), /^Error: container side not found in Pod p0$/)
})
