import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkPage } from '../../src/check/page.ts'
import type { PageDocument } from '../../src/timeline/page/document.ts'
import { BEGAN_MS, completeSpans, podTimeline, span, startingSpans } from '../../src/timeline/testing/fixtures.ts'
import { contrastsOf } from './contrast.ts'
import { reportOf, rollingUpdate } from './rolling_update.ts'
import { browserForTests } from './site.ts'

const { skip, opened } = browserForTests()

const rollout = (): PageDocument => checkPage([{ report: reportOf([rollingUpdate({ pods: 3, requests: 2_000, isCareless: true })]) }])
const lonePod = (): PageDocument => ({
  title: 'pod/web-1',
  notes: [],
  runs: [{ name: 'pod/web-1', timelines: [podTimeline('web-1', completeSpans(8_000))], marks: [] }],
})

for (const colorScheme of ['light', 'dark'] as const) {
  test(`every text stands out in ${colorScheme}`, { skip }, async context => {
    const page = await opened(context, rollout(), { colorScheme })
    await page.getByRole('button', { name: 'Open all Pods' }).click()
    await page.getByText('All spans as a table').click()
    await page.locator('.lane .stage').first().click()
    const contrasts = await contrastsOf(page)
    assert.ok(contrasts.length > 40, 'it looks at the texts')
    assert.deepEqual(
      contrasts.filter(({ ratio }) => ratio < 4.5),
      [],
    )
  })
}

test('the colours follow the system until somebody chooses', { skip }, async context => {
  const page = await opened(context, lonePod(), { colorScheme: 'dark' })
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const dark = await ground()
  await page.emulateMedia({ colorScheme: 'light' })
  const light = await ground()
  assert.notEqual(light, dark)
  await page.getByRole('button', { name: 'Dark' }).click()
  assert.equal(await ground(), dark)
  await page.getByRole('button', { name: 'Light' }).click()
  assert.equal(await ground(), light)
})

test('colours are not needed: each stage, tone and cause has a pattern or a shape of its own', { skip }, async context => {
  const page = await opened(context, rollout())
  const looks = (selector: string) =>
    page.locator(selector).evaluateAll(elements =>
      elements.map(element => {
        const style = getComputedStyle(element)
        // Without the colours.
        return [style.backgroundImage.replace(/(?:rgba?|oklab|oklch|color)\((?:[^()]|\([^()]*\))*\)/g, ''), style.height, style.borderStyle].join(' ')
      }),
    )
  const stages = await looks('.legend .stage')
  assert.equal(new Set(stages).size, stages.length, stages.join('\n'))
  const marks = await page.locator('.legend .mark path').evaluateAll(paths => paths.map(path => path.getAttribute('d')))
  assert.equal(new Set(marks).size, 3)
})

const HOSTILE = `</script><script>window.hit=1</script><img src=x onerror="window.hit=1">'"&<!--\u2028{{7*7}}`

test('whatever strings come from a cluster, they are text', { skip }, async context => {
  const check = rollout().runs[0]!.check!
  const page = await opened(context, {
    title: HOSTILE,
    subtitle: HOSTILE,
    verdict: { is: 'lost', text: HOSTILE },
    notes: [HOSTILE],
    runs: [0, 1].map(() => ({
      name: HOSTILE,
      timelines: [
        podTimeline(
          HOSTILE,
          startingSpans().map(one => ({
            ...one,
            message: HOSTILE,
            reason: HOSTILE,
            ...(one.container && { container: HOSTILE }),
            ...(one.service && { service: HOSTILE, node: HOSTILE }),
          })),
          { uid: HOSTILE, owner: `ReplicaSet/${HOSTILE}`, node: HOSTILE, ip: HOSTILE },
        ),
      ],
      marks: [{ atMs: BEGAN_MS + 100, label: HOSTILE }],
      check: {
        ...check,
        summary: HOSTILE,
        requests: [
          {
            id: 1,
            plannedMs: BEGAN_MS + 200,
            endedMs: BEGAN_MS + 300,
            is: 'lost' as const,
            outcome: HOSTILE,
            cause: HOSTILE,
            client: HOSTILE,
            target: HOSTILE,
          },
        ],
        findings: [
          {
            cause: HOSTILE,
            title: HOSTILE,
            summary: HOSTILE,
            lost: 1,
            slow: 0,
            evidence: [{ atMs: BEGAN_MS + 250, text: HOSTILE, pod: HOSTILE, node: HOSTILE }],
            advice: [{ text: HOSTILE, code: { label: HOSTILE, text: HOSTILE } }],
            docs: HOSTILE,
          },
        ],
      },
    })),
  })
  await page.getByRole('button', { name: 'Open all Pods' }).click()
  await page.getByText('All spans as a table').click()
  await page.getByText('Lost and slow requests as a table').click()
  await page.locator('.evidence button').click()
  await page.locator('.cluster').click()
  assert.equal(await page.title(), HOSTILE.replace('\u2028', '\u2028'))
  assert.equal(await page.locator('h1').textContent(), HOSTILE)
  assert.equal(await page.locator('.advice pre').textContent(), HOSTILE)
  assert.ok((await page.locator('#spans-table tbody td').allTextContents()).includes(HOSTILE))
  assert.deepEqual(await page.evaluate(() => ({ hit: 'hit' in window, images: document.images.length, scripts: document.scripts.length })), {
    hit: false,
    images: 0,
    scripts: 3,
  })
})

