/** What a Pod shall be. */
import { atomicList, boolean, described, int32, int64, map, mapList, object, present, quantity, required, string, type Infer } from '../schema.ts'
import { affinity } from './affinity.ts'
import { container } from './container.ts'
import { ephemeralContainer } from './ephemeral_container.ts'
import { localObjectReference } from './reference.ts'
import { resourceRequirements } from './resource_requirements.ts'
import { podReadinessGate, podSchedulingGate, toleration, topologySpreadConstraint } from './scheduling.ts'
import { podSecurityContext } from './security_context.ts'
import { volume } from './volume.ts'

export const podDNSConfigOption = object('io.k8s.api.core.v1.PodDNSConfigOption', {
  name: string(),
  value: string(),
})

export const podDNSConfig = object('io.k8s.api.core.v1.PodDNSConfig', {
  nameservers: atomicList(string()),
  options: atomicList(podDNSConfigOption),
  searches: atomicList(string()),
})

export const hostAlias = object('io.k8s.api.core.v1.HostAlias', {
  hostnames: atomicList(string()),
  ip: required(string()),
})

export const podOS = object('io.k8s.api.core.v1.PodOS', {
  name: required(string({ values: ['linux', 'windows'] })),
})

export const podResourceClaim = object('io.k8s.api.core.v1.PodResourceClaim', {
  name: required(string()),
  resourceClaimName: string(),
  resourceClaimTemplateName: string(),
})

export const podSpec = object(
  'io.k8s.api.core.v1.PodSpec',
  {
    activeDeadlineSeconds: int64({ doc: 'The Pod fails when it has been active for so many seconds.' }),
    affinity,
    automountServiceAccountToken: boolean({ doc: 'False keeps the token of the ServiceAccount out of the containers.' }),
    containers: required(
      mapList(container, ['name'], { patchMerge: true, patchMergeKey: 'name', doc: 'The containers; at least one. None can be added or removed later.' }),
    ),
    dnsConfig: podDNSConfig,
    dnsPolicy: string({
      values: ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'],
      default: 'ClusterFirst',
      doc: 'Where names are looked up: in the cluster, on the node, or as dnsConfig says.',
    }),
    enableServiceLinks: boolean({ default: true, doc: 'False leaves out the environment variables that name the Services of the namespace.' }),
    ephemeralContainers: mapList(ephemeralContainer, ['name'], {
      patchMerge: true,
      patchMergeKey: 'name',
      doc: 'Containers added later for debugging, through the subresource of this name.',
    }),
    hostAliases: mapList(hostAlias, ['ip'], { patchMerge: true, patchMergeKey: 'ip', doc: 'Lines added to the hosts file.' }),
    hostIPC: boolean({ doc: 'Share the IPC namespace of the node.' }),
    hostNetwork: boolean({ doc: 'Use the network of the node in place of an own one.' }),
    hostPID: boolean({ doc: 'See the processes of the node.' }),
    hostUsers: boolean(),
    hostname: string({ doc: 'Host name inside the Pod; its own name if nothing is said.' }),
    hostnameOverride: string(),
    imagePullSecrets: mapList(localObjectReference, ['name'], {
      patchMerge: true,
      patchMergeKey: 'name',
      doc: 'Secrets that hold credentials for registries.',
    }),
    initContainers: mapList(container, ['name'], {
      patchMerge: true,
      patchMergeKey: 'name',
      doc: 'Run one after the other before the containers start; with restartPolicy Always one keeps running beside them.',
    }),
    nodeName: string({ doc: 'The node that runs the Pod; the scheduler fills it in.' }),
    nodeSelector: map(string(), { atomic: true, doc: 'Labels the node must have.' }),
    os: podOS,
    overhead: map(quantity(), { doc: 'Resources the runtime itself needs, on top of those of the containers.' }),
    preemptionPolicy: string({ values: ['PreemptLowerPriority', 'Never'], doc: 'Whether Pods of lower priority may be pushed out for this one.' }),
    priority: int32({ doc: 'Filled in from priorityClassName; higher goes first.' }),
    priorityClassName: string({ doc: 'Name of the PriorityClass.' }),
    readinessGates: atomicList(podReadinessGate, { doc: 'Further conditions that must be True before the Pod counts as ready.' }),
    resourceClaims: mapList(podResourceClaim, ['name'], { patchMerge: true, patchMergeKey: 'name', retainKeys: true }),
    resources: described(resourceRequirements, 'Requests and limits of the Pod as a whole.'),
    restartPolicy: string({ values: ['Always', 'OnFailure', 'Never'], default: 'Always', doc: 'Whether containers that end are started again.' }),
    runtimeClassName: string({ doc: 'Name of the RuntimeClass.' }),
    schedulerName: string({ default: 'default-scheduler', doc: 'The scheduler that shall place the Pod.' }),
    schedulingGates: mapList(podSchedulingGate, ['name'], { patchMerge: true, patchMergeKey: 'name', doc: 'The scheduler waits until this list is empty.' }),
    securityContext: present(podSecurityContext),
    serviceAccount: string({ doc: 'Older name of serviceAccountName.' }),
    serviceAccountName: string({ doc: 'Who the Pod is towards the API.' }),
    setHostnameAsFQDN: boolean({ doc: 'Use the full name as host name.' }),
    shareProcessNamespace: boolean({ doc: 'Let the containers see the processes of each other.' }),
    subdomain: string({ doc: 'Together with hostname it gives the Pod a name in DNS.' }),
    terminationGracePeriodSeconds: int64({ default: 30, doc: 'Seconds between the wish to stop and the kill; hooks count too.' }),
    tolerations: atomicList(toleration, { doc: 'Taints of nodes the Pod puts up with.' }),
    topologySpreadConstraints: mapList(topologySpreadConstraint, ['topologyKey', 'whenUnsatisfiable'], {
      patchMerge: true,
      patchMergeKey: 'topologyKey',
      doc: 'How evenly Pods shall spread over zones and nodes.',
    }),
    volumes: mapList(volume, ['name'], { patchMerge: true, patchMergeKey: 'name', retainKeys: true, doc: 'Directories the containers can mount.' }),
  },
  { doc: 'What the Pod consists of, and how it is run.' },
)

export interface PodDNSConfigOption extends Infer<typeof podDNSConfigOption> {}
export interface PodDNSConfig extends Infer<typeof podDNSConfig> {}
export interface HostAlias extends Infer<typeof hostAlias> {}
export interface PodOS extends Infer<typeof podOS> {}
export interface PodResourceClaim extends Infer<typeof podResourceClaim> {}
export interface PodSpec extends Infer<typeof podSpec> {}
