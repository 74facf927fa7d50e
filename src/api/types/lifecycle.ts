/** Hooks after the start and before the stop of a container. */
import { object, string, type Infer } from '../schema.ts'
import { execAction, httpGetAction, sleepAction, tcpSocketAction } from './handler.ts'

export const lifecycleHandler = object('io.k8s.api.core.v1.LifecycleHandler', {
  exec: execAction,
  httpGet: httpGetAction,
  sleep: sleepAction,
  tcpSocket: tcpSocketAction,
})

export const lifecycle = object('io.k8s.api.core.v1.Lifecycle', {
  postStart: lifecycleHandler,
  preStop: lifecycleHandler,
  stopSignal: string(),
})

export interface LifecycleHandler extends Infer<typeof lifecycleHandler> {}
export interface Lifecycle extends Infer<typeof lifecycle> {}