test('what nobody knows is drawn as not known, and what is known to the second says so', { skip }, async context => {
  const { startAt: _, startMs: __, ...noStart } = span('ContainerStart', 0, 2_000, { container: 'web', origin: 'unknown' })
  const page = await opened(context, {
    title: 'pod/web-1',
    notes: [],
    runs: [
      {
        name: 'pod/web-1',
        marks: [],
        timelines: [
          podTimeline('web-1', [
            span('Scheduling', 0, 1_000, { origin: 'derived' }),
            noStart,
            { type: 'Term', container: 'web', origin: 'unknown' },
            span('Container', 2_000, 4_000, { container: 'web', origin: 'unknown', reason: 'Completed', exitCode: 0 }),
            span('Ready', 3_000, undefined),
          ]),
        ],
      },
    ],
  })
  const classes = (type: string) => page.locator(`.line-row .type-${type}`).getAttribute('class')
  assert.match((await classes('Scheduling'))!, / derived/)
  assert.match((await classes('ContainerStart'))!, / start-unknown/)
  assert.match((await classes('Term'))!, / start-unknown end-unknown/)
  assert.match((await classes('Ready'))!, / end-open/)
  assert.doesNotMatch((await classes('Ready'))!, /unknown|derived/)
  const told = async (type: string) => (await page.locator(`.line-row .type-${type}`).getAttribute('aria-label'))!
  assert.match(await told('Scheduling'), /known read off other objects, exact to the second/)
  assert.match(await told('Term'), /from unknown\. to unknown\. .*nobody can say when/)
  assert.match(await told('Ready'), /to goes on/)
})

test('a screen reader finds landmarks, headings, and a grid whose cells speak', { skip }, async context => {
  const page = await opened(context, {
    ...lonePod(),
    notes: ['It was made by hand.'],
    runs: [
      {
        name: 'pod/web-1',
        marks: [],
        timelines: [podTimeline('web-1', [span('Scheduling', 0, 4), span('Container', 500, undefined, { container: 'web' }), span('Ready', 900, undefined)])],
      },
    ],
  })
  assert.equal(await page.locator('body').ariaSnapshot(), SNAPSHOT)
})

test('on a narrow screen nothing is wider than the screen', { skip }, async context => {
  const page = await opened(context, rollout(), { viewport: { width: 360, height: 740 } })
  await page.getByRole('button', { name: 'Open all Pods' }).click()
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360)
  const plot = (await page.locator('.lane .plot').first().boundingBox())!
  assert.ok(plot.width > 300, 'the drawing has nearly all of it')
})

test('who wants no motion gets none', { skip }, async context => {
  const page = await opened(context, lonePod(), { reducedMotion: 'reduce' })
  const moving = await page.evaluate(
    () => [...document.querySelectorAll('*')].filter(element => Number.parseFloat(getComputedStyle(element).transitionDuration) > 0).length,
  )
  assert.equal(moving, 0)
})

test('on paper there are light colours, all Pods, and no buttons that do nothing there', { skip }, async context => {
  const page = await opened(context, rollout(), { colorScheme: 'dark' })
  await page.emulateMedia({ media: 'print' })
  const state = await page.evaluate(() => ({
    scheme: getComputedStyle(document.documentElement).colorScheme,
    buttons: [...document.querySelectorAll('.toolbar button, .theme, figcaption button')].filter(button => (button as HTMLElement).checkVisibility()).length,
    lanes: [...document.querySelectorAll('.lane')].filter(lane => (lane as HTMLElement).checkVisibility()).length,
  }))
  assert.deepEqual(state, { scheme: 'light', buttons: 0, lanes: 6 })
  assert.ok((await page.pdf({ landscape: true })).length > 10_000)
})

