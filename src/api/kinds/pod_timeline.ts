import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { object, required, type Infer } from '../schema.ts'
import { spans, timelinePod } from '../types/pod_timeline.ts'
import { declareVirtualKind } from './declare.ts'

const schema = object(
  'dev.poise.timeline.v1alpha1.PodTimeline',
  {
    ...objectFields,
    pod: required(timelinePod),
    spans: required(spans),
  },
  { doc: 'What happened to a Pod, and when: kept for a while after the Pod is gone. Nobody writes it; Poise records it.' },
)

export interface PodTimeline extends Infer<typeof schema> {}

/** Named after the Pod and the beginning of its uid, because a name may come again: `web-0.1f0c2d3e`. It has the Pod's labels. */
export const PodTimeline: Kind<PodTimeline> = declareVirtualKind<PodTimeline>({
  group: 'timeline.poise.dev',
  version: 'v1alpha1',
  kind: 'PodTimeline',
  plural: 'podtimelines',
  namespaced: true,
  verbs: ['get', 'list', 'watch'],
  schema,
  fieldSelectors: {
    'pod.name': ({ pod }) => pod.name,
    'pod.uid': ({ pod }) => pod.uid,
  },
})
