import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Taint } from '../../api/types/scheduling.ts'
import { planEvictionTaints } from './eviction_taints.ts'

const AT = '2026-01-01T00:00:00Z'
const [NOT_READY, UNREACHABLE] = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']
const noExecute = (key: string): Taint => ({ key, effect: 'NoExecute', timeAdded: AT })
const noSchedule = (key: string): Taint => ({ key, effect: 'NoSchedule' })

const CASES: readonly [what: string, there: readonly Taint[] | undefined, wanted: string | undefined, expected: readonly Taint[] | undefined][] = [
  ['none, and none is wanted', undefined, undefined, undefined],
  ['one is wanted', undefined, UNREACHABLE, [noExecute(UNREACHABLE)]],
  ['it is there', [noExecute(UNREACHABLE)], UNREACHABLE, undefined],
  ['the other one makes room', [noExecute(NOT_READY)], UNREACHABLE, [noExecute(UNREACHABLE)]],
  ['none is wanted any more', [noExecute(NOT_READY)], undefined, []],
  ['NoSchedule is not ours', [noSchedule(UNREACHABLE)], undefined, undefined],
  ['those of others stay', [noExecute('gpu'), noExecute(NOT_READY)], undefined, [noExecute('gpu')]],
]

for (const [what, there, wanted, expected] of CASES) test(`eviction taints: ${what}`, () => assert.deepEqual(planEvictionTaints(there, wanted, AT), expected))
