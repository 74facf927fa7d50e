import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TimelineSpan } from '../api/types/pod_timeline.ts'
import { seededRandom } from '../base/random.ts'
import { CAUSES } from './causes.ts'
import { diagnose } from './diagnose.ts'
import type { Observation } from './observation.ts'
import { isLost, isSlow } from './outcome.ts'
import { DIAGNOSIS_CASES } from './testing/cases.ts'
import type { DiagnosisCase } from './testing/diagnosis_case.ts'
import { observed, WALL_OFFSET_MS } from './testing/observed.ts'

for (const [name, { pods, requests, words, because }] of DIAGNOSIS_CASES)
  test(name, () => {
    const findings = diagnose(observed(pods, requests, words))
    assert.deepEqual(Object.fromEntries(findings.map(finding => [finding.cause, finding.requests])), sorted(because))
  })

const sorted = (because: DiagnosisCase['because']) => Object.fromEntries(CAUSES.flatMap(cause => (because[cause] ? [[cause, because[cause]]] : [])))

test('every cause has a case in which it is found', () => {
  const found = new Set(DIAGNOSIS_CASES.flatMap(([, { because }]) => Object.keys(because)))
  assert.deepEqual(
    CAUSES.filter(cause => !found.has(cause)),
    [],
  )
})

test('every lost or slow request is in exactly one finding, and no other is in any', () => {
  const random = seededRandom('requests of one case, Pods of another')
  const cases = DIAGNOSIS_CASES.map(([, one]) => one)
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

/** As timelines of other clusters are: to the second, without signals, probes and rules; and nobody sees where connections go. */
function blurred({ pods, requests, words }: DiagnosisCase): Observation {
  const observation = observed(pods, requests, words)
  const second = (ms: number | undefined) => (ms === undefined ? undefined : new Date(Math.floor((ms + WALL_OFFSET_MS) / 1000) * 1000).toISOString())
  const blur = ({ startMs, finishMs, startAt, finishAt, ...span }: TimelineSpan): TimelineSpan => ({
    ...span,
    ...((startAt ?? startMs !== undefined) && { startAt: startAt ?? second(startMs)! }),
    ...((finishAt ?? finishMs !== undefined) && { finishAt: finishAt ?? second(finishMs)! }),
    origin: 'derived',
  })
  return {
    ...observation,
    timelines: observation.timelines.map(timeline => ({
      ...timeline,
      spans: timeline.spans.filter(({ type }) => ['Container', 'Ready', 'Endpoint', 'Deletion'].includes(type)).map(blur),
    })),
    requests: requests.map(request => ({ ...request, target: undefined })),
    signals: [],
  }
}

test('who knows less names the same cause, or none, but never another', () => {
  const complaints: string[] = []
  let named = 0
  for (const [name, one] of DIAGNOSIS_CASES) {
    const exact = new Map(Object.entries(one.because).flatMap(([cause, ids]) => ids.map(id => [id, cause])))
    for (const { cause, requests } of diagnose(blurred(one)))
      for (const id of requests) {
        if (cause === exact.get(id)) named++
        else if (cause !== 'unknown' && exact.get(id) !== 'unknown') complaints.push(`${name}: request ${id} is ${cause}, and was ${exact.get(id)}`)
      }
  }
  assert.deepEqual(complaints, [])
  assert.ok(named > 0)
})

test('nothing is found where all was answered in time', () => {
  assert.deepEqual(diagnose(observed(DIAGNOSIS_CASES[0]![1].pods, [])), [])
})

test('evidence is told in the order of time, what has no instant last', () => {
  for (const [name, { pods, requests, words }] of DIAGNOSIS_CASES)
    for (const { evidence, cause } of diagnose(observed(pods, requests, words))) {
      const instants = evidence.map(({ atMs }) => atMs ?? Infinity)
      assert.deepEqual(
        instants,
        instants.toSorted((a, b) => a - b),
        `${cause}: ${name}`,
      )
    }
})
