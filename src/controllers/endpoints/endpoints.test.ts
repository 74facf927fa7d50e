import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../api/kinds/pod.ts'
import type { Backend } from './backends.ts'
import { ADDRESSES_MAX, planSubsets } from './endpoints.ts'

const HTTP = [{ name: 'http', port: 80, protocol: 'TCP' as const }]
const backend = (number: number, ready = true, ports: Backend['ports'] = HTTP): Backend => ({
  pod: { metadata: { name: `web-${number}`, namespace: 'default', uid: `u${number}` }, spec: {} } as Pod,
  address: `10.244.${Math.floor(number / 250)}.${(number % 250) + 1}`,
  hostname: undefined,
  conditions: { ready, serving: ready, terminating: false },
  ports,
})

test('at most a thousand addresses are listed; those that are not ready are left out first', () => {
  const most = Array.from({ length: ADDRESSES_MAX }, (_, i) => backend(i, i % 2 === 0))
  assert.equal(planSubsets(most).isTruncated, false)
  const { subsets, isTruncated } = planSubsets([...most, ...Array.from({ length: 300 }, (_, i) => backend(2_000 + i))])
  assert.equal(isTruncated, true)
  assert.deepEqual([subsets[0]!.addresses?.length, subsets[0]!.notReadyAddresses?.length], [800, 200])
})

test('Pods with other ports are in a subset of their own; one that is on its way out is in none', () => {
  const { subsets } = planSubsets([
    backend(1),
    backend(2, false),
    backend(3, true, [{ name: 'http', port: 8080, protocol: 'TCP' }]),
    { ...backend(4, false), conditions: { ready: false, serving: true, terminating: true } },
  ])
  assert.deepEqual(
    subsets.map(({ addresses, notReadyAddresses, ports }) => [addresses?.map(({ ip }) => ip), notReadyAddresses?.map(({ ip }) => ip), ports?.[0]?.port]),
    [
      [['10.244.0.2'], ['10.244.0.3'], 80],
      [['10.244.0.4'], undefined, 8080],
    ],
  )
})
