import assert from 'node:assert/strict'
import { test } from 'node:test'
import { timelineModel } from './model.ts'
import { drawSvg } from './svg.ts'
import { BEGAN_MS, BEGAN_WALL_MS, completeSpans, killedSpans, podTimeline, startingSpans } from './testing/fixtures.ts'

const draw = (...args: Parameters<typeof timelineModel>) => drawSvg(timelineModel(...args), { title: 'Pods <of> "shop"' })

test('the picture asks nobody for anything, and is light or dark as its reader prefers', () => {
  const svg = draw([podTimeline('web-0', completeSpans())])
  assert.doesNotMatch(svg, /href=|url\(|<script|@import/)
  assert.match(svg, /prefers-color-scheme:dark/)
})

test('who cannot see it hears a title, what became of each Pod, and each bar', () => {
  const svg = draw([podTimeline('web-0', killedSpans())])
  assert.match(svg, /role="img" aria-labelledby="title description"/)
  assert.match(svg, /<title id="title">Pods &lt;of&gt; &quot;shop&quot;<\/title>/)
  assert.match(svg, /<desc id="description">web-0: Ready 262 ms after it was created; gone 2\.190 s after it was asked to go; .*grace was over/)
  assert.match(svg, /<title>run web: from \+0\.260 s, 8\.750 s: exit 137<\/title>/)
})

test('many Pods are one line each, with what was lost above them', () => {
  const requests = [{ plannedMs: BEGAN_MS + 500, endedMs: BEGAN_MS + 501, result: 'lost', label: 'connection refused', pod: undefined }] as const
  const svg = draw([podTimeline('web-0', startingSpans()), podTimeline('web-1', killedSpans())], { nowWallMs: BEGAN_WALL_MS + 12_000, requests })
  assert.match(svg, /1 requests, 1 lost/)
  assert.match(svg, /<title>lost: connection refused<\/title>/)
  assert.match(svg, /<rect class="s-ready"[^>]*><title>web-0: Ready, 8\.097 s from \+3\.903 s<\/title>/)
})

test('all elements are closed, and no number is missing', () => {
  for (const timelines of [[], [podTimeline('web-0', completeSpans())], [podTimeline('a', startingSpans()), podTimeline('b', killedSpans())]]) {
    const svg = draw(timelines)
    assert.doesNotMatch(svg, /NaN|undefined|Infinity/)
    const open: string[] = []
    for (const [, slash, name = '', closed] of svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
      if (closed) continue
      if (slash) assert.equal(open.pop(), name)
      else open.push(name)
    }
    assert.deepEqual(open, [])
  }
})
