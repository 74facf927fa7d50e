import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createProgrammedSteps, STEPS_MAX } from './programmed.ts'
import type { Programmed } from './proxy.ts'

const step = (revision: number, more: Partial<Programmed> = {}): Programmed => ({
  services: ['default/web'],
  servicesRevision: 1,
  endpointSlicesRevision: revision,
  at: 10,
  wallMs: 60_000,
  tookMs: 4,
  triggers: [],
  ...more,
})

test('the last thousand steps of each node are kept', () => {
  const steps = createProgrammedSteps(undefined)
  for (let revision = 1; revision <= STEPS_MAX + 5; revision++) steps.record('a', step(revision))
  steps.record('b', step(7))
  assert.equal(steps.of('a').length, STEPS_MAX)
  assert.deepEqual([steps.of('a')[0]?.endpointSlicesRevision, steps.of('a').at(-1)?.endpointSlicesRevision], [6, 1_005])
  assert.deepEqual([steps.of('b').length, steps.of('c').length], [1, 0])
})

test('each step is measured, and each change from its beginning', () => {
  const seen: string[] = []
  const steps = createProgrammedSteps({
    histogram: name => ({ observe: (labels, seconds) => void seen.push(`${name} ${labels['node']} ${seconds}`) }),
  })
  const triggers = [
    { service: 'default/web', at: 58_000 },
    { service: 'default/db', at: 61_000 },
  ]
  steps.record('a', step(1, { triggers }))
  assert.deepEqual(seen, [
    'kubeproxy_sync_proxy_rules_duration_seconds a 0.004',
    'kubeproxy_network_programming_duration_seconds a 2',
    'kubeproxy_network_programming_duration_seconds a 0',
  ])
})
