/** Whoever does what a check advises is rid of what it found, in virtual time; and every finding leads to a section of the docs. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { withAdvice } from '../../src/check/apply_advice.ts'
import { CAUSES, type Cause } from '../../src/check/causes.ts'
import type { CheckPlan } from '../../src/check/plan_check.ts'
import { runCheck } from '../../src/check/run_check.ts'
import { startVirtualSite } from '../../src/check/virtual_site.ts'
import { examples } from './examples.ts'

/** Here the program or the client has to change, which no manifest can say. */
const NOT_BY_A_PATCH: readonly Cause[] = ['reset-at-term', 'idle-connection-closed', 'bypassed-service']

const check = async (plan: CheckPlan) => {
  const site = await startVirtualSite({ seed: 1 })
  try {
    return await site.run(runCheck(site, plan))
  } finally {
    await site.close()
  }
}

for (const { name, causes, plan } of examples) {
  const [cause] = causes
  if (!cause || NOT_BY_A_PATCH.includes(cause)) continue
  test(`${name}.yaml loses nothing by ${cause} when the advice is followed`, async () => {
    const before = await check(plan())
    const advice = before.repetitions.flatMap(({ findings }) => findings.filter(finding => finding.cause === cause).flatMap(finding => finding.advice))
    assert.ok(
      advice.some(({ patch, create }) => patch ?? create),
      `${cause} comes without a patch`,
    )
    const careless = plan()
    const careful = await check({ ...careless, objects: withAdvice(careless.objects, advice) })
    assert.deepEqual(
      careful.repetitions.flatMap(({ findings }) => findings.filter(finding => finding.cause === cause).map(({ summary }) => summary)),
      [],
    )
  })
}

test('every cause has a section in docs/causes.md', () => {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
  const headings = [...readFileSync(join(root, 'docs/causes.md'), 'utf8').matchAll(/^## (\S+)$/gm)].map(([, heading]) => heading)
  assert.deepEqual(headings, [...CAUSES])
})