test('a page without any instant says so', { skip }, async context => {
  const page = await opened(context, {
    title: 'pod/web-1',
    notes: [],
    runs: [{ name: 'x', timelines: [podTimeline('web-1', [{ type: 'Term', origin: 'unknown' }])], marks: [] }],
  })
  assert.match(await page.locator('main').innerText(), /There is no timeline to show/)
})

/** Taken from Chromium and read: change it when what one hears is meant to change. */
const SNAPSHOT = `- link "Skip to the content":
  - /url: "#main"
- banner:
  - heading "pod/web-1" [level=1]
  - button "Dark"
- main:
  - heading "pod/web-1" [level=2]
  - region "Timeline":
    - toolbar "Timeline":
      - heading "Timeline" [level=3]
      - button "Zoom in": +
      - button "Zoom out": −
      - button "Everything"
      - button "Open all Pods"
      - button "Close all"
      - text: "Drag to pan. Wheel over the axis, or Ctrl and wheel, to zoom. Keys: arrows, + − 0, Enter pins."
    - text: Overview
    - 'scrollbar "Overview: arrow keys pan, plus and minus zoom, Home and End go to the edges"'
    - treegrid "1 Pod and 0 requests over time. Arrow keys move between spans, Enter pins details.":
      - row "ReplicaSet/web-5d4f" [expanded] [level=1]:
        - rowheader "ReplicaSet web-5d4f 1 Pod":
          - button "ReplicaSet web-5d4f" [expanded]:
            - text: ReplicaSet
            - strong: web-5d4f
          - text: 1 Pod
        - 'gridcell "1 Pod: 1 became Ready, 0 gone"'
      - rowgroup:
        - row "web-1" [expanded] [level=2]:
          - rowheader "web-1":
            - button "web-1" [expanded]
          - gridcell "stages":
            - 'button "web-1: pending. from +0.000 s (12:00:00.000 UTC). to +0.500 s (12:00:00.500 UTC). duration 500 ms. node node-a."'
            - 'button "web-1: starting, not yet Ready. from +0.500 s (12:00:00.500 UTC). to +0.900 s (12:00:00.900 UTC). duration 400 ms. node node-a."'
        - row "remarks" [level=3]:
          - rowheader "node-a"
          - gridcell "Ready 900 ms after it was created"
        - row "set up, take down" [level=3]:
          - rowheader "set up, take down"
          - gridcell "1 span":
            - 'button "web-1: scheduling. from +0.000 s (12:00:00.000 UTC). to +0.004 s (12:00:00.004 UTC). duration 4 ms. node node-a."'
        - row "web" [level=3]:
          - rowheader "web"
          - gridcell "1 span":
            - 'button "web-1: container runs · web. from +0.500 s (12:00:00.500 UTC). to goes on. how it went runs. node node-a."': container runs, runs
        - row "Ready" [level=3]:
          - rowheader "Ready"
          - gridcell "1 span":
            - 'button "web-1: Ready. from +0.900 s (12:00:00.900 UTC). to goes on. node node-a."'
    - paragraph: "Shown: −0.018 s to +0.918 s"
    - group:
      - text: Legend
      - list:
        - listitem: pending
        - listitem: init containers
        - listitem: starting, not yet Ready
        - listitem: Ready
        - listitem: no longer Ready
        - listitem: terminating
        - listitem: containers ended
      - list:
        - listitem: waiting
        - listitem: set up, taken down
        - listitem: init container
        - listitem: container
        - listitem: hook
        - listitem: Ready, success
        - listitem: failure, KILL
        - listitem: terminating
        - listitem: a node follows
        - listitem: exact to the second
        - listitem: "? nobody can say when"
      - paragraph: "Below the line of a Pod: what EndpointSlices say of it, and how long each node took to follow."
  - group:
    - heading "All spans as a table" [level=3]
- contentinfo:
  - region "What to know":
    - heading "What to know" [level=2]
    - list:
      - listitem: It was made by hand.
  - paragraph: Made by Poise. This file holds all of its data and asks nobody for anything.`
