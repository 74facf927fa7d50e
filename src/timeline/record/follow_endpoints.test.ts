/** Which node follows which change, and for whom nobody waits. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EndpointSlice } from '../../api/kinds/endpoint_slice.ts'
import { keyOf } from '../../api/meta.ts'
import { manualClock } from '../../base/testing/manual_clock.ts'
import type { Cache, CacheChange } from '../../client/cache.ts'
import { followEndpoints } from './follow_endpoints.ts'
import { createRecords } from './records.ts'

async function begin() {
  const clock = manualClock(Date.UTC(2026, 0, 1))
  const records = createRecords(clock)
  let tell: (change: CacheChange<EndpointSlice>) => void = () => undefined
  let revision = 1
  const synced = Promise.resolve()
  const cache = { synced, onChange: (listener: typeof tell) => ((tell = listener), { stop() {} }) }
  const follower = followEndpoints(records, cache as unknown as Cache<EndpointSlice>)
  await synced
  let previous: EndpointSlice | undefined
  return {
    ...follower,
    pending: () => follower.pending,
    /** A slice of the Service web with this Pod in it. */
    set(ready: boolean) {
      clock.advance(1_000)
      const object = {
        metadata: { name: 'web-1', namespace: 'default', resourceVersion: String(++revision), labels: { 'kubernetes.io/service-name': 'web' } },
        endpoints: [
          { targetRef: { kind: 'Pod', namespace: 'default', name: 'web', uid: 'web-uid' }, conditions: { ready, serving: ready, terminating: false } },
        ],
      } as unknown as EndpointSlice
      tell({ key: keyOf(object), object, previous })
      previous = object
    },
    programs(node: string) {
      clock.advance(10)
      follower.programmed(node, { services: ['default/web'], endpointSlicesRevision: revision, at: clock.now() })
    },
    rules: () =>
      records.readings
        .list()
        .flatMap(({ spans }) => spans)
        .filter(({ type }) => type === 'RulesProgrammed')
        .map(({ node, startMs, finishMs, reason }) => `${node} ${startMs}..${finishMs} ${reason}`),
  }
}

test('a change is kept until every node has followed it, and each follows it once', async () => {
  const { set, programs, rules, pending } = await begin()
  for (const node of ['a', 'b']) programs(node)
  set(true)
  programs('a')
  programs('a')
  assert.equal(pending(), 1)
  programs('b')
  assert.equal(pending(), 0)
  assert.deepEqual(rules(), ['a 1020..1030 EndpointReady', 'b 1020..1050 EndpointReady'])
})

test('nobody waits for a node that was removed: what it alone had not followed is forgotten', async () => {
  const { set, programs, forget, rules, pending } = await begin()
  for (const node of ['a', 'b', 'gone']) programs(node)
  for (let turn = 0; turn < 100; turn++) {
    set(turn % 2 === 0)
    if (turn < 99) for (const node of ['a', 'b']) programs(node)
  }
  assert.equal(pending(), 100)
  forget('gone')
  assert.equal(pending(), 1, 'the last is what a and b have not followed')
  for (const node of ['a', 'b']) programs(node)
  set(true)
  for (const node of ['a', 'b']) programs(node)
  assert.equal(pending(), 0)
  assert.equal(rules().length, 2 * 101)
})

test('a node that comes back under its name is a new one: what changed before is not for it to follow', async () => {
  const { set, programs, forget, rules, pending } = await begin()
  for (const node of ['a', 'b']) programs(node)
  set(true)
  forget('b')
  forget('never-heard-of')
  programs('b')
  assert.deepEqual([rules(), pending()], [[], 1])
  programs('a')
  set(false)
  for (const node of ['a', 'b']) programs(node)
  assert.deepEqual(rules(), ['a 1020..1040 EndpointReady', 'a 2040..2050 EndpointNotReady', 'b 2040..2060 EndpointNotReady'])
  assert.equal(pending(), 0)
})
