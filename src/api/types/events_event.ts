/** Parts of events.k8s.io/v1 events. */
import { int32, microTime, object, required, type Infer } from '../schema.ts'

export const eventSeries = object('io.k8s.api.events.v1.EventSeries', {
  count: required(int32()),
  lastObservedTime: required(microTime()),
})

export interface EventSeries extends Infer<typeof eventSeries> {}
