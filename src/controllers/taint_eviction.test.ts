import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Taint, Toleration } from '../api/types/scheduling.ts'
import { toleratedMs } from './taint_eviction.ts'

const taint = (key: string): Taint => ({ key, effect: 'NoExecute' })
const for_ = (key: string, tolerationSeconds?: number): Toleration => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds })

const CASES: readonly [string, readonly Toleration[] | undefined, readonly Taint[], number][] = [
  ['without taints for ever', undefined, [], Infinity],
  ['untolerated not at all', undefined, [taint('a')], 0],
  ['for as long as it is tolerated', [for_('a', 60)], [taint('a')], 60_000],
  ['for ever when nothing is said of an end', [for_('a')], [taint('a')], Infinity],
  ['as briefly as the briefest of several', [for_('a', 60), for_('b', 5), for_('c')], [taint('a'), taint('b'), taint('c')], 5000],
  ['not at all when one of several is untolerated', [for_('a', 60)], [taint('a'), taint('b')], 0],
  ['not at all when the seconds are below nought', [for_('a', -1)], [taint('a')], 0],
  ['as the first that answers says', [for_('a', 60), for_('a', 5)], [taint('a')], 60_000],
  ['whatever other tolerations say', [for_('a', 60), for_('b', 5)], [taint('a')], 60_000],
]

for (const [sentence, tolerations, taints, stays] of CASES)
  test(`taint eviction: a Pod stays ${sentence}`, () => assert.equal(toleratedMs(tolerations, taints), stays))
