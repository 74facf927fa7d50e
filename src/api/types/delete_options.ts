/** Options in the body of a delete. */
import { atomicList, boolean, int64, object, string, type Infer } from '../schema.ts'

export const preconditions = object('io.k8s.apimachinery.pkg.apis.meta.v1.Preconditions', {
  resourceVersion: string(),
  uid: string(),
})

export const deleteOptions = object('io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions', {
  apiVersion: string(),
  dryRun: atomicList(string()),
  gracePeriodSeconds: int64(),
  ignoreStoreReadErrorWithClusterBreakingPotential: boolean(),
  kind: string(),
  orphanDependents: boolean(),
  preconditions,
  propagationPolicy: string({ values: ['Orphan', 'Background', 'Foreground'] }),
})

export interface Preconditions extends Infer<typeof preconditions> {}
export interface DeleteOptions extends Infer<typeof deleteOptions> {}
