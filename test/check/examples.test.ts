/** Every cause is named on its own example, in virtual time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CAUSES } from '../../src/check/causes.ts'
import { runCheck } from '../../src/check/run_check.ts'
import { startVirtualSite } from '../../src/check/virtual_site.ts'
import { assertNamed, examples } from './examples.ts'

const SEEDS = 1

test('every cause but unknown has an example', () => {
  assert.deepEqual(
    CAUSES.filter(cause => !examples.some(({ name }) => name === cause)),
    ['unknown'],
  )
})

for (const example of examples)
  test(example.promise, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const site = await startVirtualSite({ seed })
      try {
        assertNamed(example, await site.run(runCheck(site, example.plan())))
      } finally {
        await site.close()
      }
    }
  })
