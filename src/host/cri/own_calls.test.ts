import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createOwnCalls } from './own_calls.ts'

test('what our calls have made is known until they remove it, with all that is in a sandbox', async () => {
  const own = createOwnCalls()
  const making = own.makingSandbox(Promise.resolve('s'))
  assert.equal(own.isMakingSandbox, true)
  await making
  assert.equal(own.isMakingSandbox, false)
  own.made('c', 's')
  assert.deepEqual([own.sandboxOf('s'), own.sandboxOf('c'), own.sandboxOf('x')], ['s', 's', undefined])
  own.removed('s')
  assert.equal(own.sandboxOf('c'), undefined)
})

test('a stop that succeeds ends the sandbox and what runs in it; one that fails ends nothing', async () => {
  const own = createOwnCalls()
  await own.makingSandbox(Promise.resolve('s'))
  own.made('c', 's')
  await assert.rejects(own.stop('c', Promise.reject(new Error('busy'))))
  assert.deepEqual([own.hasEnded('c'), own.stopping('c')], [false, undefined])
  const stop = own.stop('s', Promise.resolve())
  assert.notEqual(own.stopping('c'), undefined)
  await stop
  assert.deepEqual([own.hasEnded('s'), own.hasEnded('c'), own.stopping('c')], [true, true, undefined])
})
