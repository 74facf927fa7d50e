import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { checkPage } from '../../src/check/page.ts'
import type { PageDocument } from '../../src/timeline/page/document.ts'
import { completeSpans, podTimeline, span } from '../../src/timeline/testing/fixtures.ts'
import { reportOf, rollingUpdate } from './rolling_update.ts'
import { browserForTests } from './site.ts'

const { skip, opened } = browserForTests()

const rollout = (): PageDocument => checkPage([{ report: reportOf([rollingUpdate({ pods: 3, requests: 2_000, isCareless: true })]) }])
/** Its labels are as long as labels get: hours, with milliseconds. */
const longLife = (): PageDocument => ({
  title: 'pod/web-1',
  notes: [],
  runs: [{ name: 'pod/web-1', timelines: [podTimeline('web-1', [...completeSpans(7_200_000), span('Endpoint', 7_200_000, 7_200_400)])], marks: [] }],
})

interface AxisLook {
  readonly labels: readonly string[]
  /** What does not lie whole within its axis, or lies over another one. */
  readonly wrong: readonly string[]
}

const lookAtAxis = (page: Page): Promise<AxisLook> =>
  page.evaluate(() => {
    const boxOf = (selector: string) => document.querySelector(selector)!.getBoundingClientRect()
    const axis = boxOf('.axis-row .plot')
    const [left, right] = [Math.max(axis.left, 0), Math.min(axis.right, document.documentElement.clientWidth)]
    const labels = [...document.querySelectorAll('.axis-row .tick, .axis-row .flag')]
    const wrong = labels.flatMap(label => {
      const box = label.getBoundingClientRect()
      const isWithin = box.left >= left - 0.5 && box.right <= right + 0.5 && box.top >= axis.top - 0.5 && box.bottom <= axis.bottom + 0.5
      return isWithin ? [] : [`${label.textContent} at ${box.left}..${box.right} of ${left}..${right}`]
    })
    const over = ['.tick', '.flag'].flatMap(selector => {
      const row = [...document.querySelectorAll(`.axis-row ${selector}`)]
      const boxes = row.map(label => label.getBoundingClientRect())
      return row.flatMap(({ textContent }, index) =>
        index > 0 && boxes[index - 1]!.right > boxes[index]!.left + 0.5 ? [`${textContent} over the one before`] : [],
      )
    })
    const upright = [...document.querySelectorAll('.grid-label')].flatMap(label => {
      const [box, plot] = [label.getBoundingClientRect(), label.closest('.plot')!.getBoundingClientRect()]
      return box.top >= plot.top - 0.5 && box.bottom <= plot.bottom + 0.5 && box.right <= right + 0.5 ? [] : [`${label.textContent} of the latency`]
    })
    return { labels: labels.map(label => label.textContent), wrong: [...wrong, ...over, ...upright] }
  })

/** By keys, as far as one can see: to both edges, closer, and everything. */
async function lookEverywhere(page: Page, keys: readonly string[]): Promise<string[]> {
  const seen: string[] = []
  await page.getByRole('scrollbar').focus()
  for (const key of ['', ...keys]) {
    if (key) await page.keyboard.press(key)
    const { labels, wrong } = await lookAtAxis(page)
    assert.deepEqual(wrong, [], `after ${key || 'nothing'}: ${labels.join(' ')}`)
    seen.push(...labels)
  }
  return seen
}

const CLOSER = Array<string>(20).fill('+')
/** Steps of an eighth of the width: ticks come to lie at every distance from the edges. */
const ALONG = Array<string>(9).fill('ArrowRight')
/** Over the beginning, where offsets are negative, and over the end. */
const TOUR = ['0', '+', 'Home', ...ALONG, '+', '+', ...ALONG, 'End', ...CLOSER, ...ALONG, '0']

for (const width of [1280, 800, 390])
  test(`at ${width} pixels every label of the axis is seen whole, wherever one looks`, { skip }, async context => {
    const viewport = { width, height: 800 }
    const labels = await lookEverywhere(await opened(context, rollout(), { viewport }), TOUR)
    assert.ok(
      labels.some(label => label.startsWith('−')) && labels.includes('0') && labels.some(label => /^\+\d/.test(label)),
      'it looks at all kinds of labels',
    )
    assert.ok(labels.includes('restart of Deployment/web') && labels.includes('settled'), 'and at the marks')
    const long = await lookEverywhere(await opened(context, longLife(), { viewport }), TOUR)
    assert.ok(
      long.some(label => label.length >= '+1:50:00.000'.length),
      'and at the longest ones',
    )
  })
