/** Pages in Debian's Chromium, opened from a file as a colleague would. One browser for a file of tests. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, type TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import { chromium, type BrowserContextOptions, type Page } from 'playwright-core'
import { readPageAssets } from '../../src/cli/page_assets.ts'
import type { PageDocument } from '../../src/timeline/page/document.ts'
import { renderTimelinePage } from '../../src/timeline/page/render.ts'

const CHROMIUM = '/usr/bin/chromium'
const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
]
/** For each step; a busy machine is slow, and nothing here asserts how fast it is. */
const PATIENCE_MS = 60_000

export interface OpenedPage {
  readonly page: Page
  /** What the page said in its console, and what it threw. */
  readonly complaints: readonly string[]
  /** Everything it asked for besides its own file. */
  readonly requests: readonly string[]
}

export interface Browser {
  /** `false`, or the reason for which a test is skipped. */
  readonly skip: string | false
  open(document: PageDocument, options?: BrowserContextOptions): Promise<OpenedPage>
  /** As `open`. When the test is over, the page has neither complained nor asked anybody for anything. */
  opened(context: TestContext, document: PageDocument, options?: BrowserContextOptions): Promise<Page>
}

/** Begins with the first test of a file, and ends with its last. */
export function browserForTests(): Browser {
  const skip = existsSync(CHROMIUM) ? false : `${CHROMIUM} is not installed (Debian package chromium)`
  let browser: RunningBrowser | undefined
  before(async () => {
    if (!skip) browser = await startBrowser()
  })
  after(() => browser?.close())
  const open: Browser['open'] = (document, options) => browser!.open(document, options)
  return {
    skip,
    open,
    async opened(context, document, options) {
      const { page, complaints, requests } = await open(document, options)
      context.after(async () => {
        await page.context().close()
        assert.deepEqual(complaints, [], 'the page complains in the console')
        assert.deepEqual(requests, [], 'the page asks somebody for something')
      })
      return page
    },
  }
}

interface RunningBrowser extends Pick<Browser, 'open'> {
  close(): Promise<void>
}

async function startBrowser(): Promise<RunningBrowser> {
  const directory = await mkdtemp(join(tmpdir(), 'poise-browser-'))
  const context = { locale: 'en-GB', timezoneId: 'UTC', viewport: { width: 1280, height: 800 } }
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: [...ARGS, '--disable-sync'], timeout: PATIENCE_MS })
  const assets = readPageAssets()
  let count = 0
  return {
    async open(document, options = {}) {
      const file = join(directory, `page-${count++}.html`)
      await writeFile(file, renderTimelinePage(document, assets))
      const page = await (await browser.newContext({ ...context, ...options })).newPage()
      page.setDefaultTimeout(PATIENCE_MS)
      const complaints: string[] = []
      const requests: string[] = []
      page.on('console', message => complaints.push(`${message.type()}: ${message.text()}`))
      page.on('pageerror', error => complaints.push(`error: ${error.message}`))
      page.on('request', request => {
        if (request.url() !== pathToFileURL(file).href) requests.push(request.url())
      })
      await page.goto(pathToFileURL(file).href)
      await page.waitForSelector('h1')
      return { page, complaints, requests }
    },
    async close() {
      await browser.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
