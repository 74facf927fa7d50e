/**
 * Cgroups of Pods, and changes of resources while a Pod runs, in virtual time: "Resize CPU and Memory Resources assigned to
 * Containers" of the Kubernetes documentation, sentence by sentence.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod } from '../../src/api/kinds/pod.ts'
import { qosClass } from '../../src/api/resources.ts'
import { beginStory, isReady, type Story } from './story.ts'

const MiB = 2 ** 20
const cpu = (request: string, limit = request) => ({ requests: { cpu: request }, limits: { cpu: limit } })
const memory = (amount: string) => ({ requests: { memory: amount }, limits: { memory: amount } })
const both = (milli: string, bytes: string) => ({ requests: { cpu: milli, memory: bytes }, limits: { cpu: milli, memory: bytes } })

function run(story: Story, resources: object, { name = 'web', annotations = {}, container = {}, ...spec }: Record<string, any> = {}): void {
  const full = { containers: [{ name: 'web', image: 'nginx:1', resources, ...container }], ...spec }
  story.run({ metadata: { name, annotations }, spec: full, status: { phase: 'Pending', qosClass: qosClass({ spec: full } as unknown as Pod) } })
}

/** As the resize subresource stores it. */
async function resize(story: Story, resources: object, { name = 'web', list = 'containers' as 'containers' | 'initContainers' } = {}): Promise<void> {
  const { metadata, spec } = story.pod(name)!
  const changed = spec[list]!.map((container, index) => (index === 0 ? { ...container, resources } : container))
  await story.world.finish(story.api.client.update(Pod, { metadata: { name, namespace: metadata.namespace }, spec: { ...spec, [list]: changed } } as never))
}

const condition = (story: Story, type: string, name = 'web') => story.pod(name)?.status.conditions?.find(one => one.type === type)
const containerOf = (story: Story, name = 'web') => story.pod(name)!.status.containerStatuses![0]!
const pathOf = (story: Story, name = 'web') => [...story.runtime.cgroups.all.keys()].find(path => path.endsWith(`/pod${story.pod(name)!.metadata.uid}`))!
const settled = (story: Story) => story.until(({ status }) => !status.conditions?.some(({ type }) => type.startsWith('PodResize')), 60)

test('§ cgroups: a Pod has its own below its class, the class weighs what its Pods ask for, and nothing stays behind', async () => {
  const story = await beginStory()
  const { all } = story.runtime.cgroups
  run(story, cpu('500m'), { name: 'a' })
  run(story, { requests: { cpu: '250m' } }, { name: 'b' })
  run(story, both('1', '64Mi'), { name: 'c' })
  run(story, {}, { name: 'd' })
  await story.world.until(() => ['a', 'b', 'c', 'd'].every(name => isReady(story.pod(name)!)), 10_000)
  assert.deepEqual(all.get('/kubepods'), { cpuShares: 4096, memoryLimitBytes: 8 * 1024 * MiB })
  assert.deepEqual([all.get('/kubepods/besteffort'), all.get('/kubepods/burstable')], [{ cpuShares: 2 }, { cpuShares: 768 }])
  assert.deepEqual(all.get(pathOf(story, 'a')), { cpuShares: 512, cpuQuotaUs: 50_000, memoryLimitBytes: -1 })
  assert.deepEqual(all.get(pathOf(story, 'c')), { cpuShares: 1024, cpuQuotaUs: 100_000, memoryLimitBytes: 64 * MiB })
  assert.equal(pathOf(story, 'c'), `/kubepods/pod${story.pod('c')!.metadata.uid}`)
  assert.equal(pathOf(story, 'd'), `/kubepods/besteffort/pod${story.pod('d')!.metadata.uid}`)
  for (const name of ['a', 'b', 'c', 'd']) await story.delete(name)
  for (const name of ['a', 'b', 'c', 'd']) await story.gone(name)
  await story.world.advance(1000)
  assert.deepEqual(
    [...all],
    [
      ['/kubepods', { cpuShares: 4096, memoryLimitBytes: 8 * 1024 * MiB }],
      ['/kubepods/besteffort', { cpuShares: 2 }],
      ['/kubepods/burstable', { cpuShares: 2 }],
    ],
  )
})

