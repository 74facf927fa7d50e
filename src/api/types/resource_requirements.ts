/** What a container asks for and may use at most. */
import { map, mapList, object, quantity, required, string, type Infer } from '../schema.ts'

export const resourceClaim = object('io.k8s.api.core.v1.ResourceClaim', {
  name: required(string()),
  request: string(),
})

export const resourceRequirements = object('io.k8s.api.core.v1.ResourceRequirements', {
  claims: mapList(resourceClaim, ['name']),
  limits: map(quantity()),
  requests: map(quantity()),
})

export const containerResizePolicy = object('io.k8s.api.core.v1.ContainerResizePolicy', {
  resourceName: required(string()),
  restartPolicy: required(string({ values: ['NotRequired', 'RestartContainer'] })),
})

export interface ResourceClaim extends Infer<typeof resourceClaim> {}
export interface ResourceRequirements extends Infer<typeof resourceRequirements> {}
export interface ContainerResizePolicy extends Infer<typeof containerResizePolicy> {}
