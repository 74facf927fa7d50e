/** Every cause is named on its own example, in virtual time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CAUSES } from '../../src/check/causes.ts'
import { assertNamedInVirtualTime, examples } from './examples.ts'

test('every cause but unknown has an example', () => {
  assert.deepEqual(
    CAUSES.filter(cause => !examples.some(({ name }) => name === cause)),
    ['unknown'],
  )
})

for (const example of examples) test(example.promise, () => assertNamedInVirtualTime(example, 1))
