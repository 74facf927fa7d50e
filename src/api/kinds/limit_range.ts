import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { object, present, type Infer } from '../schema.ts'
import { limitRangeSpec, type LimitRangeItem } from '../types/limit_range.ts'
import { validateLimitRange } from '../validation/limit_range.ts'
import { declareKind } from './declare.ts'

const schema = object(
  'io.k8s.api.core.v1.LimitRange',
  {
    ...objectFields,
    spec: present(limitRangeSpec),
  },
  { doc: 'What each Pod, container or claim of a namespace may ask for, and what those get that ask for nothing.' },
)

export interface LimitRange extends Infer<typeof schema> {}

export const LimitRange: Kind<LimitRange> = declareKind<LimitRange>({
  kind: 'LimitRange',
  plural: 'limitranges',
  shortNames: ['limits'],
  namespaced: true,
  schema,
  setDefaults: ({ spec }) => spec.limits?.forEach(fillDefaults),
  validate: validateLimitRange,
})

/** Where no default limit is given it is the most there may be; where no default request is, it is that limit, or else the least. */
function fillDefaults(item: LimitRangeItem): void {
  if (item.type !== 'Container') return
  const limits = { ...item.max, ...item.default }
  const requests = { ...item.min, ...limits, ...item.defaultRequest }
  if (Object.keys(limits).length > 0) item.default = limits
  if (Object.keys(requests).length > 0) item.defaultRequest = requests
}
