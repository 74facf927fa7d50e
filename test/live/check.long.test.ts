/** Every example of a check on real containers, again and again: each cause is named every time, and a mended manifest never loses anything. */
import { after, before, describe, it } from 'node:test'
import { runCheck } from '../../src/check/run_check.ts'
import type { CheckSite } from '../../src/check/site.ts'
import { assertNamed, examples } from '../check/examples.ts'
import { reasonToSkipChecks, startCheckSite } from './check_site.ts'

const AT_ONCE = 3
const REPETITIONS = { causes: 20, mended: 50 }
const skip = (await reasonToSkipChecks(examples)) ?? false

describe('all examples of checks on real containers', { skip, concurrency: AT_ONCE }, () => {
  let site: CheckSite
  before(async () => {
    site = await startCheckSite(examples)
  })
  after(() => site?.close())

  for (const example of examples) {
    const repeat = example.causes.length > 0 ? REPETITIONS.causes : REPETITIONS.mended
    it(`${example.promise}, ${repeat} times`, async t => {
      const report = await runCheck(site, example.plan({ repeat }), {
        onRepetition: ({ lost, sent, findings }) =>
          t.diagnostic(`${lost} of ${sent} lost: ${findings.map(({ cause, lost: of }) => `${cause} ${of}`).join(', ')}`),
      })
      assertNamed(example, report)
    })
  }
})
