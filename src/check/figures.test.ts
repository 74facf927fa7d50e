import assert from 'node:assert/strict'
import { test } from 'node:test'
import { figuresOf, keptOf, percentile, slowThreshold, worthKeeping } from './figures.ts'
import type { LoadRequest } from './observation.ts'

const request = (id: number, latencyMs: number, outcome: LoadRequest['outcome'] = { is: 'answered', status: 200 }): LoadRequest => ({
  id,
  plannedMs: id * 10,
  sentMs: id * 10 + latencyMs / 2,
  endedMs: id * 10 + latencyMs,
  client: id % 2 === 0 ? 'new' : 'keep-alive',
  connection: id,
  outcome,
})
const REFUSED: LoadRequest['outcome'] = { is: 'failed', symptom: 'refused', during: 'connect' }

test('latency counts from the planned instant, of what was answered', () => {
  const { latencyMs } = figuresOf([request(0, 5), request(1, 50), request(2, 9_000, REFUSED)], { changeMs: 0, slowMs: 1_000 })
  assert.deepEqual(latencyMs, { p50: 5, p95: 50, p99: 50, max: 50 })
})

test('lost are those without an answer and those that the server failed, and what was lost before the change is told apart', () => {
  const requests = [request(0, 5, REFUSED), request(1, 5, { is: 'answered', status: 503 }), request(2, 5, { is: 'answered', status: 404 }), request(3, 2_000)]
  const { sent, lost, lostBeforeChange, slow, perClient } = figuresOf(requests, { changeMs: 10, slowMs: 1_000 })
  assert.deepEqual({ sent, lost, lostBeforeChange, slow }, { sent: 4, lost: 2, lostBeforeChange: 1, slow: 1 })
  assert.deepEqual(perClient, { new: { sent: 2, lost: 1, slow: 0 }, 'keep-alive': { sent: 2, lost: 1, slow: 1 } })
})

test('percentiles are by the nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1)
  assert.deepEqual([percentile(hundred, 50), percentile(hundred, 95), percentile(hundred, 99), percentile([7], 50), percentile([], 99)], [50, 95, 99, 7, 0])
})

test('slow is over a second, or over ten times what was usual before the change', () => {
  const before = [request(0, 30), request(1, 40), request(2, 9_000, REFUSED)]
  assert.equal(slowThreshold([...before, request(50, 5_000)], 500), 1_000)
  assert.equal(slowThreshold([request(0, 300), request(1, 300), request(2, 300), request(50, 5_000)], 500), 3_000)
  assert.equal(slowThreshold([], 0), 1_000)
})

test('every bad request is kept, and enough of the others to draw them', () => {
  const requests = Array.from({ length: 50_000 }, (_, id) => request(id, 5, id % 100 === 0 ? REFUSED : undefined))
  const kept = worthKeeping(requests, 1_000, keptOf(1))
  assert.equal(kept.filter(({ outcome }) => outcome.is === 'failed').length, 500)
  assert.ok(kept.length > 2_000 && kept.length <= 2_500, `${kept.length} are kept`)
  assert.deepEqual(
    kept.map(({ id }) => id),
    kept.map(({ id }) => id).toSorted((a, b) => a - b),
  )
})

test('the more repetitions, the fewer requests of each are kept', () => {
  assert.deepEqual(keptOf(20), { badMax: 10_000, goodMax: 2_000 })
  assert.deepEqual(keptOf(1_000), { badMax: 200, goodMax: 200 })
})
