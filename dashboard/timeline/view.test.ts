import assert from 'node:assert/strict'
import { test } from 'node:test'
import { binsOf, clustersOf } from './bins.ts'
import { nextFocus, type NavRow } from './chart_state.ts'
import { keyChange, scrollKeyChange } from './keys.ts'
import type { DrawnRequest } from './run_data.ts'
import { exactOffset, offsetText, ticksOf } from './ticks.ts'
import { fitInto, pan, placeOf, reveal, zoom } from './view.ts'

const DOMAIN = { fromMs: -1_000, toMs: 9_000 }

test('zooming leaves the instant under the pointer where it is', () => {
  const before = { fromMs: 0, toMs: 4_000 }
  const after = zoom(before, 4, 1_000, DOMAIN)
  assert.deepEqual(after, { fromMs: 750, toMs: 1_750 })
  assert.equal(placeOf(after, 1_000), placeOf(before, 1_000))
})

test('a view never gets wider than everything, narrower than a millisecond, or beyond an edge', () => {
  assert.deepEqual(zoom({ fromMs: 0, toMs: 4_000 }, 0.001, 0, DOMAIN), DOMAIN)
  assert.equal(zoom({ fromMs: 0, toMs: 4 }, 1_000, 2, DOMAIN).toMs - zoom({ fromMs: 0, toMs: 4 }, 1_000, 2, DOMAIN).fromMs, 1)
  assert.deepEqual(pan({ fromMs: 0, toMs: 4_000 }, 99_000, DOMAIN), { fromMs: 5_000, toMs: 9_000 })
  assert.deepEqual(fitInto({ fromMs: -5_000, toMs: -4_000 }, DOMAIN), { fromMs: -1_000, toMs: 0 })
})

test('revealing a span moves only when its beginning cannot be seen', () => {
  const view = { fromMs: 0, toMs: 1_000 }
  assert.equal(reveal(view, 200, 5_000, DOMAIN), view)
  assert.equal(reveal(view, -500, 600, DOMAIN), view, 'the end of it is seen')
  const moved = reveal(view, 4_000, 4_100, DOMAIN)
  assert.ok(placeOf(moved, 4_000) > 0 && placeOf(moved, 4_000) < 1)
  assert.equal(moved.toMs - moved.fromMs, 1_000)
})

test('ticks are round instants counted from zero, and say no more digits than their step', () => {
  const labels = (fromMs: number, toMs: number, zeroMs = 0, count = 5) => ticksOf({ fromMs, toMs }, zeroMs, count).map(({ label }) => label)
  assert.deepEqual(labels(-2_000, 8_000), ['−2 s', '0', '+2 s', '+4 s', '+6 s', '+8 s'])
  assert.deepEqual(labels(1_180, 1_260, 1_200), ['−20 ms', '0', '+20 ms', '+40 ms', '+60 ms'])
  assert.deepEqual(labels(2_210, 2_290), ['+2.22 s', '+2.24 s', '+2.26 s', '+2.28 s'])
  assert.deepEqual(labels(0, 600_000), ['0', '+2:00', '+4:00', '+6:00', '+8:00', '+10:00'])
  assert.deepEqual(labels(0, 36_000_000), ['0', '+2:00:00', '+4:00:00', '+6:00:00', '+8:00:00', '+10:00:00'])
  assert.equal(offsetText(0.4, 0.2), '+0.4 ms')
  assert.deepEqual(labels(660_000, 660_000.4), ['+11:00.0000', '+11:00.0001', '+11:00.0002', '+11:00.0003', '+11:00.0004'])
  assert.deepEqual([-0.4, -1, 0].map(exactOffset), ['+0.000 s', '−0.001 s', '+0.000 s'])
})

const request = (id: number, atMs: number, latencyMs: number, is: DrawnRequest['is'] = 'answered'): DrawnRequest => ({
  id,
  atMs,
  latencyMs,
  endMs: atMs + latencyMs,
  is,
  outcome: '',
  cause: undefined,
  client: 'new',
  target: undefined,
})

test('bins count each request once, at the instant it was planned, and leave the lost out of latencies', () => {
  const requests = [request(0, -1, 1), request(1, 0, 2), request(2, 10, 8, 'slow'), request(3, 60, 500, 'lost'), request(4, 100, 4), request(5, 101, 1)]
  const bins = binsOf(requests, { fromMs: 0, toMs: 100 }, 2)
  assert.deepEqual(bins, [
    { fromMs: 0, answered: 1, slow: 1, lost: 0, medianMs: 8, longestMs: 8 },
    { fromMs: 50, answered: 1, slow: 0, lost: 1, medianMs: 4, longestMs: 4 },
  ])
})

test('marks that would lie over each other become one that stands for all of them', () => {
  const requests = [request(1, 10, 1), request(2, 11, 1), request(3, 14, 1), request(4, 50, 1)]
  const clusters = clustersOf(requests, { fromMs: 0, toMs: 100 }, 0.05)
  assert.deepEqual(
    clusters.map(({ id, requests: held }) => [id, held.length]),
    [
      ['request/1', 3],
      ['request/4', 1],
    ],
  )
})

test('arrow keys walk along a row, and to what lies at the same time in the next one', () => {
  const item = (id: string, fromMs: number, toMs: number) => ({ id, fromMs, toMs })
  const rows: NavRow[] = [
    { header: 'a', items: [item('a1', 0, 10), item('a2', 10, 90), item('a3', 90, 99)] },
    { header: 'group', items: [] },
    { header: undefined, items: [item('b1', 0, 30), item('b2', 40, 50)] },
  ]
  const step = (id: string, key: Parameters<typeof nextFocus>[2]) => {
    const next = nextFocus(rows, id, key)
    return typeof next === 'object' ? next.id : next
  }
  assert.equal(step('a', 'right'), 'a1')
  assert.equal(step('a1', 'left'), 'a')
  assert.equal(step('a3', 'right'), undefined)
  assert.equal(step('a2', 'last'), 'a3')
  assert.equal(step('a3', 'down'), 'group')
  assert.equal(step('group', 'down'), 'b1')
  assert.equal(step('b2', 'up'), 'group')
  assert.equal(step('group', 'up'), 'a')
  assert.equal(step('gone', 'right'), 'a', 'what is no longer drawn leads to the beginning')
})

test('keys zoom and pan, and leave alone what is not theirs', () => {
  const view = { fromMs: 1_000, toMs: 2_000 }
  assert.deepEqual(keyChange('+', false, DOMAIN)!(view), { fromMs: 1_187.5, toMs: 1_812.5 })
  assert.deepEqual(keyChange('0', false, DOMAIN)!(view), DOMAIN)
  assert.deepEqual(keyChange('ArrowRight', true, DOMAIN)!(view), { fromMs: 1_125, toMs: 2_125 })
  assert.equal(keyChange('ArrowRight', false, DOMAIN), undefined)
  assert.deepEqual(scrollKeyChange('End', DOMAIN)!(view), { fromMs: 8_000, toMs: 9_000 })
  assert.deepEqual(scrollKeyChange('Home', DOMAIN)!(view), { fromMs: -1_000, toMs: 0 })
  assert.equal(scrollKeyChange('Tab', DOMAIN), undefined)
})
