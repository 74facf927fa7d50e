/** What a Node says of its machine and its health. Pure, but for what the runtime answered. */
import type { Node } from '../../api/kinds/node.ts'
import type { ImageStatus, RuntimeStatus } from '../../runtime/runtime.ts'
import type { PressureCondition } from '../eviction/signals.ts'
import { allocatableResources, type Allocatable } from './allocatable.ts'
import type { Machine } from './machine.ts'

export type NodeStatus = Node['status']
export type NodeCondition = NonNullable<NodeStatus['conditions']>[number]

export const KUBELET_VERSION = 'v1.34.0'

export interface NodeStatusInputs {
  /** It overrides the machine's own host name, as kubelet --hostname-override does. */
  readonly nodeName: string
  readonly machine: Machine
  /** Undefined: the runtime did not answer. */
  readonly runtime: RuntimeStatus | undefined
  readonly images: readonly ImageStatus[]
  /** `containerd://1.6.20`. */
  readonly runtimeVersion: string
  /** What the Pods of this node may ask for together. */
  readonly allocatable: Allocatable
  /** What the node is short of. */
  readonly pressures: readonly PressureCondition[]
  readonly isShuttingDown: boolean
  readonly previous: readonly NodeCondition[]
  /** RFC 3339. */
  readonly now: string
}

export function computeNodeStatus(inputs: NodeStatusInputs): NodeStatus {
  const { nodeName, machine, runtime, runtimeVersion } = inputs
  return {
    addresses: [...machine.addresses.map(address => ({ type: 'InternalIP' as const, address })), { type: 'Hostname', address: nodeName }],
    capacity: resources(machine),
    allocatable: allocatableResources(inputs.allocatable),
    conditions: computeNodeConditions(inputs),
    images: nodeImages(inputs.images),
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    // A runtime that does not list them has the default one alone, and Kubernetes says nothing of it.
    ...(runtime?.handlers.some(({ name }) => name) && { runtimeHandlers: runtimeHandlers(runtime.handlers) }),
    ...(runtime?.supplementalGroupsPolicy && { features: { supplementalGroupsPolicy: true } }),
    nodeInfo: {
      architecture: machine.architecture,
      bootID: machine.bootId,
      containerRuntimeVersion: runtimeVersion,
      kernelVersion: machine.kernelVersion,
      kubeProxyVersion: '',
      kubeletVersion: KUBELET_VERSION,
      machineID: machine.machineId,
      operatingSystem: 'linux',
      osImage: machine.osImage,
      systemUUID: machine.systemUuid,
    },
  } as NodeStatus
}

export function computeNodeConditions({
  runtime,
  pressures,
  isShuttingDown,
  previous,
  now,
}: Pick<NodeStatusInputs, 'runtime' | 'pressures' | 'isShuttingDown' | 'previous' | 'now'>): NodeCondition[] {
  const problems = [
    ...(!runtime ? ['container runtime is down'] : []),
    ...(runtime && !runtime.runtimeReady ? [`container runtime status check may not have completed yet: ${runtime.message}`] : []),
    ...(runtime?.runtimeReady && !runtime.networkReady ? [`container runtime network not ready: ${runtime.message}`] : []),
    ...(isShuttingDown ? ['node is shutting down'] : []),
  ]
  const problem = problems.length > 1 ? `[${problems.join(', ')}]` : problems[0]
  const wanted: [string, 'True' | 'False', string, string][] = [
    ...PRESSURES.map(({ type, yes, no }): [string, 'True' | 'False', string, string] =>
      pressures.includes(type) ? [type, 'True', ...yes] : [type, 'False', ...no],
    ),
    problem ? ['Ready', 'False', 'KubeletNotReady', problem] : ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'],
  ]
  return wanted.map(([type, status, reason, message]) => {
    const old = previous.find(condition => condition.type === type)
    return {
      type,
      status,
      reason,
      message,
      lastHeartbeatTime: now,
      lastTransitionTime: old?.status === status && old.lastTransitionTime ? old.lastTransitionTime : now,
    }
  })
}

const PRESSURES: readonly { type: PressureCondition; yes: readonly [string, string]; no: readonly [string, string] }[] = [
  {
    type: 'MemoryPressure',
    yes: ['KubeletHasInsufficientMemory', 'kubelet has insufficient memory available'],
    no: ['KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
  },
  {
    type: 'DiskPressure',
    yes: ['KubeletHasDiskPressure', 'kubelet has disk pressure'],
    no: ['KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
  },
  {
    type: 'PIDPressure',
    yes: ['KubeletHasInsufficientPID', 'kubelet has insufficient PID available'],
    no: ['KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
  },
]

/** Kubernetes' own bounds: what the scheduler and `kubectl describe node` look at may not make the Node a large object. */
const IMAGES_MAX = 50
const NAMES_MAX = 5

/** The largest first. */
function nodeImages(images: readonly ImageStatus[]): NodeStatus['images'] {
  return images
    .map(({ repoDigests, repoTags, sizeBytes }) => ({ names: [...repoDigests, ...repoTags].slice(0, NAMES_MAX), sizeBytes }))
    .filter(({ names }) => names.length > 0)
    .sort((a, b) => b.sizeBytes - a.sizeBytes || (a.names[0]! < b.names[0]! ? -1 : 1))
    .slice(0, IMAGES_MAX)
}

const runtimeHandlers = (handlers: RuntimeStatus['handlers']): NodeStatus['runtimeHandlers'] =>
  handlers.map(({ name, recursiveReadOnlyMounts }) => ({ name, features: { recursiveReadOnlyMounts, userNamespaces: false } }))

/** The node before it is in the API: what is known of it without asking anybody. */
export const unregisteredNode = (nodeName: string, machine: Machine, allocatable: Allocatable): Node =>
  ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: nodeName, labels: nodeLabels(nodeName, machine) },
    spec: {},
    status: { allocatable: allocatableResources(allocatable) },
  }) as Node

export function nodeLabels(nodeName: string, machine: Machine): Record<string, string> {
  return {
    'beta.kubernetes.io/arch': machine.architecture,
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': machine.architecture,
    'kubernetes.io/hostname': nodeName,
    'kubernetes.io/os': 'linux',
  }
}

function resources(machine: Machine): Record<string, string> {
  return {
    cpu: machine.cpuMilli % 1000 === 0 ? String(machine.cpuMilli / 1000) : `${machine.cpuMilli}m`,
    'ephemeral-storage': kibibytes(machine.ephemeralStorageBytes),
    'hugepages-1Gi': '0',
    'hugepages-2Mi': '0',
    memory: kibibytes(machine.memoryBytes),
    pods: String(machine.podsMax),
  }
}

const kibibytes = (bytes: number): string => `${Math.floor(bytes / 1024)}Ki`
