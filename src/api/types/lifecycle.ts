/** Hooks after the start and before the stop of a container. */
import { described, object, string, type Infer } from '../schema.ts'
import { execAction, httpGetAction, sleepAction, tcpSocketAction } from './handler.ts'

export const lifecycleHandler = object('io.k8s.api.core.v1.LifecycleHandler', {
  exec: described(execAction, 'Run a command in the container.'),
  httpGet: described(httpGetAction, 'Send a request.'),
  sleep: described(sleepAction, 'Just wait.'),
  tcpSocket: tcpSocketAction,
})

export const lifecycle = object(
  'io.k8s.api.core.v1.Lifecycle',
  {
    postStart: described(lifecycleHandler, 'Runs right after the start, beside the program; the container is killed if it fails.'),
    preStop: described(lifecycleHandler, 'Runs before the stop signal is sent, and counts against the grace period.'),
    stopSignal: string({ doc: 'Signal that asks the program to stop.' }),
  },
  { doc: 'What to do at the two ends of a container.' },
)

export interface LifecycleHandler extends Infer<typeof lifecycleHandler> {}
export interface Lifecycle extends Infer<typeof lifecycle> {}
