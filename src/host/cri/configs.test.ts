import assert from 'node:assert/strict'
import { test } from 'node:test'
import { linuxResources } from './configs.ts'

test('a container out of memory is killed as a whole with cgroup v2; version 1 has no such setting and gets none', () => {
  assert.deepEqual(linuxResources({ memoryLimitBytes: 1024 }, true).unified, { 'memory.oom.group': '1' })
  assert.equal('unified' in linuxResources({ memoryLimitBytes: 1024 }, false), false)
})
