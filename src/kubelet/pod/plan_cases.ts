/** What the tables of planPod's tests are written with: a Pod, what is seen of it, and in few words what is done. */
import type { Pod } from '../../api/kinds/pod.ts'
import type { ContainerState, ContainerStatus, PodSandboxStatus } from '../../runtime/runtime.ts'
import { podCgroupLimits } from '../cgroup/cgroup_values.ts'
import { containerAnnotations, containerLabels } from '../container/labels.ts'
import { planPod } from './plan_pod.ts'
import { containersOf } from './pod_nouns.ts'
import { emptyMemory, type Health, type PodMemory, type PodStep, type Termination } from './pod_state.ts'

export const NOW = 1_000_000
const healthy: Health = { started: true, ready: true, failed: undefined }

export function podOf(spec: { init?: object[]; containers?: object[] } & Record<string, unknown> = {}): Pod {
  const { init = [], containers = [{ name: 'web' }], ...rest } = spec
  const named = (container: object) => ({ image: 'web:1', resources: {}, ...container })
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', uid: 'u' },
    spec: { restartPolicy: 'Always', terminationGracePeriodSeconds: 30, ...rest, initContainers: init.map(named), containers: containers.map(named) },
    status: { phase: 'Pending', qosClass: 'BestEffort' },
  } as unknown as Pod
}

export const sandbox = (rest: Partial<PodSandboxStatus> = {}): PodSandboxStatus => ({
  id: 's0',
  metadata: { name: 'web', namespace: 'default', uid: 'u', attempt: 0 },
  ready: true,
  createdAt: 1,
  labels: {},
  annotations: {},
  ips: ['10.0.0.9'],
  networkMode: 'POD',
  ...rest,
})

/** `running` or `exited 1`, with how often it was started before. */
export function instance(pod: Pod, name: string, what: string, restartCount = 0, rest: Partial<ContainerStatus> = {}): ContainerStatus {
  const [state = '', exitCode = '0'] = what.split(' ')
  const { container } = containersOf(pod).find(named => named.container.name === name)!
  return {
    id: `${name}-${restartCount}`,
    sandboxId: 's0',
    metadata: { name, attempt: restartCount },
    state: state as ContainerState,
    createdAt: 10 + restartCount,
    startedAt: 10,
    finishedAt: state === 'exited' ? NOW - 1000 : 0,
    exitCode: Number(exitCode),
    reason: '',
    message: '',
    image: '',
    imageRef: '',
    logPath: '',
    mounts: [],
    resources: undefined,
    labels: containerLabels(pod, container),
    annotations: containerAnnotations(pod, container, restartCount, ''),
    ...rest,
  }
}

export interface Case {
  pod?: Pod
  sandboxes?: PodSandboxStatus[]
  containers?: (pod: Pod) => ContainerStatus[]
  memory?: Partial<PodMemory>
  health?: Partial<Health>
  termination?: Termination
}

export function plan({ pod = podOf(), sandboxes = [sandbox()], containers = () => [], memory = {}, health = {}, termination }: Case): PodStep {
  const remembered: PodMemory = { ...emptyMemory('2026-01-01T00:00:00Z'), volumes: 'mounted', podLimits: podCgroupLimits(pod), ...memory }
  return planPod({ pod, termination }, { sandboxes, containers: containers(pod) }, remembered, () => ({ ...healthy, ...health }), NOW)
}

/** `startContainers web`, `signal web-0 30000`: what is done, in a few words. */
export const said = ({ actions, end, finished }: PodStep): string[] => [
  ...actions.map(action => {
    switch (action.do) {
      case 'startContainers':
        return `start ${action.orders.map(({ named, restartCount }) => `${named.container.name}${restartCount > 0 ? `#${restartCount}` : ''}`).join(' ')}`
      case 'startSandbox':
        return `sandbox ${action.attempt}`
      case 'stopSandboxes':
        return `stop sandbox ${action.ids.join(' ')}`
      case 'beginStop':
        return `begin to stop ${action.id}${action.hook ? ' with its hook' : ''}`
      case 'signal':
        return `signal ${action.id} ${action.timeoutMs / 1000}s`
      case 'reportBackOff':
        return `back-off ${action.named.container.name}`
      case 'removeSandboxes':
        return `remove sandbox ${action.ids.join(' ')}`
      case 'removeContainers':
        return `remove ${action.ids.join(' ')}`
      default:
        return action.do
    }
  }),
  ...(end ? [`ends: ${end.failure?.reason ?? end.because}`] : []),
  ...(finished ? ['finished'] : []),
]
