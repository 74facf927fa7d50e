import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../base/random.ts'
import { CAUSES } from './causes.ts'
import { END, KILL, MISSING, MIXED, START, UNCERTAIN, type DiagnosisCase } from './diagnose_cases.ts'
import { diagnose } from './diagnose.ts'
import { isLost, isSlow } from './outcome.ts'
import { observed } from './testing/observed.ts'

const TABLES = { START, END, KILL, MISSING, UNCERTAIN, MIXED }
const all: readonly (readonly [string, DiagnosisCase])[] = Object.values(TABLES).flatMap(table => Object.entries(table))

for (const [name, { pods, requests, words, because }] of all)
  test(name, () => {
    const findings = diagnose(observed(pods, requests, words))
    assert.deepEqual(Object.fromEntries(findings.map(finding => [finding.cause, finding.requests])), sorted(because))
  })

const sorted = (because: DiagnosisCase['because']) => Object.fromEntries(CAUSES.flatMap(cause => (because[cause] ? [[cause, because[cause]]] : [])))

test('every cause has a case in which it is found', () => {
  const found = new Set(all.flatMap(([, { because }]) => Object.keys(because)))
  assert.deepEqual(
    CAUSES.filter(cause => !found.has(cause)),
    [],
  )
})

test('every lost or slow request is in exactly one finding, and no other is in any', () => {
  const random = seededRandom('requests of one case, Pods of another')
  const cases = all.map(([, one]) => one)
  for (let round = 0; round < 300; round++) {
    // Pods of one case and requests of others: what never happened together must be told apart all the same, or be unknown.
    const { pods, words } = cases[random.below(cases.length)]!
    const requests = Array.from({ length: 12 }, (_, index) => {
      const { requests: some } = cases[random.below(cases.length)]!
      return { ...some[random.below(some.length)]!, id: index }
    })
    const observation = observed(pods, requests, words)
    const findings = diagnose(observation)
    const wanted = requests.filter(request => isLost(request) || isSlow(request, observation.slowMs)).map(({ id }) => id)
    assert.deepEqual(
      findings.flatMap(finding => finding.requests).sort((a, b) => a - b),
      wanted,
      `round ${round}`,
    )
    for (const { lost, slow, requests: ids, evidence, docs, cause } of findings) {
      assert.equal(lost + slow, ids.length)
      assert.ok(evidence.length > 0 && evidence.length <= 10, `${cause}: ${evidence.length} sentences`)
      assert.equal(docs, `causes.md#${cause}`)
    }
  }
})

test('nothing is found where all was answered in time', () => {
  assert.deepEqual(diagnose(observed(START[Object.keys(START)[0]!]!.pods, [])), [])
})

test('evidence is told in the order of time, what has no instant last', () => {
  for (const [name, { pods, requests, words }] of all)
    for (const { evidence, cause } of diagnose(observed(pods, requests, words))) {
      const instants = evidence.map(({ atMs }) => atMs ?? Infinity)
      assert.deepEqual(
        instants,
        instants.toSorted((a, b) => a - b),
        `${cause}: ${name}`,
      )
    }
})
