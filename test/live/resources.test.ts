/**
 * What requests and limits come to on a real kernel: cgroups of Pods, resizes, throttling, the OOM killer. Read from the files of
 * this machine's own hierarchies, whichever they are.
 */
import assert from 'node:assert/strict'
import { access, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Pod } from '../../src/api/kinds/pod.ts'
import { oomScoreAdj } from '../../src/kubelet/container/resources.ts'
import { weightOf } from '../../src/host/cri/pod_cgroups.ts'
import { reasonToSkip, startSite, type Site } from './site.ts'
import { isReady, restartsOf } from './observe.ts'

const MOUNT = '/sys/fs/cgroup'
const MiB = 2 ** 20
const skip = (await reasonToSkip(['busybox'])) ?? false

describe('resources on a real kernel', { skip, concurrency: 8 }, () => {
  let site: Site
  before(async () => {
    site = await startSite(['busybox'])
  })
  after(() => site?.close())

  it('gives Pods of each class the cgroup that Kubernetes gives them, and takes it away with them', async () => {
    const { kubectl, until } = await site.inNamespace('cgroups')
    const both = { cpu: '200m', memory: '32Mi' }
    await kubectl(
      ['apply', '-f', '-'],
      [
        podOf('guaranteed', { resources: { requests: both, limits: both } }),
        podOf('burstable', { resources: { requests: { cpu: '100m' }, limits: { memory: '48Mi' } } }),
        podOf('whole', { resources: {} }, { resources: { requests: { cpu: '50m', memory: '16Mi' }, limits: { cpu: '300m', memory: '64Mi' } } }),
        podOf('besteffort', { resources: {} }),
      ].join('\n---\n'),
    )
    const pods = Object.fromEntries(await Promise.all(['guaranteed', 'burstable', 'whole', 'besteffort'].map(async name => [name, await until(name, isReady)])))
    const [guaranteed, burstable, whole, besteffort] = ['guaranteed', 'burstable', 'whole', 'besteffort'].map(name => cgroupOf(pods[name]!))

    assert.deepEqual(await valuesOf(guaranteed!), { shares: 204, quotaUs: 20_000, memoryBytes: 32 * MiB })
    assert.deepEqual(await valuesOf(burstable!), { shares: 102, quotaUs: undefined, memoryBytes: 48 * MiB })
    assert.deepEqual(
      await valuesOf(whole!),
      { shares: 51, quotaUs: 30_000, memoryBytes: 64 * MiB },
      'limits of the whole Pod, which its container does not have',
    )
    assert.deepEqual(await valuesOf(besteffort!), { shares: 2, quotaUs: undefined, memoryBytes: undefined })
    assert.deepEqual(await valuesOf(containerCgroup(pods['whole']!)), { shares: 2, quotaUs: undefined, memoryBytes: undefined })
    assert.match(await burstable!.path(), /\/kubepods\/burstable\/pod[^/]+$/)
    assert.match(await guaranteed!.path(), /\/kubepods\/pod[^/]+$/)
    assert.equal((await valuesOf(cgroupAt((await besteffort!.path()).replace(/\/pod[^/]+$/, '')))).shares, 2)

    const paths = await Promise.all([guaranteed!, burstable!, whole!, besteffort!].map(cgroup => cgroup.path()))
    await kubectl(['delete', 'pod', '--all'])
    await eventually(async () => {
      const left = await Promise.all(paths.map(path => exists(path)))
      assert.deepEqual(left, [false, false, false, false])
    })
  })

  it('resizes a container in place with kubectl patch and kubectl edit', async () => {
    const { kubectl, until, refused } = await site.inNamespace('resize')
    const at = (cpu: string, memory: string) => ({ requests: { cpu, memory }, limits: { cpu, memory } })
    await kubectl(['apply', '-f', '-'], podOf('web', { resources: at('200m', '32Mi') }))
    const before = await until('web', isReady)
    const [pod, container] = [cgroupOf(before!), containerCgroup(before!)]
    assert.deepEqual(await valuesOf(container), { shares: 204, quotaUs: 20_000, memoryBytes: 32 * MiB })

    const patched = await kubectl(['patch', 'pod', 'web', '--subresource', 'resize', '-p', patchOf(at('400m', '64Mi'))])
    assert.equal(patched, 'pod/web patched\n')
    await until('web', found => found?.status.containerStatuses?.[0]?.resources?.limits?.['memory'] === '64Mi' && !isResizing(found))
    assert.deepEqual(await valuesOf(container), { shares: 409, quotaUs: 40_000, memoryBytes: 64 * MiB })
    assert.deepEqual(await valuesOf(pod), { shares: 409, quotaUs: 40_000, memoryBytes: 64 * MiB })

    const edited = await site.kubectl(['-n', 'resize', 'edit', 'pod', 'web', '--subresource', 'resize'], '', { KUBE_EDITOR: 'sed -i s/400m/100m/' })
    assert.equal(edited.exitCode, 0, edited.stderr)
    const after = await until('web', found => found?.status.containerStatuses?.[0]?.resources?.limits?.['cpu'] === '100m' && !isResizing(found))
    assert.deepEqual(await valuesOf(container), { shares: 102, quotaUs: 10_000, memoryBytes: 64 * MiB })
    assert.deepEqual(await valuesOf(pod), { shares: 102, quotaUs: 10_000, memoryBytes: 64 * MiB })
    assert.deepEqual([restartsOf(after), after?.status.containerStatuses?.[0]?.containerID], [0, before?.status.containerStatuses?.[0]?.containerID])
    assert.match(await kubectl(['events', '--for', 'pod/web']), /Normal +ResizeCompleted +Pod\/web +Pod resize completed: \{"containers"/)

    await kubectl(['patch', 'pod', 'web', '--subresource', 'resize', '-p', patchOf(at('100m', '48Mi'))])
    await until('web', found => found?.status.containerStatuses?.[0]?.resources?.limits?.['memory'] === '48Mi' && !isResizing(found))
    assert.deepEqual(await valuesOf(container), { shares: 102, quotaUs: 10_000, memoryBytes: 48 * MiB })
    assert.deepEqual(await valuesOf(pod), { shares: 102, quotaUs: 10_000, memoryBytes: 48 * MiB })

    assert.match(
      await refused(['patch', 'pod', 'web', '--subresource', 'resize', '-p', patchOf({ ...at('100m', '48Mi'), requests: { cpu: '50m', memory: '48Mi' } })]),
      /Pod QOS Class may not change as a result of resizing/,
    )
    await kubectl(['patch', 'pod', 'web', '--subresource', 'resize', '-p', patchOf(at('1000', '48Mi'))])
    await until('web', found => found?.status.conditions?.some(({ type, reason }) => type === 'PodResizePending' && reason === 'Infeasible') ?? false)
    assert.deepEqual(await valuesOf(container), { shares: 102, quotaUs: 10_000, memoryBytes: 48 * MiB })
    await kubectl(['delete', 'pod', 'web'])
  })

  it('restarts a container whose resizePolicy asks for it', async () => {
    const { kubectl, until } = await site.inNamespace('restart')
    const at = (memory: string) => ({ requests: { memory }, limits: { memory } })
    await kubectl(['apply', '-f', '-'], podOf('web', { resources: at('32Mi'), resizePolicy: [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }] }))
    const before = await until('web', isReady)
    await kubectl(['patch', 'pod', 'web', '--subresource', 'resize', '-p', patchOf(at('64Mi'))])
    const after = await until('web', found => restartsOf(found) === 1 && isReady(found))
    assert.notEqual(after?.status.containerStatuses?.[0]?.containerID, before?.status.containerStatuses?.[0]?.containerID)
    assert.equal((await valuesOf(containerCgroup(after!))).memoryBytes, 64 * MiB)
    assert.match(await kubectl(['events', '--for', 'pod/web']), /Normal +Killing +Pod\/web +Container main resize requires restart/)
    await kubectl(['delete', 'pod', 'web'])
  })

  it('holds a container back that uses more CPU than its limit', async () => {
    const { kubectl, until } = await site.inNamespace('throttled')
    await kubectl(['apply', '-f', '-'], podOf('busy', { command: ['sh', '-c', 'while :; do :; done'], resources: { limits: { cpu: '50m' } } }))
    const pod = await until('busy', isReady)
    const throttled = async () => Number(/nr_throttled (\d+)/.exec(await containerCgroup(pod!).read('cpu', 'cpu.stat'))?.[1])
    const first = await throttled()
    await eventually(async () => assert.ok((await throttled()) > first + 3, `${first} → ${await throttled()}`))
    await kubectl(['delete', 'pod', 'busy', '--grace-period=0', '--force'])
  })

  it('shows a container that used more memory than its limit as OOMKilled, and starts it again as its policy says', async () => {
    const { kubectl, until } = await site.inNamespace('oom')
    const hungry = { command: ['tail', '/dev/zero'], resources: { limits: { memory: '16Mi' } } }
    await kubectl(['apply', '-f', '-'], [podOf('always', hungry), podOf('never', hungry, { restartPolicy: 'Never' })].join('\n---\n'))
    const never = await until('never', found => found?.status.phase === 'Failed')
    const { exitCode, reason } = never!.status.containerStatuses![0]!.state!.terminated!
    assert.deepEqual({ exitCode, reason, restarts: restartsOf(never) }, { exitCode: 137, reason: 'OOMKilled', restarts: 0 })
    const always = await until('always', found => restartsOf(found) >= 1 && found?.status.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff')
    const last = always!.status.containerStatuses![0]!.lastState!.terminated!
    assert.deepEqual([last.exitCode, last.reason], [137, 'OOMKilled'])
    assert.match(await kubectl(['get', 'pod', 'never', '--no-headers']), /^never +0\/1 +OOMKilled +0/)
    assert.doesNotMatch((await site.kubectl(['get', 'events', '-A'])).stdout, /SystemOOM/, 'the node itself had enough')
    await kubectl(['delete', 'pod', '--all', '--grace-period=0', '--force'])
  })

  it('tells the kernel whom to kill first: BestEffort, then Burstable by what was asked for, Guaranteed last', async () => {
    const { kubectl, until } = await site.inNamespace('oom-score')
    const both = { cpu: '10m', memory: '32Mi' }
    await kubectl(
      ['apply', '-f', '-'],
      [
        podOf('guaranteed', { resources: { requests: both, limits: both } }),
        podOf('burstable', { resources: { requests: { memory: '512Mi' } } }),
        podOf('besteffort', { resources: {} }),
      ].join('\n---\n'),
    )
    const [node] = JSON.parse((await site.kubectl(['get', 'nodes', '-o', 'json'])).stdout).items
    const capacity = Number(/^(\d+)Ki$/.exec(node.status.capacity.memory)?.[1]) * 1024
    const own = Number(await readFile('/proc/self/oom_score_adj', 'utf8'))
    const lowest = (await hasSysResource()) ? -1000 : own
    for (const name of ['guaranteed', 'burstable', 'besteffort']) {
      const pod = await until(name, isReady)
      const [pid] = (await containerCgroup(pod!).read('memory', 'cgroup.procs')).trim().split('\n')
      const wanted = oomScoreAdj(pod!, pod!.spec.containers[0]!, 'regular', capacity)
      assert.equal(Number(await readFile(`/proc/${pid}/oom_score_adj`, 'utf8')), Math.max(wanted, lowest), name)
    }
    await kubectl(['delete', 'pod', '--all'])
  })
})

const podOf = (name: string, container: object, spec: object = {}): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      automountServiceAccountToken: false,
      // Nothing in here heeds TERM.
      terminationGracePeriodSeconds: 1,
      ...spec,
      containers: [{ name: 'main', image: 'busybox:latest', imagePullPolicy: 'Never', command: ['sleep', '3600'], ...container }],
    },
  })

