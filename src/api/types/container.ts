/** A container of a Pod. */
import { atomicList, boolean, int32, mapList, object, present, required, setOf, string, type Infer } from '../schema.ts'
import { envFromSource, envVar } from './env.ts'
import { lifecycle } from './lifecycle.ts'
import { probe } from './probe.ts'
import { containerResizePolicy, resourceRequirements } from './resource_requirements.ts'
import { securityContext } from './security_context.ts'

export const containerPort = object('io.k8s.api.core.v1.ContainerPort', {
  name: string(),
  containerPort: required(int32()),
  hostIP: string(),
  hostPort: int32(),
  protocol: string({ values: ['TCP', 'UDP', 'SCTP'], default: 'TCP' }),
})

export const volumeMount = object('io.k8s.api.core.v1.VolumeMount', {
  name: required(string()),
  mountPath: required(string()),
  mountPropagation: string({ values: ['None', 'HostToContainer', 'Bidirectional'] }),
  readOnly: boolean(),
  recursiveReadOnly: string({ values: ['Disabled', 'IfPossible', 'Enabled'] }),
  subPath: string(),
  subPathExpr: string(),
})

export const volumeDevice = object('io.k8s.api.core.v1.VolumeDevice', {
  name: required(string()),
  devicePath: required(string()),
})

export const containerRestartRuleOnExitCodes = object('io.k8s.api.core.v1.ContainerRestartRuleOnExitCodes', {
  operator: required(string({ values: ['In', 'NotIn'] })),
  values: setOf(int32()),
})

export const containerRestartRule = object('io.k8s.api.core.v1.ContainerRestartRule', {
  action: required(string({ values: ['Restart'] })),
  exitCodes: containerRestartRuleOnExitCodes,
})

/** What every container has; containers and ephemeral ones share it. */
export const containerFields = {
  name: required(string()),
  args: atomicList(string()),
  command: atomicList(string()),
  env: mapList(envVar, ['name'], { patchMerge: true, patchMergeKey: 'name' }),
  envFrom: atomicList(envFromSource),
  image: present(string()),
  imagePullPolicy: present(string({ values: ['Always', 'IfNotPresent', 'Never'] })),
  lifecycle,
  livenessProbe: probe,
  ports: mapList(containerPort, ['containerPort', 'protocol'], { patchMerge: true, patchMergeKey: 'containerPort' }),
  readinessProbe: probe,
  resizePolicy: atomicList(containerResizePolicy),
  resources: present(resourceRequirements),
  restartPolicy: string(),
  restartPolicyRules: atomicList(containerRestartRule),
  securityContext,
  startupProbe: probe,
  stdin: boolean(),
  stdinOnce: boolean(),
  terminationMessagePath: string({ default: '/dev/termination-log' }),
  terminationMessagePolicy: string({ values: ['File', 'FallbackToLogsOnError'], default: 'File' }),
  tty: boolean(),
  volumeDevices: mapList(volumeDevice, ['devicePath'], { patchMerge: true, patchMergeKey: 'devicePath' }),
  volumeMounts: mapList(volumeMount, ['mountPath'], { patchMerge: true, patchMergeKey: 'mountPath' }),
  workingDir: string(),
} as const

export const container = object('io.k8s.api.core.v1.Container', containerFields)

export interface ContainerPort extends Infer<typeof containerPort> {}
export interface VolumeMount extends Infer<typeof volumeMount> {}
export interface VolumeDevice extends Infer<typeof volumeDevice> {}
export interface ContainerRestartRuleOnExitCodes extends Infer<typeof containerRestartRuleOnExitCodes> {}
export interface ContainerRestartRule extends Infer<typeof containerRestartRule> {}
export interface Container extends Infer<typeof container> {}
