import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { checkPage } from '../../src/check/page.ts'
import type { PageDocument } from '../../src/timeline/page/document.ts'
import { browserForTests } from './site.ts'
import { reportOf, rollingUpdate } from './rolling_update.ts'
import type { Page } from 'playwright-core'

const { skip, open, opened } = browserForTests()

const rollout = (pods: number, requests = 4_000): PageDocument =>
  checkPage([
    { name: 'careless', report: reportOf([rollingUpdate({ pods, requests, isCareless: true })]) },
    { name: 'patched', report: reportOf([rollingUpdate({ pods, requests, isCareless: false })]) },
  ])

/** `+1.000 s to +2.500 s`, as it is told to a screen reader. */
async function shown(page: Page): Promise<{ fromMs: number; toMs: number; spanMs: number }> {
  const text = (await page.locator('[data-live]').textContent())!
  const [fromMs, toMs] = [...text.matchAll(/([+−])([\d.]+) s/g)].slice(-2).map(([, sign, seconds]) => Number(seconds) * (sign === '−' ? -1000 : 1000))
  return { fromMs: fromMs!, toMs: toMs!, spanMs: toMs! - fromMs! }
}

/** What the browser does with a wheel it does later; the test has no other limit than its own patience. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let attempts = 0; !(await holds()); attempts++) {
    assert.ok(attempts < 600, 'it never happens')
    await sleep(50)
  }
}

const focused = (page: Page): Promise<string> =>
  page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '')

test('the page tells the verdict, the causes with what shows them, and what to change', { skip }, async context => {
  const page = await opened(context, rollout(3))
  assert.match(
    (await page.locator('.sentence').textContent())!,
    /^41 of 4000 requests \(1 %\) were lost: restart of Deployment\/web, which settled after 8\.\d+ s\./,
  )
  assert.deepEqual(await page.locator('.finding h4 code').allTextContents(), ['refused-after-exit', 'reset-at-term'])
  assert.equal(await page.locator('.evidence button').count(), 3)
  assert.match((await page.locator('.advice pre').first().textContent())!, /^kubectl patch deployment web --patch '\{"spec"/)
  assert.deepEqual(await page.locator('.group-name .age').allTextContents(), ['old', 'new'])
  assert.deepEqual(await page.locator('.cause-row .gutter .name').allTextContents(), [' slow', ' reset-at-term', ' refused-after-exit'])
})

test('its own policy forbids it to ask anybody, whatever a script tries', { skip }, async () => {
  const { page } = await open(rollout(1))
  const blocked = await page.evaluate(async () => {
    const violations: string[] = []
    const all = new Promise<void>(resolve => {
      document.addEventListener('securitypolicyviolation', event => {
        violations.push(event.effectiveDirective)
        if (violations.length === 3) resolve()
      })
    })
    await fetch('http://127.0.0.1:9/').catch(() => undefined)
    await new Promise(resolve => {
      const image = new Image()
      image.onerror = resolve
      image.src = 'http://127.0.0.1:9/x.png'
    })
    const script = document.createElement('script')
    script.textContent = 'window.wasRun = true'
    document.body.append(script)
    await all
    return { violations, wasRun: 'wasRun' in window }
  })
  assert.deepEqual(blocked, { violations: ['connect-src', 'img-src', 'script-src-elem'], wasRun: false })
  await page.context().close()
})

test('one zooms by buttons, keys and wheel, and gets back to everything', { skip }, async context => {
  const page = await opened(context, rollout(3))
  const start = await shown(page)
  await page.getByRole('button', { name: 'Zoom in' }).click()
  const closer = await shown(page)
  assert.ok(closer.spanMs < start.spanMs)
  await page.keyboard.press('+')
  assert.ok((await shown(page)).spanMs < closer.spanMs, 'the focus is in the chart, so its keys work')
  await page.keyboard.press('-')
  await page.keyboard.press('-')
  assert.ok(Math.abs((await shown(page)).spanMs - start.spanMs) <= 2)

  await page.locator('.axis-row .plot').scrollIntoViewIfNeeded()
  const axis = (await page.locator('.axis-row .plot').boundingBox())!
  await page.mouse.move(axis.x + axis.width / 4, axis.y + 20)
  await page.mouse.wheel(0, -400)
  await until(async () => (await shown(page)).spanMs < start.spanMs * 0.9)
  const wheeled = await shown(page)
  assert.ok(wheeled.spanMs < start.spanMs / 2)
  const under = (view: { fromMs: number; spanMs: number }) => view.fromMs + view.spanMs / 4
  assert.ok(Math.abs(under(wheeled) - under(start)) < 30, 'what is under the pointer stays there')
  await page.keyboard.press('0')
  assert.ok((await shown(page)).spanMs > start.spanMs)
})

test('the wheel scrolls the page over Pods, and zooms there with Ctrl only', { skip }, async context => {
  const page = await opened(context, rollout(60))
  await page.locator('.lane').nth(5).scrollIntoViewIfNeeded()
  const lane = (await page.locator('.lane .plot').nth(5).boundingBox())!
  await page.mouse.move(lane.x + 200, lane.y + 5)
  const [start, top] = [await shown(page), await page.evaluate(() => scrollY)]
  await page.mouse.wheel(0, 300)
  await until(async () => (await page.evaluate(() => scrollY)) > top)
  assert.deepEqual(await shown(page), start)
  await page.keyboard.down('Control')
  await page.mouse.wheel(0, -300)
  await page.keyboard.up('Control')
  await until(async () => (await shown(page)).spanMs < start.spanMs)
})

test('one pans by dragging and by the overview, never beyond the edges, and a drag is no click', { skip }, async context => {
  const page = await opened(context, rollout(3))
  await page.getByRole('button', { name: 'Zoom in' }).click()
  await page.getByRole('button', { name: 'Zoom in' }).click()
  const start = await shown(page)
  await page.locator('.stage-ready').first().scrollIntoViewIfNeeded()
  const plot = (await page.locator('.stage-ready').first().boundingBox())!
  await page.mouse.move(plot.x + 300, plot.y + 4)
  await page.mouse.down()
  await page.mouse.move(plot.x + 100, plot.y + 4, { steps: 5 })
  await page.mouse.up()
  await until(async () => (await shown(page)).fromMs > start.fromMs)
  const dragged = await shown(page)
  assert.ok(dragged.fromMs > start.fromMs && Math.abs(dragged.spanMs - start.spanMs) <= 2)
  assert.equal(await page.locator('.pinned-details').count(), 0)

  await page.getByRole('scrollbar').focus()
  await page.keyboard.press('ArrowLeft')
  assert.ok((await shown(page)).fromMs < dragged.fromMs)
  await page.keyboard.press('End')
  const end = await shown(page)
  await page.keyboard.press('ArrowRight')
  assert.deepEqual(await shown(page), end)
  await page.keyboard.press('Home')
  assert.equal(await page.getByRole('scrollbar').getAttribute('aria-valuenow'), '0')
})

test('two fingers zoom, one pans', { skip }, async context => {
  const page = await opened(context, rollout(3), { hasTouch: true })
  const touch = await page.context().newCDPSession(page)
  await page.locator('.group-row .plot').first().scrollIntoViewIfNeeded()
  const box = (await page.locator('.group-row .plot').first().boundingBox())!
  const y = box.y + 20
  const at = (...xs: number[]) => xs.map((x, id) => ({ x: box.x + x, y, id }))
  const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...xs: number[]) => touch.send('Input.dispatchTouchEvent', { type, touchPoints: at(...xs) })
  const start = await shown(page)
  await send('touchStart', 300, 400)
  for (const apart of [20, 60, 100]) await send('touchMove', 300 - apart, 400 + apart)
  await send('touchEnd')
  await until(async () => (await shown(page)).spanMs < start.spanMs / 2)
  const pinched = await shown(page)
  assert.ok(pinched.spanMs < start.spanMs / 2, `${pinched.spanMs} of ${start.spanMs}`)
  await send('touchStart', 300)
  for (const x of [320, 380, 420]) await send('touchMove', x)
  await send('touchEnd')
  await until(async () => (await shown(page)).fromMs < pinched.fromMs - pinched.spanMs / 20)
  const panned = await shown(page)
  assert.ok(panned.fromMs < pinched.fromMs && Math.abs(panned.spanMs - pinched.spanMs) <= 2)
})

test('pointing at a span and reaching it by keys tell the same, with exact instants', { skip }, async context => {
  const page = await opened(context, rollout(3))
  const bar = page.locator('.line-row .type-Term')
  await bar.scrollIntoViewIfNeeded()
  await bar.hover()
  const hovered = await page.getByRole('tooltip').innerText()
  assert.match(hovered, /^stop signal · web web-5d4f7c9b8-\w+/)
  assert.match(hovered, /from\n\+2\.\d{3} s \(12:00:14\.\d{3} UTC\)/)
  assert.match(hovered, /duration\n\d+ ms/)
  assert.match(hovered, /known\nrecorded as it happened/)
  await page.mouse.move(2, 2)
  assert.equal(await page.getByRole('tooltip').count(), 0)

  await page.locator('.group-name').first().focus()
  for (let steps = 0; !(await focused(page)).includes('stop signal'); steps++) {
    assert.ok(steps < 30, 'the arrow keys reach it')
    await page.keyboard.press('ArrowDown')
    if ((await focused(page)).startsWith('web-5d4f')) await page.keyboard.press('End')
  }
  assert.equal(await page.getByRole('tooltip').innerText(), hovered)
  await page.keyboard.press('Enter')
  assert.match(await page.getByRole('complementary', { name: 'Details' }).innerText(), /stop signal/)
  await page.keyboard.press('Escape')
  assert.equal(await page.getByRole('complementary', { name: 'Details' }).count(), 0)
})

test('in all lanes together Tab stops once, and whatever has the focus shows it', { skip }, async context => {
  const page = await opened(context, rollout(3))
  assert.equal(await page.locator('[role=treegrid] [tabindex="0"]').count(), 1)
  await page.keyboard.press('Tab')
  assert.equal(await focused(page), 'Skip to the content')
  const seen: string[] = []
  for (let stops = 0; stops < 40; stops++) {
    await page.keyboard.press('Tab')
    const state = await page.evaluate(() => {
      const element = document.activeElement!
      const style = getComputedStyle(element)
      return {
        isBody: element === document.body,
        name: (element.getAttribute('aria-label') ?? element.textContent ?? '').trim().slice(0, 40),
        outline: `${style.outlineStyle} ${style.outlineWidth}`,
      }
    })
    if (state.isBody) break
    assert.equal(state.outline, 'solid 2px', `${state.name} shows no focus`)
    seen.push(state.name)
  }
  for (const name of ['careless41 lost', 'Copy', 'Zoom in', 'Open all Pods', 'Legend', 'All spans as a table'])
    assert.ok(seen.includes(name), `${name} among ${seen.join(' | ')}`)
  assert.equal(seen.filter(name => name.includes('web-5d4f7c9b8')).length, 3, 'two pieces of evidence, and one stop in the lanes')
})

test('tabs hold the runs, and arrow keys change them', { skip }, async context => {
  const page = await opened(context, rollout(3))
  await page.getByRole('tab', { name: /careless/ }).focus()
  await page.keyboard.press('ArrowRight')
  assert.match(await focused(page), /^patched/)
  assert.equal(await page.getByRole('tab', { name: /patched/ }).getAttribute('aria-selected'), 'true')
  assert.match((await page.getByRole('tabpanel').locator('.sentence').textContent())!, /^None of 4000 requests was lost/)
  assert.equal(await page.locator('.finding').count(), 0)
  await page.keyboard.press('ArrowRight')
  assert.match(await focused(page), /^careless/)
})

test('evidence leads to its instant: the time is shown, the Pod opened, and it is said aloud', { skip }, async context => {
  const page = await opened(context, rollout(3))
  const start = await shown(page)
  await page.getByRole('button', { name: /exited with code 0/ }).click()
  const there = await shown(page)
  assert.ok(there.spanMs < start.spanMs / 4)
  const time = (await page.locator('.evidence time').nth(1).textContent())!
  const atMs = Number(/[\d.]+/.exec(time)![0]) * 1000
  assert.ok(Math.abs((there.fromMs + there.toMs) / 2 - atMs) < 2)
  assert.equal(await page.locator('.guide-spotlight').count(), 1)
  assert.match((await page.locator('[data-live]').textContent())!, /exited with code 0/)
  const name = /web-5d4f7c9b8-\w+/.exec((await page.locator('.evidence button').nth(1).textContent())!)![0]
  assert.equal(await page.locator(`[data-lane="${name}"].opened`).count(), 1)
})

test('the patch is copied whole', { skip }, async context => {
  const page = await opened(context, rollout(3))
  const patch = (await page.locator('.advice pre').first().textContent())!
  await page.getByRole('button', { name: 'Copy' }).first().click()
  await page.getByText('Copied').waitFor()
  await page.evaluate(() => {
    const area = document.createElement('textarea')
    area.id = 'pasted'
    document.body.append(area)
    area.focus()
  })
  await page.keyboard.press('Control+V')
  assert.equal(await page.locator('#pasted').inputValue(), patch)
})

/** A table fills when the browser tells of its opening, which is later than the click. */
async function rowsBecome(page: Page, rows: string, wanted: number): Promise<void> {
  await page.waitForFunction(({ rows, wanted }) => document.querySelectorAll(rows).length === wanted, { rows, wanted })
}

