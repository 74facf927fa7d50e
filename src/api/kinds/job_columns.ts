/** How `kubectl get jobs` describes a Job. */
import { formatDuration } from '../age.ts'
import type { Column } from '../kind.ts'
import { ageColumn, nameColumn, textColumn } from './columns.ts'
import type { Job } from './job.ts'
import { containersColumn, imagesColumn, selectorColumn } from './workload_columns.ts'

export const jobColumns: readonly Column<Job>[] = [
  nameColumn,
  textColumn('Status', 'How it stands with the Job.', printStatus),
  textColumn('Completions', 'How many Pods have succeeded, of how many.', printCompletions),
  textColumn('Duration', 'How long it took, or has been running.', printDuration),
  ageColumn,
  containersColumn,
  imagesColumn,
  selectorColumn,
]

export const hasJobCondition = ({ status }: Pick<Job, 'status'>, type: string): boolean =>
  status.conditions?.some(condition => condition.type === type && condition.status === 'True') ?? false

function printStatus(job: Job): string {
  for (const end of ['Complete', 'Failed']) if (hasJobCondition(job, end)) return end
  if (job.metadata.deletionTimestamp) return 'Terminating'
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(type => hasJobCondition(job, type)) ?? 'Running'
}

function printCompletions({ spec, status }: Job): string {
  const succeeded = status.succeeded ?? 0
  if (spec.completions !== undefined) return `${succeeded}/${spec.completions}`
  return (spec.parallelism ?? 0) > 1 ? `${succeeded}/1 of ${spec.parallelism}` : `${succeeded}/1`
}

function printDuration({ status: { startTime, completionTime } }: Job, nowMs: number): string {
  return startTime ? formatDuration((completionTime ? Date.parse(completionTime) : nowMs) - Date.parse(startTime)) : ''
}
