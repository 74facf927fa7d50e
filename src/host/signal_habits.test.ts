import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHeard } from './signal_habits.ts'

const TERM = 1n << 14n
const QUIT = 1n << 2n
const status = ({ caught = 0n, ignored = 0n, pids = '4711\t1' }) => `Name:\tserver\nNSpid:\t${pids}\nSigIgn:\t${hex(ignored)}\nSigCgt:\t${hex(caught)}\n`
const hex = (mask: bigint) => mask.toString(16).padStart(16, '0')

test('a first process hears the signals that it catches, and no others', () => {
  assert.equal(isHeard(status({ caught: TERM }), 'TERM'), true)
  assert.equal(isHeard(status({ caught: TERM }), 'QUIT'), false)
  assert.equal(isHeard(status({ caught: QUIT }), '3'), true)
  assert.equal(isHeard(status({ caught: 1n << 36n }), 'RTMIN+3'), true)
  assert.equal(isHeard(status({ ignored: TERM }), 'TERM'), false)
})

test('a process that is not the first of its namespace is ended by what it does not catch', () => {
  assert.equal(isHeard(status({ pids: '4711\t7' }), 'TERM'), true)
  assert.equal(isHeard(status({ pids: '4711' }), 'TERM'), true)
  assert.equal(isHeard(status({ pids: '4711\t7', ignored: TERM }), 'TERM'), false)
})

test('what is not known is not guessed', () => {
  assert.equal(isHeard(status({}), 'NONSENSE'), undefined)
  assert.equal(isHeard('', 'TERM'), undefined)
})
