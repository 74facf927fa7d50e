import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_RULES } from '../../api/kinds/horizontal_pod_autoscaler.ts'
import type { ScalingRules } from '../../api/types/horizontal_pod_autoscaler.ts'
import { paceOf, type PaceQuestion } from './pace.ts'

const NOW = 10_000_000
const before = (seconds: number, replicas: number) => ({ at: NOW - seconds * 1000, replicas })
const changed = (seconds: number, change: number) => ({ at: NOW - seconds * 1000, change })

const ask = (question: Partial<PaceQuestion>) => {
  const { replicas, able, limited } = paceOf({
    current: 4,
    desired: 4,
    min: 1,
    max: 100,
    behavior: undefined,
    recommendations: [],
    events: [],
    now: NOW,
    ...question,
  })
  return `${replicas} ${able.reason} ${limited.reason}`
}
const rules = (scaleUp: ScalingRules = {}, scaleDown: ScalingRules = {}) => ({
  scaleUp: { ...DEFAULT_RULES.scaleUp, ...scaleUp },
  scaleDown: { ...DEFAULT_RULES.scaleDown, ...scaleDown },
})
const perMinute = (type: 'Pods' | 'Percent', value: number) => [{ type, value, periodSeconds: 60 }]

test('without rules: at most doubled, or four; down only as far as the last five minutes agree', () => {
  assert.equal(ask({ desired: 6 }), '6 ReadyForNewScale DesiredWithinRange')
  assert.equal(ask({ desired: 9 }), '8 ReadyForNewScale ScaleUpLimit')
  assert.equal(ask({ current: 1, desired: 9 }), '4 ReadyForNewScale ScaleUpLimit')
  assert.equal(ask({ desired: 9, max: 5 }), '5 ReadyForNewScale TooManyReplicas')
  assert.equal(ask({ desired: 1, min: 2 }), '2 ReadyForNewScale TooFewReplicas')
  assert.equal(ask({ desired: 1, recommendations: [before(299, 3), before(100, 2)] }), '3 ScaleDownStabilized DesiredWithinRange')
  assert.equal(ask({ desired: 1, recommendations: [before(300, 3), before(100, 2)] }), '2 ScaleDownStabilized DesiredWithinRange')
})

test('rules: a window holds changes back in both directions', () => {
  const behavior = rules({ stabilizationWindowSeconds: 60 }, { stabilizationWindowSeconds: 60 })
  assert.equal(ask({ behavior, desired: 8, recommendations: [before(59, 5)] }), '5 ScaleUpStabilized DesiredWithinRange')
  assert.equal(ask({ behavior, desired: 8, recommendations: [before(60, 5)] }), '8 ReadyForNewScale DesiredWithinRange')
  assert.equal(ask({ behavior, desired: 1, recommendations: [before(59, 3)] }), '3 ScaleDownStabilized DesiredWithinRange')
})

test('rules: policies count from what there was at the beginning of their period', () => {
  const behavior = rules({ policies: perMinute('Pods', 3) }, { policies: perMinute('Percent', 50), stabilizationWindowSeconds: 0 })
  assert.equal(ask({ behavior, desired: 20 }), '7 ReadyForNewScale ScaleUpLimit')
  assert.equal(ask({ behavior, desired: 20, events: [changed(59, 2)] }), '5 ReadyForNewScale ScaleUpLimit')
  assert.equal(ask({ behavior, desired: 20, events: [changed(60, 2)] }), '7 ReadyForNewScale ScaleUpLimit')
  assert.equal(ask({ behavior, desired: 1 }), '2 ReadyForNewScale ScaleDownLimit')
  assert.equal(ask({ behavior, desired: 1, events: [changed(10, -4)] }), '4 ReadyForNewScale ScaleDownLimit')
})

test('rules: the widest policy decides, or the narrowest, or nothing may change at all', () => {
  const both = [...perMinute('Pods', 2), ...perMinute('Percent', 100)]
  const up = (selectPolicy: 'Max' | 'Min' | 'Disabled') => ask({ behavior: rules({ policies: both, selectPolicy }), desired: 20 })
  assert.deepEqual(
    [up('Max'), up('Min'), up('Disabled')],
    ['8 ReadyForNewScale ScaleUpLimit', '6 ReadyForNewScale ScaleUpLimit', '4 ReadyForNewScale ScaleUpLimit'],
  )
  const down = (selectPolicy: 'Max' | 'Min' | 'Disabled') =>
    ask({
      current: 10,
      desired: 1,
      behavior: rules({}, { policies: [...perMinute('Pods', 2), ...perMinute('Percent', 50)], selectPolicy, stabilizationWindowSeconds: 0 }),
    })
  assert.deepEqual(
    [down('Max'), down('Min'), down('Disabled')],
    ['5 ReadyForNewScale ScaleDownLimit', '8 ReadyForNewScale ScaleDownLimit', '10 ReadyForNewScale ScaleDownLimit'],
  )
})

test('rules: the bounds hold', () => {
  assert.equal(ask({ behavior: rules(), desired: 50, max: 6 }), '6 ReadyForNewScale TooManyReplicas')
  assert.equal(ask({ behavior: rules({}, { stabilizationWindowSeconds: 0 }), desired: 1, min: 3 }), '3 ReadyForNewScale TooFewReplicas')
})
