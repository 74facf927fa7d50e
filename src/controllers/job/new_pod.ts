/** The Pods a Job makes: as its template says, with what tells them their index, and the Job that they have ended. */
import { Job } from '../../api/kinds/job.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import type { Container } from '../../api/types/container.ts'
import type { Draft } from '../../client/client.ts'
import { podFromTemplate } from '../workload/pod_from_template.ts'
import type { Vacancy } from './plan_pods.ts'
import { INDEX_ANNOTATION, INDEX_FAILURES_ANNOTATION, INDEX_IGNORED_ANNOTATION, TRACKING_FINALIZER } from './pods.ts'

const INDEX_VARIABLE = 'JOB_COMPLETION_INDEX'

export function newPod(job: Job, { index, failures, ignored }: Vacancy): Draft<Pod> {
  const pod = podFromTemplate(Job, job, job.spec.template)
  const finalizers = [...(pod.metadata.finalizers ?? []).filter(finalizer => finalizer !== TRACKING_FINALIZER), TRACKING_FINALIZER]
  if (index === undefined) return { ...pod, metadata: { ...pod.metadata, finalizers } }
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      finalizers,
      generateName: `${job.metadata.name}-${index}-`,
      labels: { ...pod.metadata.labels, [INDEX_ANNOTATION]: String(index) },
      annotations: {
        ...pod.metadata.annotations,
        [INDEX_ANNOTATION]: String(index),
        ...(failures !== undefined && { [INDEX_FAILURES_ANNOTATION]: String(failures) }),
        ...(ignored && { [INDEX_IGNORED_ANNOTATION]: String(ignored) }),
      },
    },
    spec: {
      ...pod.spec!,
      hostname: `${job.metadata.name}-${index}`,
      containers: pod.spec!.containers.map(withIndex),
      ...(pod.spec!.initContainers && { initContainers: pod.spec!.initContainers.map(withIndex) }),
    },
  }
}

/** By reference to the label, so that what is written in the template stays as it is. */
function withIndex(container: Container): Container {
  if (container.env?.some(({ name }) => name === INDEX_VARIABLE)) return container
  const fieldRef = { apiVersion: 'v1', fieldPath: `metadata.labels['${INDEX_ANNOTATION}']` }
  return { ...container, env: [...(container.env ?? []), { name: INDEX_VARIABLE, valueFrom: { fieldRef } }] }
}