test('§ cgroups: no container starts before its Pod has one; a failure is told and tried again after ten seconds', async () => {
  const story = await beginStory()
  const { cgroups } = story.runtime
  const set = cgroups.set.bind(cgroups)
  let failures = 2
  cgroups.set = async (path, limits) => {
    if (path.includes('/pod') && failures-- > 0) throw new Error('device or resource busy')
    await set(path, limits)
  }
  run(story, cpu('500m'))
  await story.until(isReady)
  assert.ok(story.seconds() >= 20 && story.seconds() < 21, `${story.seconds()} s`)
  assert.deepEqual(
    story.events.filter(({ type }) => type === 'Warning').map(({ reason, message }) => `${reason}: ${message}`),
    Array(2).fill('FailedToCreatePodContainer: unable to ensure pod container exists: device or resource busy'),
  )
})

test('§ resize: CPU and memory change while the container runs on', async () => {
  const story = await beginStory()
  run(story, both('500m', '64Mi'))
  await story.until(isReady)
  const id = containerOf(story).containerID
  await resize(story, both('800m', '128Mi'))
  const seen = await story.until(({ status }) => status.conditions?.some(({ type }) => type === 'PodResizeInProgress') ?? false, 5)
  assert.equal(seen.status.conditions?.find(({ type }) => type === 'PodResizeInProgress')?.observedGeneration, 2)
  await settled(story)
  const { containerID, restartCount, resources, allocatedResources } = containerOf(story)
  assert.deepEqual(
    { containerID, restartCount, resources, allocatedResources },
    {
      containerID: id,
      restartCount: 0,
      resources: both('800m', '128Mi'),
      allocatedResources: { cpu: '800m', memory: '128Mi' },
    },
  )
  assert.deepEqual((await story.instances('web'))[0]!.resources, {
    cpuShares: 819,
    cpuQuotaUs: 80_000,
    cpuPeriodUs: 100_000,
    memoryLimitBytes: 128 * MiB,
    oomScoreAdj: -997,
  })
  assert.deepEqual(story.runtime.cgroups.all.get(pathOf(story)), { cpuShares: 819, cpuQuotaUs: 80_000, memoryLimitBytes: 128 * MiB })
  const told = story.events.filter(({ reason }) => reason === 'ResizeCompleted').map(({ message }) => message)
  assert.deepEqual(told, [
    'Pod resize completed: {"containers":[{"name":"web","resources":{"limits":{"cpu":"800m","memory":"128Mi"},"requests":{"cpu":"800m","memory":"128Mi"}}}],"generation":2}',
  ])
})

test('§ resize: requests of memory alone are given without any change of what runs', async () => {
  const story = await beginStory()
  run(story, { requests: { memory: '64Mi' } })
  await story.until(isReady)
  await resize(story, { requests: { memory: '128Mi' } })
  await story.until(() => containerOf(story).allocatedResources?.['memory'] === '128Mi', 5)
  assert.deepEqual(containerOf(story).resources, { requests: { memory: '128Mi' } })
  assert.equal(story.events.filter(({ reason }) => reason === 'ResizeCompleted').length, 1)
})

test('§ cgroups: a Pod that has finished weighs nothing, and a new kubelet does not make the others lighter for a moment', async () => {
  const story = await beginStory()
  const { all } = story.runtime.cgroups
  run(story, cpu('500m'), { name: 'done', restartPolicy: 'Never', container: { image: 'busybox:1', command: ['true'] } })
  run(story, cpu('250m'))
  await story.world.until(() => story.pod('done')!.status.phase === 'Succeeded' && isReady(story.pod()!), 10_000)
  await story.world.advance(1000)
  assert.deepEqual(all.get('/kubepods/burstable'), { cpuShares: 256 })
  const weights: (number | undefined)[] = []
  const set = story.runtime.cgroups.set.bind(story.runtime.cgroups)
  story.runtime.cgroups.set = async (path, limits) => {
    if (path === '/kubepods/burstable') weights.push(limits.cpuShares)
    await set(path, limits)
  }
  await story.restartKubelet()
  await story.world.advance(2000)
  assert.deepEqual(weights, [256])
})

