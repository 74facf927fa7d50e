/** Whether what a Service says fits the Pods it selects. */
import type { Rule } from '../rule.ts'
import { hasPort, lastingContainers } from '../workload.ts'

export const serviceRules: readonly Rule[] = [
  {
    id: 'service-port-unknown',
    severity: 'error',
    title: 'A Service sends requests to a port that its Pods have.',
    *look(workload, { servicesOf }) {
      for (const { service } of servicesOf(workload))
        for (const { targetPort } of service.spec.ports ?? []) {
          if (typeof targetPort !== 'string' || /^\d+$/.test(targetPort) || lastingContainers(workload).some(({ container }) => hasPort(container, targetPort)))
            continue
          yield {
            path: [...workload.specPath, 'containers'],
            text: `Service ${service.metadata.name} sends requests to the port named ${JSON.stringify(targetPort)}, and no container has one of that name: the Service has no endpoint`,
            fix: `name a container port ${JSON.stringify(targetPort)}`,
          }
        }
    },
  },
  {
    id: 'publishes-unready',
    severity: 'warning',
    title: 'A Service sends requests only to Pods that are Ready.',
    *look(workload, { servicesOf }) {
      for (const { service } of servicesOf(workload))
        if (service.spec.publishNotReadyAddresses)
          yield {
            path: ['metadata', 'name'],
            text: `Service ${service.metadata.name} has publishNotReadyAddresses: requests go to its Pods before they are Ready and while they end`,
            fix: 'leave it to headless Services by which Pods find each other, and have another Service for clients',
          }
    },
  },
]
