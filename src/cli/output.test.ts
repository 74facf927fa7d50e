import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { createOutput, parseDuration, printResult, table, UserError } from './output.ts'

function capture({ isTTY = false, env = {} as Record<string, string>, quiet = false } = {}) {
  const written = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') => ({ write: (text: string) => (written[name] += text), isTTY })
  return { written, output: createOutput({ stdout: stream('stdout'), stderr: stream('stderr'), env }, { quiet }) }
}

test('results go to stdout and everything else to stderr', () => {
  const { written, output } = capture()
  output.result('one')
  output.note('on the way')
  output.step('Starting')()
  output.step('Stopping')('failed')
  output.error('broken')
  assert.equal(written.stdout, 'one\n')
  assert.equal(written.stderr, 'on the way\n✓ Starting\n✗ Stopping\nerror: broken\n')
})

test('quiet leaves results and errors', () => {
  const { written, output } = capture({ quiet: true })
  output.result('one')
  output.note('on the way')
  output.step('Starting')()
  output.error('broken')
  assert.deepEqual(written, { stdout: 'one\n', stderr: 'error: broken\n' })
})

test('colour is for terminals whose user has not refused it', () => {
  assert.equal(capture({ isTTY: true }).output.colour, true)
  assert.equal(capture({ isTTY: true, env: { NO_COLOR: '1' } }).output.colour, false)
  assert.equal(capture({ isTTY: true, env: { TERM: 'dumb' } }).output.colour, false)
  assert.equal(capture().output.colour, false)
  const { written, output } = capture({ isTTY: true })
  output.step('Starting')()
  assert.match(written.stderr, /⠋ Starting.*\u001b\[32m✓\u001b\[0m Starting\n$/s)
})

test('a result is printed in the form that was asked for', () => {
  const value = { name: 'one', nodes: ['a'] }
  const { written, output } = capture()
  printResult(output, 'json', value, 'text')
  assert.deepEqual(JSON.parse(written.stdout), value)
  written.stdout = ''
  printResult(output, 'yaml', value, 'text')
  assert.deepEqual(parse(written.stdout), value)
  written.stdout = ''
  printResult(output, 'text', value, 'text')
  assert.equal(written.stdout, 'text\n')
})

test('columns are as wide as their widest cell and three spaces apart', () => {
  assert.equal(
    table(
      ['NAME', 'NODES'],
      [
        ['one', '1'],
        ['longer-name', ''],
      ],
    ),
    'NAME          NODES\none           1\nlonger-name',
  )
})

test('a duration needs a unit', () => {
  assert.deepEqual(['60s', '5m', '1m30s', '250ms', '1.5h', '0s'].map(parseDuration), [60_000, 300_000, 90_000, 250, 5_400_000, 0])
  for (const wrong of ['60', '', 's', '1d', '5m ', '-5s', '1m-30s']) assert.throws(() => parseDuration(wrong), UserError, wrong)
})