test('§ resizePolicy: RestartContainer restarts it for that resource, and that is no crash', async () => {
  const story = await beginStory()
  run(story, both('500m', '64Mi'), { container: { resizePolicy: [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }] } })
  await story.until(isReady)
  await resize(story, both('600m', '64Mi'))
  await story.world.advance(1000)
  assert.equal(containerOf(story).restartCount, 0, 'CPU has no such policy')

  await resize(story, both('600m', '128Mi'))
  const asked = story.seconds()
  await story.until(pod => isReady(pod) && pod.status.containerStatuses![0]!.restartCount === 1, 10)
  assert.ok(story.seconds() - asked < 2, 'it waits for no back-off')
  assert.deepEqual(containerOf(story).resources, both('600m', '128Mi'))
  assert.ok(story.events.some(({ reason, message }) => reason === 'Killing' && message === 'Container web resize requires restart'))
  assert.equal(condition(story, 'PodResizeInProgress'), undefined)

  const [instance] = await story.instances('web')
  story.runtime.killContainer(instance!.id)
  const crashed = story.seconds()
  await story.until(pod => isReady(pod) && pod.status.containerStatuses![0]!.restartCount === 2, 30)
  assert.ok(story.seconds() - crashed < 2, 'its first crash')
})

test('§ resizePolicy: with restartPolicy OnFailure a container that stops well for it starts again all the same', async () => {
  const story = await beginStory()
  run(story, memory('64Mi'), { restartPolicy: 'OnFailure', container: { resizePolicy: [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }] } })
  await story.until(isReady)
  await resize(story, memory('128Mi'))
  const pod = await story.until(seen => isReady(seen) && seen.status.containerStatuses![0]!.restartCount === 1, 10)
  assert.equal(pod.status.containerStatuses![0]!.lastState.terminated?.exitCode, 0)
})

test('§ resize: more than the node has is Infeasible, and the container keeps what it has until the spec changes again', async () => {
  const story = await beginStory()
  run(story, cpu('500m'))
  await story.until(isReady)
  await resize(story, cpu('5'))
  await story.until(() => condition(story, 'PodResizePending') !== undefined, 5)
  const { lastTransitionTime, lastProbeTime: _, ...pending } = condition(story, 'PodResizePending')!
  assert.deepEqual(pending, {
    type: 'PodResizePending',
    status: 'True',
    reason: 'Infeasible',
    message: "Node didn't have enough capacity: cpu, requested: 5000, capacity: 4000",
    observedGeneration: 2,
  })
  assert.ok(lastTransitionTime)
  assert.deepEqual([containerOf(story).allocatedResources, containerOf(story).resources], [{ cpu: '500m' }, cpu('500m')])
  await resize(story, cpu('500m'))
  await settled(story)
  assert.equal(
    story.events.some(({ reason }) => reason === 'ResizeCompleted'),
    false,
    'nothing has changed',
  )
})

test('§ resize: what does not fit now is Deferred until another Pod ends, and the most important Pod is served first', async () => {
  const story = await beginStory()
  run(story, cpu('1500m'), { name: 'other' })
  run(story, cpu('1'), { name: 'low' })
  run(story, cpu('1'), { name: 'web', priority: 1000 })
  await story.world.until(() => ['other', 'low', 'web'].every(name => story.pod(name) !== undefined && isReady(story.pod(name)!)), 10_000)
  await resize(story, cpu('2'), { name: 'low' })
  await resize(story, cpu('2500m'))
  await story.until(() => ['web', 'low'].every(name => condition(story, 'PodResizePending', name)?.reason === 'Deferred'), 5)
  assert.equal(condition(story, 'PodResizePending')?.message, "Node didn't have enough resource: cpu, requested: 2500, used: 2500, capacity: 4000")

  await story.delete('other')
  await story.gone('other')
  await settled(story)
  assert.deepEqual(containerOf(story).resources, cpu('2500m'))
  assert.equal(condition(story, 'PodResizePending', 'low')?.message, "Node didn't have enough resource: cpu, requested: 2000, used: 2500, capacity: 4000")
})

test('§ resize: a Pod that gives something back makes room for one that waits', async () => {
  const story = await beginStory()
  run(story, cpu('3'), { name: 'other' })
  run(story, cpu('1'))
  await story.until(isReady)
  await resize(story, cpu('2'))
  await story.until(() => condition(story, 'PodResizePending')?.reason === 'Deferred', 5)
  await resize(story, cpu('2'), { name: 'other' })
  await settled(story)
  assert.deepEqual(containerOf(story).resources, cpu('2'))
})

