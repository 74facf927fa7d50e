/** What one does next still works: after a drag, a zoom, a jump. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { checkPage } from '../../src/check/page.ts'
import type { PageDocument } from '../../src/timeline/page/document.ts'
import { podTimeline, span } from '../../src/timeline/testing/fixtures.ts'
import { reportOf, rollingUpdate } from './rolling_update.ts'
import { browserForTests } from './site.ts'

const { skip, opened } = browserForTests()

const rollout = (): PageDocument => checkPage([{ report: reportOf([rollingUpdate({ pods: 3, requests: 2_000, isCareless: true })]) }])

const focusedId = (page: Page): Promise<string | undefined> => page.evaluate(() => (document.activeElement as HTMLElement | null)?.dataset['id'])

test('a drag that is let go outside of the chart swallows no later click', { skip }, async context => {
  const page = await opened(context, rollout())
  const plot = page.locator('.group-row .plot').first()
  await plot.scrollIntoViewIfNeeded()
  const box = (await plot.boundingBox())!
  await page.mouse.move(box.x + 300, box.y + 20)
  await page.mouse.down()
  await page.mouse.move(box.x + 250, box.y + 20, { steps: 3 })
  await page.mouse.move(3, 3)
  await page.mouse.up()
  await page.getByRole('button', { name: 'Open all Pods' }).click()
  assert.equal(await page.locator('.lane.opened').count(), 6)
})

test('whoever zooms by keys keeps the focus in the chart, also when what had it is drawn no more', { skip }, async context => {
  const page = await opened(context, rollout())
  await page.locator('.cluster').first().focus()
  const cluster = await focusedId(page)
  assert.match(cluster!, /^request\//)
  for (let press = 0; press < 12; press++) {
    await page.keyboard.press('+')
    assert.notEqual(await focusedId(page), undefined, `after ${press + 1} steps`)
  }
  assert.match((await focusedId(page))!, /^group\//, 'at so many steps it lies out of sight')
  await page.keyboard.press('0')
  await page.keyboard.press('ArrowDown')
  assert.notEqual(await focusedId(page), undefined)
})

test('evidence opens the group that was closed over its Pod', { skip }, async context => {
  // Scrolls at once.
  const page = await opened(context, rollout(), { reducedMotion: 'reduce' })
  await page.locator('.group-name').first().click()
  assert.equal(await page.locator('.lane').count(), 3)
  await page.getByRole('button', { name: /exited with code 0/ }).click()
  await page.locator('.lane.opened').waitFor()
  assert.equal(await page.locator('.lane').count(), 6)
  const lane = (await page.locator('.lane.opened').boundingBox())!
  assert.ok(lane.y < 800 && lane.y + lane.height > 0, 'and it is in sight')
})

test('what the arrow keys lead to is not behind the axis, and its details stand beside it', { skip }, async context => {
  const page = await opened(context, rollout(), { viewport: { width: 1280, height: 420 } })
  await page.getByRole('button', { name: 'Open all Pods' }).click()
  // Where nothing lies under it that has details of its own.
  await page.mouse.move(1, 1)
  await page.locator('.lane-name').nth(3).focus()
  for (let press = 0; press < 20; press++) {
    await page.keyboard.press('ArrowUp')
    // The focus moves, and the details come, with the next rendering.
    await page.waitForFunction(() => {
      const element = document.activeElement!.getBoundingClientRect()
      const axis = document.querySelector('.sticky')!.getBoundingClientRect()
      const tooltip = document.querySelector('.tooltip')?.getBoundingClientRect()
      const isHidden = element.top < axis.bottom && element.bottom > axis.top
      const apart = tooltip && (tooltip.top >= element.bottom ? tooltip.top - element.bottom : element.top - tooltip.bottom)
      return !isHidden && (apart === undefined || Math.abs(apart - 10) < 2)
    })
  }
})

test('a Pod of which one instant alone is known is drawn without a complaint', { skip }, async context => {
  const page = await opened(context, {
    title: 'pod/web-1',
    notes: [],
    runs: [{ name: 'pod/web-1', timelines: [podTimeline('web-1', [span('Scheduling', 0, undefined)])], marks: [] }],
  })
  assert.equal(await page.locator('.lane').count(), 1)
})
