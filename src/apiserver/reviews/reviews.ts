/** Kinds that are questions: posted, answered in the same breath, and never stored. */
import { invalidValue } from '../../api/field_error.ts'
import type { LocalSubjectAccessReview } from '../../api/kinds/local_subject_access_review.ts'
import type { SelfSubjectAccessReview } from '../../api/kinds/self_subject_access_review.ts'
import type { SelfSubjectRulesReview } from '../../api/kinds/self_subject_rules_review.ts'
import type { SubjectAccessReview } from '../../api/kinds/subject_access_review.ts'
import type { TokenReview } from '../../api/kinds/token_review.ts'
import type { KubernetesObject } from '../../api/meta.ts'
import { timestamp } from '../../api/meta.ts'
import { badRequest, invalid } from '../../api/status.ts'
import type { User } from '../../base/transport.ts'
import { authenticateToken, type TokenAuthenticator } from '../auth/authenticate.ts'
import type { Attributes, Authorizer } from '../auth/authorizer.ts'
import type { Parts } from '../parts.ts'
import type { Call, Outcome } from '../registry/call.ts'
import { readObject } from '../registry/read_object.ts'
import { writeOptions } from '../registry/write_options.ts'

/** Who am I? (`kubectl auth whoami`) */
export async function selfSubjectReview(parts: Parts, call: Call): Promise<Outcome> {
  return answered({ ...read(parts, call), metadata: { creationTimestamp: timestamp(parts.clock.wall()) } }, { userInfo: userInfo(call.user) })
}

/** May I? (`kubectl auth can-i`) */
export async function selfSubjectAccessReview(parts: Parts, authorizer: Authorizer, call: Call): Promise<Outcome> {
  const review = read(parts, call) as SelfSubjectAccessReview
  return answered(review, await decide(authorizer, call, call.user, review.spec))
}

/** May somebody else? */
export async function subjectAccessReview(parts: Parts, authorizer: Authorizer, call: Call): Promise<Outcome> {
  const review = read(parts, call) as SubjectAccessReview
  const { user, groups = [], uid, extra } = review.spec
  if (!user && groups.length === 0) throw invalid(call.kind, '', [invalidValue('spec.user', user ?? '', 'at least one of user or group must be specified')])
  return answered(review, await decide(authorizer, call, { name: user ?? '', groups, ...(uid && { uid }), ...(extra && { extra }) }, review.spec))
}

/** May somebody else, here? */
export async function localSubjectAccessReview(parts: Parts, authorizer: Authorizer, call: Call): Promise<Outcome> {
  const review = read(parts, call) as LocalSubjectAccessReview
  if ((review.metadata.namespace ??= call.namespace) !== call.namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  const errors = call.kind.validate?.(review) ?? []
  if (errors.length > 0) throw invalid(call.kind, '', errors)
  const { user, groups = [], uid, extra } = review.spec
  return answered(review, await decide(authorizer, call, { name: user ?? '', groups, ...(uid && { uid }), ...(extra && { extra }) }, review.spec))
}

/** What all may I? (`kubectl auth can-i --list`) */
export async function selfSubjectRulesReview(parts: Parts, authorizer: Authorizer, call: Call): Promise<Outcome> {
  const review = read(parts, call) as SelfSubjectRulesReview
  const { namespace } = review.spec
  if (!namespace) throw badRequest('no namespace on request')
  const { rules, incomplete } = (await authorizer.rulesOf?.(call.user, namespace)) ?? {
    rules: [],
    incomplete: 'the authorizer does not support user rule resolution',
  }
  return answered(review, {
    resourceRules: rules.filter(rule => rule.resources),
    nonResourceRules: rules.filter(rule => rule.nonResourceURLs),
    incomplete: incomplete !== undefined,
    ...(incomplete && { evaluationError: incomplete }),
  })
}

/** Whose token is this? */
export async function tokenReview(parts: Parts, tokens: readonly TokenAuthenticator[], call: Call): Promise<Outcome> {
  const review = read(parts, call) as TokenReview
  const { token, audiences } = review.spec
  if (!token) return answered(review, { user: {}, error: 'token is required for TokenReview in authentication' })
  const found = await authenticateToken(tokens, token, audiences?.length ? audiences : undefined)
  return answered(review, found ? { authenticated: true, user: userInfo(found.user), audiences: found.audiences } : { user: {}, error: 'invalid bearer token' })
}

const read = (parts: Parts, call: Call): KubernetesObject =>
  readObject(parts, call.kind, call.request, writeOptions(call.request, 'CreateOptions').fieldValidation, call.warnings)

const answered = (review: KubernetesObject, status: object): Outcome => ({ status: 201, object: { ...review, status } })

const userInfo = ({ name, uid, groups, extra }: User): object => ({ username: name, ...(uid && { uid }), groups, ...(extra && { extra }) })

type Question = SelfSubjectAccessReview['spec']

async function decide(authorizer: Authorizer, { kind }: Call, user: User, { resourceAttributes, nonResourceAttributes }: Question): Promise<object> {
  if ((resourceAttributes === undefined) === (nonResourceAttributes === undefined)) {
    throw invalid(kind, '', [
      invalidValue('spec.resourceAttributes', resourceAttributes ?? null, 'exactly one of nonResourceAttributes or resourceAttributes must be specified'),
    ])
  }
  const attributes: Attributes = resourceAttributes
    ? {
        is: 'resource',
        user,
        verb: resourceAttributes.verb ?? '',
        group: resourceAttributes.group ?? '',
        version: resourceAttributes.version ?? '',
        plural: resourceAttributes.resource ?? '',
        subresource: resourceAttributes.subresource ?? '',
        namespace: resourceAttributes.namespace ?? '',
        name: resourceAttributes.name ?? '',
      }
    : { is: 'path', user, verb: nonResourceAttributes!.verb ?? '', path: nonResourceAttributes!.path ?? '' }
  const decision = await authorizer.authorize(attributes)
  return {
    allowed: decision.is === 'allowed',
    ...(decision.is === 'denied' && { denied: true, reason: decision.why }),
  }
}