test('§ resize: a restarted kubelet knows what Pods were given, not only what they ask for', async () => {
  const story = await beginStory()
  run(story, cpu('3'), { name: 'other' })
  run(story, cpu('1'))
  await story.until(isReady)
  await resize(story, cpu('2'))
  await story.until(() => condition(story, 'PodResizePending')?.reason === 'Deferred', 5)
  const since = condition(story, 'PodResizePending')?.lastTransitionTime
  await story.world.advance(5000)
  await story.restartKubelet()
  await story.world.advance(2000)
  assert.equal(condition(story, 'PodResizePending')?.reason, 'Deferred')
  assert.equal(condition(story, 'PodResizePending')?.lastTransitionTime, since)
  assert.deepEqual([containerOf(story).restartCount, containerOf(story).resources], [0, cpu('1')])
  assert.deepEqual(story.runtime.cgroups.all.get(pathOf(story)), { cpuShares: 1024, cpuQuotaUs: 100_000, memoryLimitBytes: -1 })
})

for (const seed of [1, 2, 3, 4, 5, 6])
  test(`§ resize: a kubelet that dies in the middle of one leaves it to the next (${seed})`, async () => {
    const story = await beginStory(seed)
    run(story, both('500m', '64Mi'))
    await story.until(isReady)
    await resize(story, both('800m', '128Mi'))
    await story.world.advance(seed)
    await story.restartKubelet()
    await story.until(({ status }) => status.containerStatuses?.[0]?.resources?.limits?.['memory'] === '128Mi', 10)
    await settled(story)
    assert.equal(containerOf(story).restartCount, 0)
    assert.equal((await story.instances('web'))[0]!.resources?.cpuQuotaUs, 80_000)
    assert.deepEqual(story.runtime.cgroups.all.get(pathOf(story)), { cpuShares: 819, cpuQuotaUs: 80_000, memoryLimitBytes: 128 * MiB })
  })

test('§ resize: a memory limit below what is used is an error, tried again', async () => {
  const story = await beginStory()
  run(story, memory('64Mi'), { annotations: { 'simulate.poise.dev/web': 'listen=80, memory=40Mi' } })
  await story.until(isReady)
  await resize(story, memory('32Mi'))
  await story.until(() => condition(story, 'PodResizeInProgress')?.reason === 'Error', 5)
  assert.match(
    condition(story, 'PodResizeInProgress')?.message ?? '',
    /^cannot decrease memory limits: attempting to set container "web" memory limit \(33554432\) below current usage \(\d+\)$/,
  )
  assert.deepEqual(containerOf(story).resources, { requests: { memory: '32Mi' }, limits: { memory: '64Mi' } }, 'requests of memory are nowhere but in the spec')
  assert.equal(story.runtime.cgroups.all.get(pathOf(story))?.memoryLimitBytes, 64 * MiB, 'the Pod keeps room for its container')
  await resize(story, memory('48Mi'))
  await settled(story)
  assert.deepEqual(containerOf(story).resources, memory('48Mi'))
  assert.equal(story.runtime.cgroups.all.get(pathOf(story))?.memoryLimitBytes, 48 * MiB)
})

test('§ resize: sidecars change as regular containers do', async () => {
  const story = await beginStory()
  const sidecar = { name: 'side', image: 'nginx:1', restartPolicy: 'Always', resources: cpu('100m') }
  run(story, cpu('500m'), { initContainers: [sidecar] })
  await story.until(isReady)
  await resize(story, cpu('200m'), { list: 'initContainers' })
  await story.until(({ status }) => status.initContainerStatuses?.[0]?.resources?.limits?.['cpu'] === '200m', 5)
  await settled(story)
  assert.equal(story.pod()!.status.initContainerStatuses?.[0]?.restartCount, 0)
  assert.equal(story.runtime.cgroups.all.get(pathOf(story))?.cpuQuotaUs, 70_000)
})

test('§ resize: other Pods are admitted by what Pods were given', async () => {
  const story = await beginStory()
  run(story, cpu('1'))
  await story.until(isReady)
  await resize(story, cpu('6'))
  await story.until(() => condition(story, 'PodResizePending')?.reason === 'Infeasible', 5)
  run(story, cpu('3'), { name: 'fits' })
  await story.world.until(() => isReady(story.pod('fits')!), 5000)
  run(story, cpu('1'), { name: 'late' })
  await story.world.until(() => story.pod('late')!.status.phase === 'Failed', 5000)
  assert.equal(story.pod('late')!.status.reason, 'OutOfcpu')
})