const patchOf = (resources: object): string => JSON.stringify({ spec: { containers: [{ name: 'main', resources }] } })

const isResizing = (pod: Pod): boolean => pod.status.conditions?.some(({ type }) => type.startsWith('PodResize')) ?? false

interface Cgroup {
  /** Its directory, in the tree of the memory controller. */
  path(): Promise<string>
  /** v1 has a tree for each controller, v2 one for all. */
  read(controller: 'cpu' | 'memory', file: string): Promise<string>
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

const isUnified = await exists(join(MOUNT, 'cgroup.controllers'))

async function treeOf(controller: 'cpu' | 'memory'): Promise<string> {
  if (isUnified) return MOUNT
  return join(
    MOUNT,
    (await readdir(MOUNT)).find(name => name.split(',').includes(controller))!,
  )
}

function cgroupAt(directory: string | (() => Promise<string>)): Cgroup {
  const path = typeof directory === 'string' ? async () => directory : directory
  return {
    path,
    async read(controller, file) {
      const [memory, tree] = [await treeOf('memory'), await treeOf(controller)]
      return readFile(join(tree, (await path()).slice(memory.length), file), 'utf8')
    },
  }
}

/** By its name, below whichever cluster's root it is. */
const cgroupOf = ({ metadata }: Pod): Cgroup =>
  cgroupAt(async () => {
    const memory = await treeOf('memory')
    for (const root of (await readdir(memory)).filter(name => name.startsWith('poise'))) {
      for (const qos of ['', 'burstable', 'besteffort']) {
        const path = join(memory, root, 'kubepods', qos, `pod${metadata.uid}`)
        if (await exists(path)) return path
      }
    }
    return assert.fail(`no cgroup of ${metadata.name}`)
  })

const containerCgroup = (pod: Pod): Cgroup =>
  cgroupAt(async () => join(await cgroupOf(pod).path(), pod.status.containerStatuses![0]!.containerID!.replace(/^.*:\/\//, '')))

/** `shares` of v2 are a weight. */
async function valuesOf(cgroup: Cgroup): Promise<{ shares: number; quotaUs: number | undefined; memoryBytes: number | undefined }> {
  if (isUnified) {
    const [weight, quota, memory] = await Promise.all([cgroup.read('cpu', 'cpu.weight'), cgroup.read('cpu', 'cpu.max'), cgroup.read('memory', 'memory.max')])
    const shares = [2, 51, 102, 204, 409].find(value => weightOf(value) === Number(weight)) ?? Number.NaN
    return { shares, quotaUs: Number(quota.split(' ')[0]) || undefined, memoryBytes: Number(memory) || undefined }
  }
  const [shares, quota, memory] = await Promise.all([
    cgroup.read('cpu', 'cpu.shares'),
    cgroup.read('cpu', 'cpu.cfs_quota_us'),
    cgroup.read('memory', 'memory.limit_in_bytes'),
  ])
  const isLimited = Number(memory) < 2 ** 60
  return { shares: Number(shares), quotaUs: Number(quota) > 0 ? Number(quota) : undefined, memoryBytes: isLimited ? Number(memory) : undefined }
}

async function hasSysResource(): Promise<boolean> {
  const capabilities = /^CapEff:\s*(\w+)/m.exec(await readFile('/proc/self/status', 'utf8'))?.[1] ?? '0'
  return ((BigInt(`0x${capabilities}`) >> 24n) & 1n) === 1n
}

/** Until it holds; what failed last is told when it never does. */
async function eventually(check: () => Promise<void>, seconds = 20): Promise<void> {
  const deadline = performance.now() + seconds * 1000
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > deadline) throw error
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }
}
