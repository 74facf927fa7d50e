/** A container added for debugging. */
import { object, string, type Infer } from '../schema.ts'
import { containerFields } from './container.ts'

/** Added to a running Pod to look into it; it is never restarted. The same fields as a container, though most are refused. */
export const ephemeralContainer = object('io.k8s.api.core.v1.EphemeralContainer', {
  ...containerFields,
  targetContainerName: string(),
})

export interface EphemeralContainer extends Infer<typeof ephemeralContainer> {}
