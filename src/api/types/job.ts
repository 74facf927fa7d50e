/** What a Job shall do, and how far it has come. */
import { atomicList, boolean, int32, int64, object, present, required, setOf, string, time, type Infer } from '../schema.ts'
import { labelSelector } from './label_selector.ts'
import { podTemplateSpec } from './pod_template_spec.ts'

export const podFailurePolicyOnExitCodesRequirement = object(
  'io.k8s.api.batch.v1.PodFailurePolicyOnExitCodesRequirement',
  {
    containerName: string({ doc: 'Only the exit code of this container counts; left out, that of any.' }),
    operator: required(string({ values: ['In', 'NotIn'], doc: 'Whether the code must be one of the values, or none of them. 0 never matches.' })),
    values: required(setOf(int32(), { doc: 'Exit codes in rising order.' })),
  },
  { doc: 'Which exit codes a rule is about.' },
)

export const podFailurePolicyOnPodConditionsPattern = object(
  'io.k8s.api.batch.v1.PodFailurePolicyOnPodConditionsPattern',
  {
    type: required(string({ doc: 'Type of the condition.' })),
    status: required(string({ values: ['True', 'False', 'Unknown'], default: 'True', doc: 'Status it must have.' })),
  },
  { doc: 'A condition of a Pod that a rule is about.' },
)

export const podFailurePolicyRule = object(
  'io.k8s.api.batch.v1.PodFailurePolicyRule',
  {
    action: required(string({ values: ['FailJob', 'FailIndex', 'Ignore', 'Count'], doc: 'What a failure of this kind means for the Job.' })),
    onExitCodes: podFailurePolicyOnExitCodesRequirement,
    onPodConditions: atomicList(podFailurePolicyOnPodConditionsPattern, { doc: 'One of them is enough.' }),
  },
  { doc: 'What is done about failures of one kind.' },
)

export const podFailurePolicy = object(
  'io.k8s.api.batch.v1.PodFailurePolicy',
  { rules: required(atomicList(podFailurePolicyRule, { doc: 'The first one that matches decides; a failure that none matches counts toward backoffLimit.' })) },
  { doc: 'Which failures of Pods end the Job, which are forgiven, and which count.' },
)

export const successPolicyRule = object(
  'io.k8s.api.batch.v1.SuccessPolicyRule',
  {
    succeededIndexes: string({ doc: 'Which indexes must have succeeded, such as 0,2-4.' }),
    succeededCount: int32({ doc: 'How many indexes must have succeeded, of those of the rule or of all.' }),
  },
  { doc: 'When enough has succeeded.' },
)

export const successPolicy = object(
  'io.k8s.api.batch.v1.SuccessPolicy',
  { rules: required(atomicList(successPolicyRule, { doc: 'One that is met is enough.' })) },
  { doc: 'When an indexed Job is done although not all of it is.' },
)

export const jobSpec = object(
  'io.k8s.api.batch.v1.JobSpec',
  {
    parallelism: int32({ doc: 'How many Pods may run at once.' }),
    completions: int32({ doc: 'How many Pods must succeed. Left out, with parallelism given: the first success is that of all (a work queue).' }),
    activeDeadlineSeconds: int64({ doc: 'How long the Job may be active from its start before it fails.' }),
    podFailurePolicy,
    successPolicy,
    backoffLimit: int32({ doc: 'How many failures are made up for before the Job fails.' }),
    backoffLimitPerIndex: int32({ doc: 'How many failures of one index are made up for before the index fails.' }),
    maxFailedIndexes: int32({ doc: 'How many indexes may fail before the Job does.' }),
    selector: labelSelector,
    manualSelector: boolean({ doc: 'Selector and labels are chosen by the author, and the server adds none.' }),
    template: present(podTemplateSpec, { doc: 'What its Pods are like.' }),
    ttlSecondsAfterFinished: int32({ doc: 'How long after its end the Job is deleted.' }),
    completionMode: string({ values: ['NonIndexed', 'Indexed'], doc: 'Whether each Pod has a number of its own to work on.' }),
    suspend: boolean({ doc: 'No Pods are made, and those there are go, until it is taken back.' }),
    podReplacementPolicy: string({
      values: ['TerminatingOrFailed', 'Failed'],
      doc: 'Whether a Pod is replaced when it begins to end, or only when it has ended.',
    }),
    managedBy: string({ doc: 'Name of the controller that runs the Job, if it is not the usual one.' }),
  },
  { doc: 'Work that Pods do to the end: how often, how many at once, and what failures mean.' },
)

export const jobCondition = object('io.k8s.api.batch.v1.JobCondition', {
  type: required(string({ doc: 'Complete, Failed, Suspended, SuccessCriteriaMet or FailureTarget.' })),
  status: required(string({ values: ['True', 'False', 'Unknown'] })),
  lastProbeTime: time(),
  lastTransitionTime: time(),
  reason: string(),
  message: string(),
})

export const uncountedTerminatedPods = object(
  'io.k8s.api.batch.v1.UncountedTerminatedPods',
  {
    succeeded: setOf(string(), { doc: 'By uid.' }),
    failed: setOf(string(), { doc: 'By uid.' }),
  },
  { doc: 'Pods that have ended and are not in the numbers yet.' },
)

export const jobStatus = object('io.k8s.api.batch.v1.JobStatus', {
  conditions: atomicList(jobCondition, { patchMerge: true, patchMergeKey: 'type', doc: 'How it stands with the Job, and since when.' }),
  startTime: time({ doc: 'When it was begun, or resumed.' }),
  completionTime: time({ doc: 'When it was done with success.' }),
  active: int32({ doc: 'Pods that are pending or running and not on their way out.' }),
  ready: int32({ doc: 'Active Pods that are Ready.' }),
  terminating: int32({ doc: 'Pods on their way out.' }),
  succeeded: int32({ doc: 'Pods that ended with success.' }),
  failed: int32({ doc: 'Pods that failed.' }),
  completedIndexes: string({ doc: 'Indexes that have succeeded, such as 1,3-5.' }),
  failedIndexes: string({ doc: 'Indexes that have failed for good, such as 1,3-5.' }),
  uncountedTerminatedPods,
})

export interface JobSpec extends Infer<typeof jobSpec> {}
export interface JobStatus extends Infer<typeof jobStatus> {}
export interface JobCondition extends Infer<typeof jobCondition> {}
export interface PodFailurePolicy extends Infer<typeof podFailurePolicy> {}
export interface PodFailurePolicyRule extends Infer<typeof podFailurePolicyRule> {}
export interface SuccessPolicy extends Infer<typeof successPolicy> {}
