/** Services. */
import { atomicList, boolean, int32, intOrString, map, mapList, object, present, required, string, type Infer } from '../schema.ts'
import { condition } from './condition.ts'

export const servicePort = object('io.k8s.api.core.v1.ServicePort', {
  name: string(),
  appProtocol: string(),
  nodePort: int32({ doc: 'Port on every node.' }),
  port: required(int32({ doc: 'Port of the Service.' })),
  protocol: string({ values: ['TCP', 'UDP', 'SCTP'], default: 'TCP' }),
  targetPort: present(intOrString({ doc: 'Port of the Pods, by number or name; the same number if nothing is said.' })),
})

export const clientIPConfig = object('io.k8s.api.core.v1.ClientIPConfig', {
  timeoutSeconds: int32({ default: 10800 }),
})

export const sessionAffinityConfig = object('io.k8s.api.core.v1.SessionAffinityConfig', {
  clientIP: clientIPConfig,
})

export const serviceSpec = object('io.k8s.api.core.v1.ServiceSpec', {
  type: string({ values: ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'], default: 'ClusterIP', doc: 'How the Service is reached.' }),
  allocateLoadBalancerNodePorts: boolean(),
  clusterIP: string({ doc: 'Address inside the cluster, given by the server; None for no address but names of Pods.' }),
  clusterIPs: atomicList(string()),
  externalIPs: atomicList(string()),
  externalName: string(),
  externalTrafficPolicy: string({ values: ['Cluster', 'Local'] }),
  healthCheckNodePort: int32(),
  internalTrafficPolicy: string({ values: ['Cluster', 'Local'] }),
  ipFamilies: atomicList(string()),
  ipFamilyPolicy: string({ values: ['SingleStack', 'PreferDualStack', 'RequireDualStack'] }),
  loadBalancerClass: string(),
  loadBalancerIP: string(),
  loadBalancerSourceRanges: atomicList(string()),
  ports: mapList(servicePort, ['port', 'protocol'], { patchMerge: true, patchMergeKey: 'port', doc: 'Ports of the Service and of the Pods.' }),
  publishNotReadyAddresses: boolean({ doc: 'List Pods in DNS and endpoints before they are ready.' }),
  selector: map(string(), { atomic: true, doc: 'Labels of the Pods behind it; without one, endpoints are yours to write.' }),
  sessionAffinity: string({ values: ['ClientIP', 'None'], default: 'None' }),
  sessionAffinityConfig,
  trafficDistribution: string({ values: ['PreferClose', 'PreferSameZone', 'PreferSameNode'] }),
})

export const portStatus = object('io.k8s.api.core.v1.PortStatus', {
  error: string(),
  port: required(int32()),
  protocol: required(string({ values: ['TCP', 'UDP', 'SCTP'] })),
})

export const loadBalancerIngress = object('io.k8s.api.core.v1.LoadBalancerIngress', {
  hostname: string(),
  ip: string(),
  ipMode: string({ values: ['VIP', 'Proxy'] }),
  ports: atomicList(portStatus),
})

export const loadBalancerStatus = object('io.k8s.api.core.v1.LoadBalancerStatus', {
  ingress: atomicList(loadBalancerIngress),
})

export const serviceStatus = object('io.k8s.api.core.v1.ServiceStatus', {
  conditions: mapList(condition, ['type'], { patchMerge: true, patchMergeKey: 'type' }),
  loadBalancer: present(loadBalancerStatus),
})

export interface ServicePort extends Infer<typeof servicePort> {}
export interface ClientIPConfig extends Infer<typeof clientIPConfig> {}
export interface SessionAffinityConfig extends Infer<typeof sessionAffinityConfig> {}
export interface ServiceSpec extends Infer<typeof serviceSpec> {}
export interface PortStatus extends Infer<typeof portStatus> {}
export interface LoadBalancerIngress extends Infer<typeof loadBalancerIngress> {}
export interface LoadBalancerStatus extends Infer<typeof loadBalancerStatus> {}
export interface ServiceStatus extends Infer<typeof serviceStatus> {}
