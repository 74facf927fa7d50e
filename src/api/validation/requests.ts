/** Kinds that are requests: bindings, tokens, questions about rights. */
import { invalidValue, notSupported, requiredValue, type FieldError } from '../field_error.ts'
import type { Binding } from '../kinds/binding.ts'
import type { LocalSubjectAccessReview } from '../kinds/local_subject_access_review.ts'
import type { SelfSubjectAccessReview } from '../kinds/self_subject_access_review.ts'
import type { SubjectAccessReview } from '../kinds/subject_access_review.ts'
import type { TokenRequest } from '../kinds/token_request.ts'
import type { TokenReview } from '../kinds/token_review.ts'

const TOKEN_SECONDS_MIN = 600

export function validateBinding({ target }: Binding): FieldError[] {
  return [
    ...(target?.kind && target.kind !== 'Node' ? [notSupported('target.kind', target.kind, ['Node', '<empty>'])] : []),
    ...(target?.name ? [] : [requiredValue('target.name')]),
  ]
}

export const validateTokenRequest = ({ spec: { expirationSeconds } }: TokenRequest): FieldError[] => [
  ...(expirationSeconds < TOKEN_SECONDS_MIN
    ? [invalidValue('spec.expirationSeconds', expirationSeconds, 'may not specify a duration less than 10 minutes')]
    : []),
  ...(expirationSeconds > 2 ** 32 ? [invalidValue('spec.expirationSeconds', expirationSeconds, 'may not specify a duration larger than 2^32 seconds')] : []),
]

export const validateTokenReview = ({ spec: { token } }: TokenReview): FieldError[] => (token ? [] : [requiredValue('spec.token')])

export const validateSelfSubjectAccessReview = ({ spec }: SelfSubjectAccessReview): FieldError[] => validateQuestion(spec)

export const validateSubjectAccessReview = ({ spec }: SubjectAccessReview): FieldError[] => [
  ...validateQuestion(spec),
  ...(spec.user || spec.groups?.length ? [] : [invalidValue('spec.user', spec.user ?? '', 'at least one of user or group must be specified')]),
]

/** About one namespace: the one it is asked in. */
export const validateLocalSubjectAccessReview = ({ metadata, spec }: LocalSubjectAccessReview): FieldError[] => [
  ...validateQuestion(spec),
  ...(spec.user || spec.groups?.length ? [] : [invalidValue('spec.user', spec.user ?? '', 'at least one of user or group must be specified')]),
  ...(spec.nonResourceAttributes ? [invalidValue('spec.nonResourceAttributes', spec.nonResourceAttributes, 'disallowed on this kind of request')] : []),
  ...(spec.resourceAttributes && spec.resourceAttributes.namespace !== metadata.namespace
    ? [invalidValue('spec.resourceAttributes.namespace', spec.resourceAttributes.namespace ?? '', 'must match metadata.namespace')]
    : []),
]

function validateQuestion({ resourceAttributes, nonResourceAttributes }: SelfSubjectAccessReview['spec']): FieldError[] {
  if (resourceAttributes && nonResourceAttributes)
    return [invalidValue('spec.nonResourceAttributes', nonResourceAttributes, 'cannot be specified in combination with resourceAttributes')]
  return resourceAttributes || nonResourceAttributes
    ? []
    : [invalidValue('spec.resourceAttributes', resourceAttributes, 'exactly one of nonResourceAttributes or resourceAttributes must be specified')]
}
