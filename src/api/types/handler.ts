/** What probes and lifecycle hooks can do. */
import { atomicList, int32, int64, intOrString, object, required, string, type Infer } from '../schema.ts'

export const execAction = object('io.k8s.api.core.v1.ExecAction', {
  command: atomicList(string()),
})

export const httpHeader = object('io.k8s.api.core.v1.HTTPHeader', {
  name: required(string()),
  value: required(string()),
})

export const httpGetAction = object('io.k8s.api.core.v1.HTTPGetAction', {
  host: string({ doc: 'Host to connect to; the address of the Pod if nothing is said.' }),
  httpHeaders: atomicList(httpHeader),
  path: string({ default: '/', doc: 'Path of the request.' }),
  port: required(intOrString({ doc: 'Number of the port, or its name in the container.' })),
  scheme: string({ values: ['HTTP', 'HTTPS'], default: 'HTTP', doc: 'HTTP or HTTPS; certificates are not checked.' }),
})

export const tcpSocketAction = object('io.k8s.api.core.v1.TCPSocketAction', {
  host: string(),
  port: required(intOrString()),
})

export const grpcAction = object('io.k8s.api.core.v1.GRPCAction', {
  port: required(int32()),
  service: string({ default: '' }),
})

export const sleepAction = object('io.k8s.api.core.v1.SleepAction', {
  seconds: required(int64({ doc: 'How long.' })),
})

export interface ExecAction extends Infer<typeof execAction> {}
export interface HTTPHeader extends Infer<typeof httpHeader> {}
export interface HTTPGetAction extends Infer<typeof httpGetAction> {}
export interface TCPSocketAction extends Infer<typeof tcpSocketAction> {}
export interface GRPCAction extends Infer<typeof grpcAction> {}
export interface SleepAction extends Infer<typeof sleepAction> {}
