/** What a timeline of a Pod is made of. */
import { atomicList, int32, microTime, number, object, required, string, type Infer } from '../schema.ts'

/**
 * In the order in which a Pod comes to them. What lasts has both instants, what takes no time has the same one twice, and what
 * is not over has no end. An instant that nobody can know is left out, and `origin` says why.
 */
export const SPAN_TYPES = [
  /** From creation until a node is chosen. */
  'Scheduling',
  /** From the choice of the node until the node's kubelet knows of the Pod. */
  'Delivery',
  'Volumes',
  'Sandbox',
  /** By container. */
  'ImagePull',
  /** By container, from the call to create it until its process runs. */
  'ContainerStart',
  /** By container, while its process runs; reason and exitCode say how it ended. */
  'InitContainer',
  'Container',
  'PostStart',
  /** By container and probe: answers of the same result, one after the other, are one span with their `count`. */
  'Probe',
  /** While the condition Ready is True. */
  'Ready',
  /** By Service: while an EndpointSlice holds the Pod, one span for each state; reason is EndpointNotReady, EndpointReady, EndpointServing (terminating, and still ready) or EndpointTerminating. */
  'Endpoint',
  /** By Service and node: from the change of the EndpointSlice until the node sends requests by it; reason as of Endpoint, or EndpointRemoved. */
  'RulesProgrammed',
  /** From the deletion mark until the object is gone. */
  'Deletion',
  /** From the kubelet's beginning to stop the Pod until nothing of it runs; reason is Deleted, Removed, Finished, or why the kubelet ends it (Evicted). */
  'Terminating',
  'PreStop',
  /** By container, from the signal until its process has ended; reason is that of Terminating, or LivenessFailed, StartupFailed, PostStartFailed, DefinitionChanged, ResizeRestart. */
  'Term',
  /** By container: it was killed. reason is GraceExceeded, or OOMKilled. */
  'Kill',
  /** The sandbox is taken down, and with it the Pod's address. */
  'SandboxStop',
] as const

export type SpanType = (typeof SPAN_TYPES)[number]

export const timelineSpan = object('dev.poise.timeline.v1alpha1.Span', {
  type: required(string({ values: SPAN_TYPES, doc: 'What went on.' })),
  startAt: microTime({ doc: 'By the time of day. Left out where nobody can know it.' }),
  finishAt: microTime({ doc: 'Left out while it goes on, and where nobody can know it.' }),
  startMs: number({
    doc: 'The same instant by a clock that never goes back, in milliseconds; only instants of one cluster and one run of it can be compared.',
  }),
  finishMs: number({ doc: 'The same instant by a clock that never goes back.' }),
  container: string({ doc: 'The container it is about; left out where it is about the Pod.' }),
  restart: int32({ doc: 'How often the container had been started before.' }),
  probe: string({ values: ['startup', 'readiness', 'liveness'], doc: 'Which probe was answered.' }),
  result: string({ values: ['success', 'failure', 'unknown'], doc: 'What the probe found; unknown: it could not be asked.' }),
  count: int32({ doc: 'How many answers of a probe the span holds.' }),
  service: string({ doc: 'The Service, in the namespace of the Pod, whose endpoint this is.' }),
  node: string({ doc: 'The node that follows the change of an endpoint.' }),
  reason: string({ doc: 'One word: why it ended, or what it was.' }),
  message: string({ doc: 'More about the reason, cut to 256 characters.' }),
  exitCode: int32({ doc: 'Of the process that ended.' }),
  origin: required(
    string({
      values: ['recorded', 'derived', 'unknown'],
      doc: 'recorded: who did it told so at that instant. derived: read off other objects, which are exact to the second. unknown: it must have happened, and nobody can say when.',
    }),
  ),
})

export interface TimelineSpan extends Infer<typeof timelineSpan> {}

export const timelinePod = object(
  'dev.poise.timeline.v1alpha1.TimelinePod',
  {
    name: required(string({ doc: 'The Pod.' })),
    uid: required(string({ doc: 'No other Pod ever has the same, though the name may come again.' })),
    node: string({ doc: 'Empty until one was chosen.' }),
    ip: string({ doc: 'Its address; it stays known after the Pod is gone.' }),
    owner: string({ doc: 'Its controller: ReplicaSet/web-5d4f.' }),
    phase: string({ doc: 'As last seen.' }),
    droppedSpans: int32({ doc: 'How many spans had to make room for newer ones; those of the beginning stay.' }),
  },
  { doc: 'Whose timeline it is.' },
)

export const spans = atomicList(timelineSpan, { doc: 'Ordered by their beginning.' })
