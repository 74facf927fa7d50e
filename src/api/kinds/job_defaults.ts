/** What a Job is when its author says nothing, and the selector and labels by which it knows its Pods (behaviour 8.5.1 and 8.5.3). */
import type { JobSpec } from '../types/job.ts'
import type { Job } from './job.ts'
import { setPodSpecDefaults } from './pod_defaults.ts'

const CONTROLLER_UID_LABEL = 'batch.kubernetes.io/controller-uid'
const JOB_NAME_LABEL = 'batch.kubernetes.io/job-name'
/** Names that the labels had before they had a prefix. */
const LEGACY_CONTROLLER_UID_LABEL = 'controller-uid'
const LEGACY_JOB_NAME_LABEL = 'job-name'

const INT32_MAX = 2 ** 31 - 1

export function setJobDefaults({ spec }: Job): void {
  setJobTemplateDefaults(spec)
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1
  spec.parallelism ??= 1
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : INT32_MAX
  spec.completionMode ||= 'NonIndexed'
  spec.suspend ??= false
  spec.manualSelector ??= false
  spec.podReplacementPolicy ||= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed'
}

/** Of what Jobs will be made from: it says no more than its author did, so that a later default is the default then. */
export function setJobTemplateDefaults({ template, podFailurePolicy, successPolicy }: JobSpec): void {
  setPodSpecDefaults(template.spec)
  // Left out, they are empty lists: validation then says that something is required.
  if (podFailurePolicy) podFailurePolicy.rules ??= []
  if (successPolicy) successPolicy.rules ??= []
  for (const { onExitCodes } of podFailurePolicy?.rules ?? []) if (onExitCodes) onExitCodes.values ??= []
}

export function prepareJobForCreate(draft: Job): void {
  draft.status = {}
  if (!draft.spec.manualSelector) generateSelector(draft)
  if (Object.keys(draft.metadata.labels ?? {}).length === 0 && draft.spec.template.metadata.labels)
    draft.metadata.labels = { ...draft.spec.template.metadata.labels }
}

/** What somebody has set already is left to validation, which refuses what differs. */
function generateSelector({ metadata, spec }: Job): void {
  spec.template.metadata.labels = { ...generatedLabels(metadata), ...spec.template.metadata.labels }
  spec.selector ??= {}
  spec.selector.matchLabels = { [CONTROLLER_UID_LABEL]: metadata.uid!, ...spec.selector.matchLabels }
}

export const generatedLabels = ({ name = '', uid = '' }: Job['metadata']): Record<string, string> => ({
  [CONTROLLER_UID_LABEL]: uid,
  [JOB_NAME_LABEL]: name,
  [LEGACY_CONTROLLER_UID_LABEL]: uid,
  [LEGACY_JOB_NAME_LABEL]: name,
})

export const isIndexed = ({ completionMode }: Pick<JobSpec, 'completionMode'>): boolean => completionMode === 'Indexed'
