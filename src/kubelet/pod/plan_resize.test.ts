/** Each line reads: this was given, this runs, so this is done. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../api/kinds/pod.ts'
import type { ContainerResources, ContainerStatus } from '../../runtime/runtime.ts'
import { containerLimits, podCgroupLimits } from '../cgroup/cgroup_values.ts'
import { containerLabels } from '../container/labels.ts'
import { isResizing, mustRestart, planPodLimits, planResizes } from './plan_resize.ts'
import { emptyMemory, type Action, type PodMemory } from './pod_state.ts'

const NOW = 1_000_000
const MiB = 2 ** 20
const resources = (cpu: string, memory: string) => ({ requests: { cpu, memory }, limits: { cpu, memory } })
const RESTART_FOR_MEMORY = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }]

const podOf = (...containers: object[]): Pod =>
  ({
    metadata: { name: 'web', uid: 'u' },
    spec: { containers: containers.map((container, index) => ({ name: 'ab'[index], image: 'i', ...container })) },
    status: { qosClass: 'Guaranteed' },
  }) as unknown as Pod

const running = (pod: Pod, name: string, told: ContainerResources | undefined): ContainerStatus =>
  ({
    id: `${name}-0`,
    state: 'running',
    labels: containerLabels(
      pod,
      pod.spec.containers.find(container => container.name === name)!,
    ),
    resources: told,
  }) as unknown as ContainerStatus

const had = (cpu: string, memory: string) => containerLimits({ resources: resources(cpu, memory) })
const small = had('100m', '64Mi')
const large = had('200m', '128Mi')

function planned(pod: Pod, told: Record<string, ContainerResources | undefined>, over: Partial<PodMemory> = {}, isSandboxStarting = false): string[] {
  const observed = { sandboxes: [], containers: Object.entries(told).map(([name, had]) => running(pod, name, had)) }
  const memory: PodMemory = { ...emptyMemory('2026-01-01T00:00:00Z'), podLimits: podCgroupLimits(pod), ...over }
  const limits = planPodLimits(pod, observed, memory, NOW, isSandboxStarting)
  return [...limits, ...(limits.length === 0 ? planResizes(pod, observed, memory, NOW) : [])].map(said)
}

const said = (action: Action): string => {
  if (action.do === 'setPodLimits' && action.limits.cpuQuotaUs < 0) return 'Pod without limits'
  if (action.do === 'setPodLimits') return `Pod ${action.limits.cpuQuotaUs / 100}m ${action.limits.memoryLimitBytes / MiB}Mi`
  return action.do === 'resizeContainer' ? `change ${action.id}` : action.do
}

const one = podOf({ resources: resources('200m', '128Mi') })
const oneBefore = podCgroupLimits(podOf({ resources: resources('100m', '64Mi') }))
const shrunk = podOf({ resources: resources('100m', '64Mi') })
const crossed = podOf({ resources: resources('100m', '64Mi') }, { resources: resources('200m', '128Mi') })

for (const [why, wanted, actions] of [
  ['the cgroup comes with the first sandbox', planned(one, {}, { podLimits: undefined }, true), ['Pod 200m 128Mi']],
  ['and again with another one', planned(one, {}, {}, true), ['Pod 200m 128Mi']],
  ['nothing is done when everything is as it was given', planned(one, { a: large }), []],
  ['more: the Pod first', planned(one, { a: small }, { podLimits: oneBefore }), ['Pod 200m 128Mi']],
  ['then the container', planned(one, { a: small }), ['change a-0']],
  ['less: the container first', planned(shrunk, { a: large }, { podLimits: podCgroupLimits(one) }), ['change a-0']],
  ['then the Pod', planned(shrunk, { a: small }, { podLimits: podCgroupLimits(one) }), ['Pod 100m 64Mi']],
  ['a new kubelet in the middle of one gives the Pod room first', planned(shrunk, { a: large }, { podLimits: undefined }), ['Pod without limits']],
  ['what gives goes before what takes', planned(crossed, { b: small, a: large }), ['change a-0', 'change b-0']],
  ['one at a time', planned(one, { a: small }, { resizing: new Set(['a-0']) }), []],
  ['not while the Pod itself is being changed', planned(one, { a: small }, { isSettingLimits: true }), []],
  ['not before the time of another try', planned(one, { a: small }, { limitsRetryAt: NOW + 1 }), []],
  ['a runtime that does not tell is not asked', planned(one, { a: undefined }), []],
  ['no limit is 0 for some runtimes', planned(podOf({}), { a: { cpuShares: 2, cpuQuotaUs: 0, memoryLimitBytes: 0 } }), []],
  ['who must restart is not changed in place', planned(podOf({ resources: resources('200m', '128Mi'), resizePolicy: RESTART_FOR_MEMORY }), { a: small }), []],
] as const)
  test(`planResizes: ${why}`, () => assert.deepEqual(wanted, actions))

test('a restart is asked for by the policy of the resource that changes', () => {
  const pod = podOf({ resources: resources('200m', '64Mi'), resizePolicy: RESTART_FOR_MEMORY })
  const [container] = pod.spec.containers
  assert.equal(mustRestart(container!, running(pod, 'a', small)), false, 'CPU alone')
  assert.equal(mustRestart(container!, running(pod, 'a', had('200m', '32Mi'))), true)
  assert.equal(mustRestart(container!, running(pod, 'a', undefined)), false)
})

test('a resize is under way until containers and Pod are as they were given', () => {
  const observed = (told: ContainerResources) => ({ sandboxes: [], containers: [running(one, 'a', told)] })
  const memory = { ...emptyMemory(''), podLimits: podCgroupLimits(one) }
  assert.equal(isResizing(one, observed(small), memory), true)
  assert.equal(isResizing(one, observed(large), { ...memory, podLimits: oneBefore }), true)
  assert.equal(isResizing(one, observed(large), memory), false)
  assert.equal(isResizing(one, { sandboxes: [], containers: [] }, emptyMemory('')), false, 'what does not run will start with it')
})
