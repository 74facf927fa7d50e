/** A container of a Pod. */
import { atomicList, boolean, described, int32, mapList, object, present, required, setOf, string, type Infer } from '../schema.ts'
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
  name: required(string({ doc: 'Unique in the Pod; cannot be changed.' })),
  args: atomicList(string(), { doc: 'Arguments; the CMD of the image if nothing is said. $(NAME) is replaced by variables.' }),
  command: atomicList(string(), { doc: 'The program, not run in a shell; the ENTRYPOINT of the image if nothing is said.' }),
  env: mapList(envVar, ['name'], { patchMerge: true, patchMergeKey: 'name', doc: 'Environment variables.' }),
  envFrom: atomicList(envFromSource, { doc: 'ConfigMaps and Secrets whose every entry becomes a variable; env wins over them.' }),
  image: present(string({ doc: 'Name of the image.' })),
  imagePullPolicy: present(
    string({ values: ['Always', 'IfNotPresent', 'Never'], doc: 'When to ask the registry. Always if the tag is latest or missing, else IfNotPresent.' }),
  ),
  lifecycle: described(lifecycle, 'Hooks at the start and before the stop.'),
  livenessProbe: described(probe, 'When it fails the container is restarted.'),
  ports: mapList(containerPort, ['containerPort', 'protocol'], {
    patchMerge: true,
    patchMergeKey: 'containerPort',
    doc: 'Ports the container listens on; for information, and to give them names.',
  }),
  readinessProbe: described(probe, 'While it fails the Pod gets no traffic from Services.'),
  resizePolicy: atomicList(containerResizePolicy, { doc: 'Whether a change of resources restarts the container.' }),
  resources: present(resourceRequirements, { doc: 'What the container asks for and may use at most.' }),
  restartPolicy: string({ doc: 'Only for init containers: Always makes it a sidecar.' }),
  restartPolicyRules: atomicList(containerRestartRule),
  securityContext: described(securityContext, 'Rights the container runs with; they win over those of the Pod.'),
  startupProbe: described(probe, 'Until it succeeds the other probes wait.'),
  stdin: boolean({ doc: 'Keep standard input open.' }),
  stdinOnce: boolean({ doc: 'Close standard input when the first client leaves.' }),
  terminationMessagePath: string({ default: '/dev/termination-log', doc: 'File whose text is kept in the status when the container ends.' }),
  terminationMessagePolicy: string({
    values: ['File', 'FallbackToLogsOnError'],
    default: 'File',
    doc: 'Whether the end of the log may stand in for that file after a failure.',
  }),
  tty: boolean({ doc: 'Give the container a terminal.' }),
  volumeDevices: mapList(volumeDevice, ['devicePath'], { patchMerge: true, patchMergeKey: 'devicePath' }),
  volumeMounts: mapList(volumeMount, ['mountPath'], { patchMerge: true, patchMergeKey: 'mountPath', doc: 'Where volumes appear in the file system.' }),
  workingDir: string({ doc: 'Directory the program starts in.' }),
} as const

export const container = object('io.k8s.api.core.v1.Container', containerFields, { doc: 'One program with its image, environment and resources.' })

export interface ContainerPort extends Infer<typeof containerPort> {}
export interface VolumeMount extends Infer<typeof volumeMount> {}
export interface VolumeDevice extends Infer<typeof volumeDevice> {}
export interface ContainerRestartRuleOnExitCodes extends Infer<typeof containerRestartRuleOnExitCodes> {}
export interface ContainerRestartRule extends Infer<typeof containerRestartRule> {}
export interface Container extends Infer<typeof container> {}