test('every span is in the table, too', { skip }, async context => {
  const document = rollout(3)
  const page = await opened(context, document)
  await page.getByText('All spans as a table').click()
  const spans = document.runs[0]!.timelines.reduce((sum, timeline) => sum + timeline.spans.length, 0)
  await rowsBecome(page, '#spans-table tbody tr', spans)
  await page.getByRole('combobox', { name: 'Pod' }).selectOption({ index: 1 })
  const first = document.runs[0]!.timelines.find(({ pod }) => pod.name.startsWith('web-5d4f'))!
  await rowsBecome(page, '#spans-table tbody tr', first.spans.length)
  await page.getByText('Lost and slow requests as a table').click()
  await rowsBecome(page, '#requests-table tbody tr', 44)
})

test('what is drawn grows with the Pods, and not with the requests', { skip }, async context => {
  const elements = async (document: PageDocument): Promise<number> => {
    const page = await opened(context, document)
    return page.locator('#chart-rows *').count()
  }
  const [few, many, often] = [await elements(rollout(3)), await elements(rollout(60)), await elements(rollout(60, 16_000))]
  assert.ok(many < few + 57 * 2 * 45, `${many} elements for 120 Pods, ${few} for 6`)
  assert.ok(often < many * 1.2, `${often} elements for four times the requests, ${many} before`)
})

test('an element that is not in view is not drawn', { skip }, async context => {
  const page = await opened(context, rollout(60))
  const all = await page.locator('.stage').count()
  await page.getByRole('button', { name: /exited with code 0/ }).click()
  for (let press = 0; press < 8; press++) await page.getByRole('button', { name: 'Zoom in' }).click()
  assert.ok((await page.locator('.stage').count()) < all / 2)
})
