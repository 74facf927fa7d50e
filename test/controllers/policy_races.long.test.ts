/** Many seeds of what the short tests show of a few. */
import { test } from 'node:test'
import { raceForBudget, raceForQuota } from './policy_races.ts'

for (let seed = 0; seed < 100; seed++) {
  test(`a quota is never exceeded: seed ${seed}`, () => raceForQuota(`${seed}`))
  test(`a budget is never overdrawn: seed ${seed}`, () => raceForBudget(`${seed}`))
}
