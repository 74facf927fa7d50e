import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { object, present, type Infer } from '../schema.ts'
import { podDisruptionBudgetSpec, podDisruptionBudgetStatus } from '../types/pod_disruption_budget.ts'
import { validatePodDisruptionBudget, validatePodDisruptionBudgetStatus } from '../validation/pod_disruption_budget.ts'
import { compileValues } from '../validation/values.ts'
import { ageColumn, integerColumn, nameColumn, textColumn } from './columns.ts'
import { declareKind, keepOtherPart, statusSubresource } from './declare.ts'

const schema = object(
  'io.k8s.api.policy.v1.PodDisruptionBudget',
  {
    ...objectFields,
    spec: present(podDisruptionBudgetSpec),
    status: present(podDisruptionBudgetStatus),
  },
  { doc: 'How many Pods of a set may be taken away at the same time by those who ask first: kubectl drain, for example.' },
)

const valuesErrors = compileValues(schema)

export interface PodDisruptionBudget extends Infer<typeof schema> {}

export const PodDisruptionBudget: Kind<PodDisruptionBudget> = declareKind<PodDisruptionBudget>({
  group: 'policy',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  shortNames: ['pdb'],
  namespaced: true,
  schema,
  generation: true,
  unconditionalUpdate: false,
  subresources: [statusSubresource],
  prepareForCreate: draft => {
    draft.status = { ...NOTHING_SEEN }
  },
  prepareForUpdate: keepOtherPart,
  validate: budget => [...valuesErrors(budget, ''), ...validatePodDisruptionBudget(budget)],
  validateUpdate: (budget, _, subresource) => (subresource === 'status' ? validatePodDisruptionBudgetStatus(budget) : []),
  columns: [
    nameColumn,
    textColumn('Min Available', 'How many Pods must stay ready.', ({ spec }) => String(spec.minAvailable ?? 'N/A')),
    textColumn('Max Unavailable', 'How many Pods may be missing.', ({ spec }) => String(spec.maxUnavailable ?? 'N/A')),
    integerColumn('Allowed Disruptions', 'How many Pods may be evicted now.', ({ status }) => status.disruptionsAllowed),
    ageColumn,
  ],
})

const NOTHING_SEEN = { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 }
