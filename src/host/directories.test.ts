import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { cacheDirectory, stateDirectory } from './directories.ts'

test('a relative POISE_HOME is one below the working directory: programs that are given paths in it have another', () => {
  const env = { POISE_HOME: 'state' }
  assert.equal(stateDirectory(env), join(process.cwd(), 'state'))
  assert.equal(cacheDirectory(env), join(process.cwd(), 'state', 'cache'))
})
