import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { diskUsage } from './disk_usage.ts'
import { cpuNanoSeconds, createMachineStats, memoryFigures } from './machine_stats.ts'

test('memory that is available is what is not in the working set: files nobody has touched for long do not count', () => {
  const kib = 1024
  assert.deepEqual(
    memoryFigures('MemTotal:    1000 kB\nMemFree:   400 kB\nMemAvailable: 700 kB\nInactive(anon): 50 kB\nInactive(file):  200 kB\nAnonPages: 90 kB\n'),
    {
      capacityBytes: 1000 * kib,
      usageBytes: 600 * kib,
      workingSetBytes: 400 * kib,
      availableBytes: 600 * kib,
      rssBytes: 90 * kib,
    },
  )
})

test('CPU time is all but idling and waiting for disks', () => {
  assert.equal(cpuNanoSeconds('cpu  100 20 3 99999 88888 1 2 4 50 60\ncpu0 1 1 1\n'), 130 * 1e7)
})

test('the machine this runs on has figures that fit together', async () => {
  const stats = createMachineStats()
  const [cpu, memory, filesystem, processes] = await Promise.all([stats.cpu(), stats.memory(), stats.filesystem(tmpdir()), stats.processes()])
  assert.ok(cpu.usageNanoSeconds > 0)
  assert.ok(memory.workingSetBytes > 0 && memory.workingSetBytes <= memory.usageBytes && memory.usageBytes < memory.capacityBytes)
  assert.equal(memory.availableBytes, memory.capacityBytes - memory.workingSetBytes)
  assert.ok(
    filesystem.availableBytes > 0 && filesystem.usedBytes < filesystem.capacityBytes && filesystem.inodesUsed === filesystem.inodes - filesystem.inodesFree,
  )
  assert.ok(processes.current > 0 && processes.current < processes.max)
  assert.equal(await stats.cgroupProcesses('/no/such/cgroup'), undefined)
})

test('a directory takes what du says it takes', async () => {
  const root = await mkdtemp(join(tmpdir(), 'poise-usage-'))
  try {
    await mkdir(join(root, 'deep', 'deeper'), { recursive: true })
    await writeFile(join(root, 'large'), Buffer.alloc(100_000, 1))
    await writeFile(join(root, 'deep', 'deeper', 'small'), 'x')
    await link(join(root, 'large'), join(root, 'deep', 'same'))
    await symlink('/', join(root, 'out'))
    const { stdout } = await promisify(execFile)('du', ['--summarize', '--block-size=1', root])
    assert.deepEqual(await diskUsage(root, 1000), { bytes: Number(stdout.split('\t', 1)[0]), inodes: 6, isComplete: true })
    assert.equal((await diskUsage(root, 3))?.isComplete, false)
    assert.equal(await diskUsage(join(root, 'none'), 1000), undefined)
  } finally {
    await rm(root, { recursive: true })
  }
})
