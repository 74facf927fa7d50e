import { LOCAL_PATH_USER } from '../api/storage.ts'
import type { User } from '../base/transport.ts'

/** Who the components of a cluster are when they talk to its API server, as kubeadm names them. */
const AUTHENTICATED = 'system:authenticated'

export const administrator: User = { name: 'kubernetes-admin', groups: ['system:masters', AUTHENTICATED] }
export const schedulerUser: User = { name: 'system:kube-scheduler', groups: [AUTHENTICATED] }
export const controllerManagerUser: User = { name: 'system:kube-controller-manager', groups: [AUTHENTICATED] }
export const nameServerUser: User = {
  name: 'system:serviceaccount:kube-system:coredns',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', AUTHENTICATED],
}

export const metricsServerUser: User = {
  name: 'system:serviceaccount:kube-system:metrics-server',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', AUTHENTICATED],
}

export const localPathUser: User = {
  name: LOCAL_PATH_USER,
  groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', AUTHENTICATED],
}

export const serviceProxyUser: User = { name: 'system:kube-proxy', groups: [AUTHENTICATED] }

export const nodeUser = (nodeName: string): User => ({ name: `system:node:${nodeName}`, groups: ['system:nodes', AUTHENTICATED] })
