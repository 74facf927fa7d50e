/** The Pods of the fault rounds, and what Kubernetes promises of each once nothing fails any more. */
import type { Pod } from '../../src/api/kinds/pod.ts'
import { isReady } from '../../src/api/pod.ts'

export interface FaultPod {
  readonly spec: object
  /** What it must come to; undefined when it has, else what is still wrong. */
  awaits(pod: Pod): string | undefined
}

const IMAGE = 'busybox:1.28'
const sh = (name: string, script: string, rest: object = {}) => ({
  name,
  image: IMAGE,
  imagePullPolicy: 'IfNotPresent',
  command: ['sh', '-c', script],
  ...rest,
})

/** Ends as soon as it is told to. */
const SERVE = 'trap "exit 0" TERM; while :; do sleep 1 & wait $!; done'
const sidecar = sh('helper', SERVE, { restartPolicy: 'Always' })

const serves = (pod: Pod): string | undefined => (pod.status.phase === 'Running' && isReady(pod) ? undefined : 'it is not Ready')
const ended =
  (...phases: string[]) =>
  (pod: Pod): string | undefined =>
    phases.includes(pod.status.phase ?? '') ? undefined : `it is not ${phases.join(' or ')}`

export const FAULT_PODS: Readonly<Record<string, FaultPod>> = {
  web: {
    spec: {
      terminationGracePeriodSeconds: 5,
      initContainers: [sh('prepare', 'sleep 0.3')],
      containers: [sh('main', SERVE, { lifecycle: { preStop: { exec: { command: ['sleep', '0.5'] } } } })],
    },
    awaits: serves,
  },
  pair: {
    spec: { terminationGracePeriodSeconds: 5, initContainers: [sidecar], containers: [sh('main', SERVE), sh('second', SERVE)] },
    awaits: serves,
  },
  // The first process of a container that sets no trap does not hear TERM: it is killed when its grace is over.
  deaf: {
    spec: { terminationGracePeriodSeconds: 2, containers: [sh('main', 'sleep 3600; true')] },
    awaits: serves,
  },
  probed: {
    spec: {
      terminationGracePeriodSeconds: 3,
      containers: [
        sh('main', `touch /tmp/ready; ${SERVE}`, {
          readinessProbe: { exec: { command: ['cat', '/tmp/ready'] }, periodSeconds: 1 },
          // A second is not always enough where many tests share two cores.
          livenessProbe: { exec: { command: ['true'] }, periodSeconds: 5, timeoutSeconds: 20, failureThreshold: 5 },
        }),
      ],
    },
    awaits: serves,
  },
  // Whoever is cut off is not run again.
  once: {
    spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 2, containers: [sh('main', 'sleep 1; exit 0')] },
    awaits: ended('Succeeded', 'Failed'),
  },
  failing: {
    spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 2, containers: [sh('main', 'sleep 0.5; exit 3')] },
    awaits: ended('Failed'),
  },
  // Whoever is cut off is run again until it is done.
  retried: {
    spec: {
      restartPolicy: 'OnFailure',
      terminationGracePeriodSeconds: 2,
      volumes: [{ name: 'memory', emptyDir: {} }],
      containers: [sh('main', '[ -e /memory/tried ] && exit 0; touch /memory/tried; exit 1', { volumeMounts: [{ name: 'memory', mountPath: '/memory' }] })],
    },
    awaits: ended('Succeeded'),
  },
  job: {
    spec: { restartPolicy: 'OnFailure', terminationGracePeriodSeconds: 2, initContainers: [sidecar], containers: [sh('main', 'sleep 1; exit 0')] },
    awaits: ended('Succeeded'),
  },
}

/** Containers that the Pod says run, as the runtime calls them. */
export function runningIds({ status }: Pod): string[] {
  const statuses = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
  return statuses.flatMap(({ state, containerID }) => (state?.running && containerID ? [containerID.replace(/^.*:\/\//, '')] : []))
}
