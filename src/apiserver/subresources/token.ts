import { invalidValue, notSupported, type FieldError } from '../../api/field_error.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { TokenRequest } from '../../api/kinds/token_request.ts'
import { timestamp, type KubernetesObject } from '../../api/meta.ts'
import { badRequest, conflict, forbiddenBy, invalid, notFound } from '../../api/status.ts'
import { uuid } from '../../base/random.ts'
import { planClaims, type TokenIssuer, type TokenRequest as TokenPlan } from '../../base/tokens.ts'
import { nodeOf } from '../auth/node_authorizer.ts'
import type { Parts } from '../parts.ts'
import type { Call, Outcome } from '../registry/call.ts'
import { storedObject } from '../registry/get.ts'
import { readObject } from '../registry/read_object.ts'
import { writeOptions } from '../registry/write_options.ts'

const EXPIRATION_SECONDS_MIN = 600
const EXPIRATION_SECONDS_MAX = 2 ** 32

/** POST serviceaccounts/<name>/token: a token for the account, bound to what the request names. */
export async function requestToken(parts: Parts, issuer: TokenIssuer | undefined, call: Call): Promise<Outcome> {
  if (!issuer) throw badRequest('this server has no key to sign tokens with')
  const options = writeOptions(call.request, 'CreateOptions')
  const request = readObject(parts, TokenRequest as never, call.request, options.fieldValidation, call.warnings) as TokenRequest
  checkSpec(request)
  const account = (await storedObject(parts, call)).value as KubernetesObject
  const bound = await boundTo(parts, call, request)
  const node = nodeOf(call.user)
  if (node !== undefined && bound.pod?.nodeName !== node)
    throw forbiddenBy(call.kind, call.name, `node ${JSON.stringify(node)} may only request tokens for pods bound to it`)

  const { expirationSeconds } = request.spec
  const audiences = request.spec.audiences?.length ? request.spec.audiences : [issuer.issuer]
  const claims = planClaims(
    {
      namespace: call.namespace,
      serviceAccount: { name: call.name, uid: account.metadata.uid! },
      ...bound.reference,
      audiences,
      expirationSeconds,
      tokenId: uuid(parts.random),
    },
    issuer.issuer,
    parts.clock.wall(),
  )
  return {
    status: 201,
    object: {
      ...request,
      metadata: { name: call.name, namespace: call.namespace, creationTimestamp: timestamp(parts.clock.wall()) },
      spec: { ...request.spec, audiences },
      // The time by which the client should have a new one, which is not always when this one ends.
      status: { token: options.dryRun ? '' : issuer.issue(claims), expirationTimestamp: timestamp((claims.iat + expirationSeconds) * 1000) },
    },
  }
}

function checkSpec({ spec }: TokenRequest): void {
  const errors: FieldError[] = []
  const field = 'spec.expirationSeconds'
  if (spec.expirationSeconds < EXPIRATION_SECONDS_MIN)
    errors.push(invalidValue(field, spec.expirationSeconds, 'may not specify a duration less than 10 minutes'))
  if (spec.expirationSeconds > EXPIRATION_SECONDS_MAX)
    errors.push(invalidValue(field, spec.expirationSeconds, 'may not specify a duration larger than 2^32 seconds'))
  const kind = spec.boundObjectRef?.kind
  if (kind !== undefined && kind !== 'Pod') errors.push(notSupported('spec.boundObjectRef.kind', kind, ['Pod']))
  if (errors.length > 0) throw invalid({ group: 'authentication.k8s.io', plural: 'tokenrequests', kind: 'TokenRequest' }, '', errors)
}

interface Bound {
  readonly reference: Pick<TokenPlan, 'pod' | 'node'>
  readonly pod?: { readonly nodeName: string | undefined }
}

async function boundTo({ store }: Parts, call: Call, { spec }: TokenRequest): Promise<Bound> {
  const reference = spec.boundObjectRef
  if (!reference) return { reference: {} }
  const resource = { group: '', plural: 'pods', kind: 'Pod' }
  const stored = await store.get(`/pods/${call.namespace}/${reference.name}`)
  if (!stored) throw notFound(resource, reference.name ?? '')
  const { metadata } = stored.value as KubernetesObject
  if (reference.uid && reference.uid !== metadata.uid) {
    throw conflict(
      resource,
      metadata.name!,
      `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    )
  }
  const pod = stored.value as Pod
  if (pod.spec.serviceAccountName !== call.name)
    throw badRequest(`cannot bind token for serviceaccount ${JSON.stringify(call.name)} to pod running with different serviceaccount name.`)
  const node = pod.spec.nodeName ? await nodeClaim(store, pod.spec.nodeName) : undefined
  return { reference: { pod: { name: metadata.name!, uid: metadata.uid! }, ...(node && { node }) }, pod: { nodeName: pod.spec.nodeName } }
}

async function nodeClaim(store: Parts['store'], name: string): Promise<{ name: string; uid: string } | undefined> {
  const metadata = ((await store.get(`/nodes/${name}`))?.value as KubernetesObject | undefined)?.metadata
  return metadata && { name, uid: metadata.uid! }
}
