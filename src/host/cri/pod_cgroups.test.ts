/** The three layouts of /sys/fs/cgroup, as directories of a test. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { createPodCgroups, weightOf } from './pod_cgroups.ts'

const POD = '/poise0/kubepods/burstable/pod1'

async function mountWith(t: TestContext, { directories = [], files = [] }: { directories?: string[]; files?: string[] }) {
  const mount = await mkdtemp(join(tmpdir(), 'poise-cgroup-'))
  t.after(() => rm(mount, { recursive: true, force: true }))
  for (const directory of directories) await mkdir(join(mount, directory))
  for (const file of files) await writeFile(join(mount, file), '')
  return { mount, cgroups: createPodCgroups(mount), read: (path: string) => readFile(join(mount, path), 'utf8') }
}

for (const [layout, directories, cpu] of [
  ['v1', ['cpu,cpuacct', 'cpuset', 'memory', 'pids'], 'cpu,cpuacct'],
  ['hybrid', ['cpu', 'cpuacct', 'cpuset', 'memory', 'unified'], 'cpu'],
] as const) {
  test(`cgroup ${layout}: each value stands in the tree of its controller`, async t => {
    const { cgroups, read, mount } = await mountWith(t, { directories: [...directories] })
    await cgroups.set(POD, { cpuShares: 512, cpuQuotaUs: 50_000, memoryLimitBytes: 1024 })
    assert.deepEqual(
      [await read(`${cpu}${POD}/cpu.shares`), await read(`${cpu}${POD}/cpu.cfs_period_us`), await read(`${cpu}${POD}/cpu.cfs_quota_us`)],
      ['512', '100000', '50000'],
    )
    assert.equal(await read(`memory${POD}/memory.limit_in_bytes`), '1024')
    assert.deepEqual(await readdir(join(mount, 'cpuset')), [], 'what needs no value is left to the runtime')

    await cgroups.set(POD, { cpuQuotaUs: -1, memoryLimitBytes: -1 })
    assert.deepEqual(
      [await read(`${cpu}${POD}/cpu.shares`), await read(`${cpu}${POD}/cpu.cfs_quota_us`), await read(`memory${POD}/memory.limit_in_bytes`)],
      ['512', '-1', '-1'],
    )
  })
}

test('cgroup v2: one tree, into which the controllers are passed on', async t => {
  const { cgroups, read } = await mountWith(t, { files: ['cgroup.controllers'] })
  await cgroups.set(POD, { cpuShares: 1024, cpuQuotaUs: 50_000, memoryLimitBytes: 1024 })
  assert.deepEqual([await read(`${POD}/cpu.weight`), await read(`${POD}/cpu.max`), await read(`${POD}/memory.max`)], ['39', '50000 100000', '1024'])
  for (const above of ['', '/poise0', '/poise0/kubepods', '/poise0/kubepods/burstable'])
    assert.equal(await read(`${above}/cgroup.subtree_control`), '+memory', 'the last one written')
  await cgroups.set(POD, { cpuQuotaUs: -1, memoryLimitBytes: -1 })
  assert.deepEqual([await read(`${POD}/cpu.max`), await read(`${POD}/memory.max`)], ['max 100000', 'max'])
})

test('a controller that the machine does not have is named', async t => {
  const { cgroups } = await mountWith(t, { directories: ['cpu'] })
  await assert.rejects(cgroups.set(POD, { cpuShares: 2 }), /no cgroup controller "memory"/)
})

test('shares become weights', () => {
  assert.deepEqual([2, 102, 1024, 262_144].map(weightOf), [1, 4, 39, 10_000])
})
