/** Brings the objects of the files into a namespace, and takes it away again. */
import { Namespace } from '../api/kinds/namespace.ts'
import { PodDisruptionBudget } from '../api/kinds/pod_disruption_budget.ts'
import { ServiceAccount } from '../api/kinds/service_account.ts'
import type { Kind } from '../api/kind.ts'
import { kinds } from '../api/kinds/index.ts'
import type { KubernetesObject } from '../api/meta.ts'
import { isReason } from '../api/status.ts'
import { messageOf } from '../base/error_message.ts'
import { pathOf } from '../client/api_client.ts'
import type { Client } from '../client/client.ts'
import type { CheckPlan } from './plan_check.ts'
import { CheckProblem } from './problem.ts'
import type { CheckSite } from './site.ts'
import { waitFor } from './wait.ts'

export interface CheckNamespace {
  readonly name: string
  /** Made by the check, and removed with it. */
  readonly isOurs: boolean
}

const FIELD_MANAGER = 'poise-check'
const GENERATED_NAME = 'poise-check-'
const ACCOUNT_LIMIT_MS = 10_000
const GONE_LIMIT_MS = 120_000

/** The one that was asked for; on a cluster of the check's own that of the files; otherwise a new one. */
export async function openNamespace({ client, kind }: CheckSite, { namespace, namespaceInFiles }: CheckPlan): Promise<CheckNamespace> {
  const wanted = namespace ?? (kind === 'context' ? undefined : namespaceInFiles)
  if (wanted === undefined) {
    const { metadata } = await client.create(Namespace, {
      metadata: { generateName: GENERATED_NAME, labels: { 'app.kubernetes.io/managed-by': FIELD_MANAGER } },
    })
    return { name: metadata.name!, isOurs: true }
  }
  const found = await client.get(Namespace, { namespace: '', name: wanted }).catch(absent)
  if (!found) await client.create(Namespace, { metadata: { name: wanted } })
  return { name: wanted, isOurs: false }
}

/** Pods are refused until their namespace has its ServiceAccount, which a controller makes. */
export async function untilPodsAreAllowed({ client, host }: CheckSite, { name }: CheckNamespace, signal: AbortSignal): Promise<void> {
  await waitFor({ clock: host.clock, signal, limitMs: ACCOUNT_LIMIT_MS }, () => client.get(ServiceAccount, { namespace: name, name: 'default' }).catch(absent))
}

/** Undefined for what is not there. */
function absent(error: unknown): undefined {
  if (isReason(error, 'NotFound')) return undefined
  throw error
}

/** Resolves when it is gone, or when nobody waits any more: then the sentence says so. */
export async function removeNamespace({ client, host }: CheckSite, { name }: CheckNamespace, signal: AbortSignal): Promise<string | undefined> {
  await client.delete(Namespace, { namespace: '', name }).catch(absent)
  const gone = await waitFor({ clock: host.clock, signal, limitMs: GONE_LIMIT_MS, everyMs: 500 }, async () => {
    const found = await client.get(Namespace, { namespace: '', name }).catch(absent)
    return found ? undefined : true
  })
  return gone ? undefined : `Namespace ${name} is still terminating after ${GONE_LIMIT_MS / 1000} s; look with: kubectl get namespace ${name} -o yaml`
}

/** First all as a dry run, so that every mistake is told at once and nothing is left half done. */
export async function applyObjects(site: CheckSite, { objects, entrance }: CheckPlan, namespace: string): Promise<void> {
  const isSomebodyElses = site.kind === 'context'
  const wanted = objects.filter(({ kind }) => kind.namespaced || !isSomebodyElses)
  const problems: string[] = []
  for (const { place, kind, written } of wanted) {
    const problem = await apply(site.client, kind, placed(kind, written, namespace), true).then(
      () => undefined,
      (error: unknown) => `${place}: ${messageOf(error)}`,
    )
    if (problem !== undefined) problems.push(problem)
  }
  if (problems.length > 0)
    throw new CheckProblem(
      `the API refuses ${problems.length === 1 ? 'an object' : `${problems.length} objects`}:\n${problems.join('\n')}`,
      'Mend the manifest.',
    )
  for (const { kind, written } of wanted) await apply(site.client, kind, placed(kind, written, namespace), false)
  if (entrance.make) {
    const service = entrance.make as KubernetesObject
    const kind = kinds.find(one => one.kind === 'Service')!
    await apply(site.client, kind, placed(kind, service, namespace), false)
  }
}

/** Sentences about what is not brought to somebody else's cluster. */
export const leftToTheCluster = ({ objects }: CheckPlan): string[] =>
  objects.flatMap(({ place, kind, written }) =>
    kind.namespaced
      ? []
      : [`${place}: ${kind.kind} ${written.metadata.name} is not written to this cluster, because others use it too; it must be there already.`],
  )

/** Writes one object, as server-side apply; unknown fields are refused, as kubectl does. */
export const apply = (client: Client, kind: Kind, object: KubernetesObject, dryRun: boolean): Promise<unknown> =>
  client.request({
    method: 'PATCH',
    path: pathOf(kind as Kind<never>, { namespace: object.metadata.namespace ?? '', name: object.metadata.name! }),
    query: { fieldManager: FIELD_MANAGER, fieldValidation: 'Strict', ...(dryRun && { dryRun: 'All' }) },
    headers: { 'content-type': 'application/apply-patch+yaml' },
    body: { is: 'object', object },
  })

/** The same object in this namespace. What only a server writes is left out: files are often made with `kubectl get -o yaml`. */
export function placed(kind: Kind, { status: _status, ...object }: KubernetesObject & { status?: unknown }, namespace: string): KubernetesObject {
  const {
    uid: _uid,
    resourceVersion: _version,
    generation: _generation,
    creationTimestamp: _created,
    managedFields: _managed,
    namespace: _old,
    ...metadata
  } = object.metadata
  return { ...object, metadata: { ...metadata, ...(kind.namespaced && { namespace }) } } as KubernetesObject
}

/** Who may not see what others have made goes on without it. */
function noneToSee(error: unknown): { readonly items: readonly [] } {
  if (isReason(error, 'Forbidden') || isReason(error, 'NotFound')) return { items: [] }
  throw error
}

/** As stored now, with the disruption budgets of the namespace, which other tools may have made. */
export async function storedObjects({ client }: CheckSite, { objects, entrance }: CheckPlan, namespace: string): Promise<KubernetesObject[]> {
  const made = entrance.make as KubernetesObject | undefined
  const named = [
    ...objects.map(({ kind, written }) => ({ kind, name: written.metadata.name! })),
    ...(made ? [{ kind: kinds.find(one => one.kind === 'Service')!, name: made.metadata.name! }] : []),
  ]
  const found = await Promise.all(named.map(({ kind, name }) => client.get(kind, { namespace: kind.namespaced ? namespace : '', name }).catch(absent)))
  const budgets = await client.list(PodDisruptionBudget, { namespace }).catch(noneToSee)
  const stored = found.filter(object => object !== undefined)
  const known = new Set(stored.map(({ metadata }) => metadata.uid))
  return [...stored, ...budgets.items.filter(({ metadata }) => !known.has(metadata.uid))].map(withKind)
}

/** Items of a list need not say what they are. */
const withKind = (object: KubernetesObject): KubernetesObject => (object.kind ? object : { ...object, apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' })
