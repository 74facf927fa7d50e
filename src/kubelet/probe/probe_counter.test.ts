import type { Probe } from '../../api/types/probe.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countAnswer, freshCount, type ProbeType } from './probe_counter.ts'

/** `+` is a success, `-` a failure; what the probe holds after each, `!` once it asks no more. */
function results(type: ProbeType, answers: string, probe: Partial<Probe> = {}): string {
  const full = { successThreshold: 1, failureThreshold: 3, ...probe } as Probe
  let count = freshCount(type)
  let text = ''
  for (const answer of answers) {
    if (count.onHold) break
    count = countAnswer(count, type, answer === '+' ? 'success' : 'failure', full)
    text += { success: '+', failure: '-', unknown: '?' }[count.result] + (count.onHold ? '!' : '')
  }
  return text
}

test('probe counter: the result changes only after as many equal answers in a row as the threshold says', () => {
  assert.equal(results('readiness', '+--+---+'), '++++++-+')
  assert.equal(results('readiness', '++-++', { successThreshold: 2 }), '-++++')
  assert.equal(results('readiness', '+-+-', { failureThreshold: 1 }), '+-+-')
})

test('probe counter: a liveness probe that has failed asks no more', () => {
  assert.equal(results('liveness', '--+---+'), '+++++-!')
})

test('probe counter: a startup probe is unknown until it has decided, and then asks no more', () => {
  assert.equal(results('startup', '--+--'), '??+!')
  assert.equal(results('startup', '---+'), '??-!')
})
