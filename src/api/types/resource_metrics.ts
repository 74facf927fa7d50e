/** What the objects of metrics.k8s.io are made of. */
import { map, object, quantity, required, string, time } from '../schema.ts'

/** What stands in NodeMetrics and PodMetrics alike. */
export const metricsFields = {
  timestamp: required(time({ doc: 'The end of the window.' })),
  window: required(string({ doc: 'How long the time was over which CPU was averaged, such as 15.003s.' })),
} as const

export const resourceUsage = map(quantity(), { doc: 'cpu: the average over the window; memory: the working set at its end.' })

export const containerMetrics = object('io.k8s.metrics.pkg.apis.metrics.v1beta1.ContainerMetrics', {
  name: required(string({ doc: 'The name of the container in its Pod.' })),
  usage: required(resourceUsage),
})
