/** What each class of Pods gets, as the table of behaviour 6.3.4 reads. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../api/kinds/pod.ts'
import { qosClass } from '../../api/resources.ts'
import { burstableLimits, containerLimits, milliOfQuota, milliOfShares, nodeLimits, podCgroupLimits, quotaOf, sharesOf, widest } from './cgroup_values.ts'

const MiB = 2 ** 20
const resources = (requests: object, limits: object = {}) => ({ requests, limits })
const podOf = (containers: object[], spec: object = {}): Pod => {
  const named = (resources: object) => ({ name: 'c', image: 'i', resources })
  const pod = { metadata: {}, spec: { ...spec, containers: containers.map(named) }, status: {} } as unknown as Pod
  return { ...pod, status: { ...pod.status, qosClass: qosClass(pod) } }
}
const both = (cpu: string, memory: string) => ({ cpu, memory })

for (const [title, pod, cpuShares, cpuQuotaUs, memoryMiB] of [
  ['BestEffort: the smallest share and no limit', podOf([{}]), 2, -1, -1],
  ['Guaranteed: shares, quota and memory', podOf([resources(both('500m', '64Mi'), both('500m', '64Mi'))]), 512, 50_000, 64],
  ['Burstable without limits: shares alone', podOf([resources({ cpu: '250m' }), resources({ memory: '1Gi' })]), 256, -1, -1],
  [
    'Burstable with limits everywhere: their sum',
    podOf([resources({ cpu: '100m' }, both('1', '64Mi')), resources({ cpu: '100m' }, both('500m', '32Mi'))]),
    204,
    150_000,
    96,
  ],
  [
    'Burstable with one container without a CPU limit: no quota, but the memory limit',
    podOf([resources({ cpu: '100m' }, both('1', '64Mi')), resources({ cpu: '100m' }, { memory: '32Mi' })]),
    204,
    -1,
    96,
  ],
  ['a limit of 0 is none', podOf([resources({ cpu: '100m' }, both('0', '0'))]), 102, -1, -1],
  [
    'a limit of the whole Pod counts without any of its containers',
    podOf([{}, resources({ cpu: '100m' })], { resources: resources(both('200m', '64Mi'), both('1', '128Mi')) }),
    204,
    100_000,
    128,
  ],
  [
    'an init container without a limit takes the quota away',
    podOf([resources(both('1', '64Mi'), both('1', '64Mi'))], { initContainers: [{ name: 'i', image: 'i', resources: {} }] }),
    1024,
    -1,
    -1,
  ],
  [
    'a large init container and the overhead count too',
    podOf([resources({ cpu: '100m' })], { initContainers: [{ name: 'i', image: 'i', resources: resources({ cpu: '1' }) }], overhead: { cpu: '250m' } }),
    1280,
    -1,
    -1,
  ],
] as const)
  test(`the cgroup of a Pod, ${title}`, () => {
    const memoryLimitBytes = memoryMiB === -1 ? -1 : memoryMiB * MiB
    assert.deepEqual(podCgroupLimits(pod), { cpuShares, cpuQuotaUs, memoryLimitBytes })
  })

test('a container: a limit alone is a request too, and what is not set is no limit', () => {
  assert.deepEqual(containerLimits({ resources: { limits: { cpu: '1', memory: '1Mi' } } }), { cpuShares: 1024, cpuQuotaUs: 100_000, memoryLimitBytes: MiB })
  assert.deepEqual(containerLimits({ resources: {} }), { cpuShares: 2, cpuQuotaUs: -1, memoryLimitBytes: -1 })
})

test('shares and quotas have a smallest and a largest value', () => {
  assert.deepEqual([sharesOf(0), sharesOf(1), sharesOf(100), sharesOf(1000), sharesOf(1_000_000)], [2, 2, 102, 1024, 262_144])
  assert.deepEqual([quotaOf(0), quotaOf(1), quotaOf(100), quotaOf(1500)], [-1, 1000, 10_000, 150_000])
  assert.deepEqual([milliOfShares(102), milliOfShares(2), milliOfQuota(50_000)], [100, 2, 500])
})

test('the class Burstable weighs as much as its Pods ask for together, the node as much as it has', () => {
  assert.deepEqual(burstableLimits([]), { cpuShares: 2 })
  assert.deepEqual(burstableLimits([250, 750]), { cpuShares: 1024 })
  assert.deepEqual(nodeLimits({ cpuMilli: 4000, memoryBytes: 8 * MiB }), { cpuShares: 4096, memoryLimitBytes: 8 * MiB })
})

test('between two limits there is room for both, and no limit is the widest', () => {
  const a = { cpuShares: 512, cpuQuotaUs: 50_000, memoryLimitBytes: -1 }
  const b = { cpuShares: 256, cpuQuotaUs: 80_000, memoryLimitBytes: 64 }
  assert.deepEqual(widest(a, b), { cpuShares: 512, cpuQuotaUs: 80_000, memoryLimitBytes: -1 })
})
