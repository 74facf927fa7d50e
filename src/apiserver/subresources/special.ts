/** Subresources and kinds that are answered in a way of their own. */
import { serviceAccountTokens } from '../auth/service_account_tokens.ts'
import type { TokenAuthenticator } from '../auth/authenticate.ts'
import type { Authorizer } from '../auth/authorizer.ts'
import type { TokenIssuer } from '../../base/tokens.ts'
import type { SpecialHandler } from '../http/resources.ts'
import type { Parts } from '../parts.ts'
import {
  localSubjectAccessReview,
  selfSubjectAccessReview,
  selfSubjectReview,
  selfSubjectRulesReview,
  subjectAccessReview,
  tokenReview,
} from '../reviews/reviews.ts'
import { bindPod } from './binding.ts'
import { evictPod } from './eviction.ts'
import { finalizeNamespace } from './finalize.ts'
import { podAttach, podExec, podLog, podPortForward, type Kubelets } from './kubelet_streams.ts'
import { nodeProxy } from './node_proxy.ts'
import { requestToken } from './token.ts'
import type { TimelineReadings } from '../../api/timelines.ts'
import type { UsageReadings } from '../../api/usage.ts'
import type { Closing } from '../registry/closing.ts'
import { podTimelines } from '../usage/pod_timelines.ts'
import { resourceMetrics } from '../usage/resource_metrics.ts'
import { podProxy, serviceProxy, type Backends } from './workload_proxy.ts'

export interface SpecialParts {
  readonly parts: Parts
  readonly authorizer: Authorizer
  readonly kubelets: Kubelets
  readonly backends: Backends | undefined
  readonly tokens: TokenIssuer | undefined
  readonly usage: UsageReadings | undefined
  readonly timelines: TimelineReadings | undefined
  readonly closing: Closing
  readonly tokenAuthenticators: readonly TokenAuthenticator[]
}

export interface Special {
  readonly handlers: ReadonlyMap<string, SpecialHandler>
  /** All ways to recognise a token. */
  readonly tokenAuthenticators: readonly TokenAuthenticator[]
}

export function specialHandlers({
  parts,
  authorizer,
  kubelets,
  backends,
  tokens,
  usage,
  timelines,
  closing,
  tokenAuthenticators: given,
}: SpecialParts): Special {
  const tokenAuthenticators = tokens ? [...given, serviceAccountTokens(tokens, parts.store)] : given
  const metrics = resourceMetrics(parts, usage)
  return {
    tokenAuthenticators,
    handlers: new Map<string, SpecialHandler>([
      ['bindings', call => bindPod(parts, call)],
      ['pods/binding', call => bindPod(parts, call)],
      ['pods/eviction', call => evictPod(parts, call)],
      ['pods/log', call => podLog(parts, kubelets, call)],
      ['pods/exec', call => podExec(parts, kubelets, call)],
      ['pods/attach', call => podAttach(parts, kubelets, call)],
      ['pods/portforward', call => podPortForward(parts, kubelets, call)],
      ['pods/proxy', call => podProxy(parts, backends, call)],
      ['services/proxy', call => serviceProxy(parts, backends, call)],
      ['nodes/proxy', (call, exchange) => nodeProxy(parts, kubelets, call, exchange)],
      ['namespaces/finalize', call => finalizeNamespace(parts, call)],
      ['serviceaccounts/token', call => requestToken(parts, tokens, call)],
      ['nodes.metrics.k8s.io', metrics.nodes],
      ['pods.metrics.k8s.io', metrics.pods],
      ['podtimelines.timeline.poise.dev', podTimelines(parts, timelines, closing)],
      ['selfsubjectreviews.authentication.k8s.io', call => selfSubjectReview(parts, call)],
      ['tokenreviews.authentication.k8s.io', call => tokenReview(parts, tokenAuthenticators, call)],
      ['selfsubjectaccessreviews.authorization.k8s.io', call => selfSubjectAccessReview(parts, authorizer, call)],
      ['selfsubjectrulesreviews.authorization.k8s.io', call => selfSubjectRulesReview(parts, authorizer, call)],
      ['localsubjectaccessreviews.authorization.k8s.io', call => localSubjectAccessReview(parts, authorizer, call)],
      ['subjectaccessreviews.authorization.k8s.io', call => subjectAccessReview(parts, authorizer, call)],
    ]),
  }
}
