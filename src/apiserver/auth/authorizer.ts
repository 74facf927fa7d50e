/**
 * May this user do this? Authorizers are asked in order; the first that has an opinion decides, and
 * when none has, the answer is no.
 */
import { failure, forbiddenPath, type ApiError } from '../../api/status.ts'
import type { User } from '../../base/transport.ts'
import type { Route } from '../http/route.ts'

export type Attributes = ResourceAttributes | PathAttributes

export interface ResourceAttributes {
  readonly is: 'resource'
  readonly user: User
  readonly verb: string
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
}

export interface PathAttributes {
  readonly is: 'path'
  readonly user: User
  readonly verb: string
  readonly path: string
}

export type Decision = { readonly is: 'allowed' } | { readonly is: 'denied'; readonly why: string } | { readonly is: 'noOpinion' }

/** One right of a user, in the shape of RBAC's PolicyRule. */
export interface Rule {
  readonly verbs: readonly string[]
  readonly apiGroups?: readonly string[]
  /** `pods`, `pods/status`, `*`. */
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly nonResourceURLs?: readonly string[]
}

export interface UserRules {
  readonly rules: readonly Rule[]
  /** Why there may be rights that are not listed. */
  readonly incomplete?: string
}

export interface Authorizer {
  authorize(attributes: Attributes): Decision | Promise<Decision>
  /** Everything a user may do in a namespace; left out by one that can only answer single questions. */
  rulesOf?(user: User, namespace: string): UserRules | Promise<UserRules>
}

export const ALLOWED: Decision = { is: 'allowed' }
export const NO_OPINION: Decision = { is: 'noOpinion' }

export function authorizerChain(authorizers: readonly Authorizer[]): Authorizer {
  return {
    async authorize(attributes) {
      for (const authorizer of authorizers) {
        const answer = authorizer.authorize(attributes)
        const decision = answer instanceof Promise ? await answer : answer
        if (decision.is !== 'noOpinion') return decision
      }
      return NO_OPINION
    },
    async rulesOf(user, namespace) {
      const answers = await Promise.all(
        authorizers.map(
          async authorizer => authorizer.rulesOf?.(user, namespace) ?? { rules: [], incomplete: 'an authorizer does not support user rule resolution' },
        ),
      )
      const reasons = answers.flatMap(({ incomplete }) => incomplete ?? [])
      return { rules: answers.flatMap(({ rules }) => rules), ...(reasons.length > 0 && { incomplete: reasons.join(', ') }) }
    },
  }
}

export const attributesOf = (user: User, route: Route): Attributes =>
  route.is === 'path'
    ? { is: 'path', user, verb: route.verb, path: route.path }
    : {
        is: 'resource',
        user,
        verb: route.verb,
        group: route.group,
        version: route.version,
        plural: route.plural,
        subresource: route.subresource,
        namespace: route.namespace,
        name: route.name || route.selectedName,
      }

/** The refusal in Kubernetes' words. `pods "web" is forbidden: User "jane" cannot get resource "pods" in API group "" in the namespace "default"`. */
export function refusal(attributes: Attributes, why = ''): ApiError {
  if (attributes.is === 'path') return forbiddenPath(attributes.user.name, attributes.verb, attributes.path)
  const { user, verb, group, plural, subresource, namespace, name } = attributes
  const about = `${group ? `${plural}.${group}` : plural}${name ? ` ${JSON.stringify(name)}` : ''}`
  const where = namespace ? `in the namespace ${JSON.stringify(namespace)}` : 'at the cluster scope'
  const resource = subresource ? `${plural}/${subresource}` : plural
  const sentence = `User ${JSON.stringify(user.name)} cannot ${verb} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(group)} ${where}`
  return failure(403, 'Forbidden', `${about} is forbidden: ${sentence}${why ? `: ${why}` : ''}`, {
    ...(name && { name }),
    ...(group && { group }),
    kind: plural,
  })
}
