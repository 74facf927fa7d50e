/** `poise check` on real containers: what is lost is named, and what is mended loses nothing. All of them: check.long.test.ts. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { runCheck } from '../../src/check/run_check.ts'
import type { CheckSite } from '../../src/check/site.ts'
import { assertNamed, exampleNamed } from '../check/examples.ts'
import { reasonToSkipChecks, startCheckSite } from './check_site.ts'

/** Those that show for whole seconds what they show, so that a few requests see it however busy the machine is. */
const EXAMPLES = ['43576-patched', 'ready-before-listening'].map(exampleNamed)
const RATE_PER_SECOND = 50
const skip = (await reasonToSkipChecks(EXAMPLES)) ?? false

describe('examples of checks on real containers', { skip, concurrency: EXAMPLES.length }, () => {
  let site: CheckSite
  before(async () => {
    site = await startCheckSite(EXAMPLES)
  })
  after(() => site?.close())

  for (const example of EXAMPLES)
    it(example.promise, async t => {
      const report = await runCheck(site, example.plan({ ratePerSecond: RATE_PER_SECOND }))
      assertNamed(example, report)
      const [{ sent, lost } = assert.fail('there was no repetition')] = report.repetitions
      t.diagnostic(`${lost} of ${sent} requests lost`)
    })
})
