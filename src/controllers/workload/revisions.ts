/**
 * The history of a StatefulSet or DaemonSet: each template it has had, as a ControllerRevision.
 *
 *   template ─▶ planRevision ─▶ the newest has it │ an older one has it: it becomes the newest │ make one
 *   history  ─▶ planCleanup  ─▶ oldest first, those beyond the limit that no Pod is of
 */
import { deepEqual } from '../../api/deep.ts'
import type { Kind } from '../../api/kind.ts'
import { ControllerRevision } from '../../api/kinds/controller_revision.ts'
import { controllerOf, keyOf, type KubernetesObject } from '../../api/meta.ts'
import { isReason } from '../../api/status.ts'
import type { PodTemplateSpec } from '../../api/types/pod_template_spec.ts'
import type { Client, Draft } from '../../client/client.ts'
import { isNamespaceLeaving } from '../namespace_contents.ts'
import { controllerReference } from './claim.ts'
import { revisionHash } from './revision_hash.ts'

export interface Revisioned extends KubernetesObject {
  spec: { template: PodTemplateSpec }
  status: { collisionCount?: number }
}

/** A patch for the workload that brings this template back: what `kubectl rollout undo` sends. */
export const revisionData = (template: PodTemplateSpec) => ({ spec: { template: { ...template, $patch: 'replace' } } })

/** Undefined for a revision that somebody else has written in another form. */
export function templateOf({ data }: ControllerRevision): PodTemplateSpec | undefined {
  const template = (data as Partial<ReturnType<typeof revisionData>> | undefined)?.spec?.template
  if (!template?.spec?.containers) return undefined
  const { $patch: _, ...rest } = template
  return { ...rest, metadata: template.metadata ?? {} }
}

/** Oldest first. */
export const sortRevisions = (revisions: readonly ControllerRevision[]): ControllerRevision[] =>
  [...revisions].sort((a, b) => a.revision - b.revision || compareTexts(createdAt(a), createdAt(b)) || compareTexts(a.metadata.name!, b.metadata.name!))

export type RevisionPlan =
  | { readonly is: 'newest'; readonly revision: ControllerRevision }
  | { readonly is: 'again'; readonly revision: ControllerRevision; readonly number: number }
  | { readonly is: 'new'; readonly number: number }

/** @param history oldest first */
export function planRevision(history: readonly ControllerRevision[], data: object): RevisionPlan {
  const newest = history.at(-1)
  const number = (newest?.revision ?? 0) + 1
  const equal = history.findLast(revision => deepEqual(revision.data, data))
  if (!equal) return { is: 'new', number }
  return equal === newest ? { is: 'newest', revision: equal } : { is: 'again', revision: equal, number }
}

/**
 * Which revisions go.
 * @param history oldest first
 * @param inUse names of those that Pods are of, or shall be
 * @param limit how many of the others stay; below 0: all
 */
export function planCleanup(history: readonly ControllerRevision[], inUse: ReadonlySet<string>, limit: number): ControllerRevision[] {
  const unused = history.filter(({ metadata }) => !inUse.has(metadata.name!))
  return limit < 0 ? [] : unused.slice(0, Math.max(0, unused.length - limit))
}

export interface RevisionNaming<O> {
  readonly ownerKind: Kind<O & KubernetesObject>
  /** The label of the revision that holds its hash. */
  readonly hashLabel: string
}

/**
 * The revision of the owner's template as it is, made or renumbered if need be, and how many names were taken until then.
 * Undefined in a namespace that is being deleted, where none can be made any more. Throws ApiError.
 */
export async function reviseHistory<O extends Revisioned>(
  client: Client,
  naming: RevisionNaming<O>,
  owner: O,
  history: readonly ControllerRevision[],
): Promise<{ readonly revision: ControllerRevision; readonly collisionCount: number } | undefined> {
  const collisionCount = owner.status.collisionCount ?? 0
  const plan = planRevision(history, revisionData(owner.spec.template))
  switch (plan.is) {
    case 'newest':
      return { revision: plan.revision, collisionCount }
    case 'again': {
      const { metadata } = plan.revision
      const body = { metadata: { uid: metadata.uid }, revision: plan.number }
      return { revision: await client.patch(ControllerRevision, keyOf(plan.revision), { type: 'merge', body }), collisionCount }
    }
    case 'new':
      return makeRevision(client, naming, owner, plan.number, collisionCount)
  }
}

/** A name that another template has is a collision of hashes; the next count gives another hash. */
async function makeRevision<O extends Revisioned>(client: Client, naming: RevisionNaming<O>, owner: O, number: number, collisionCount: number) {
  for (let count = collisionCount; count < collisionCount + COLLISIONS_MAX; count++) {
    const draft = newRevision(naming, owner, number, count)
    try {
      return { revision: await client.create(ControllerRevision, draft), collisionCount: count }
    } catch (error) {
      if (isNamespaceLeaving(error)) return undefined
      if (!isReason(error, 'AlreadyExists')) throw error
      const taken = await client.get(ControllerRevision, { namespace: owner.metadata.namespace!, name: draft.metadata.name! }).catch(() => undefined)
      if (taken && controllerOf(taken)?.uid === owner.metadata.uid && deepEqual(taken.data, draft.data)) return { revision: taken, collisionCount: count }
    }
  }
  throw new Error(`no free name for a revision of ${owner.metadata.name}`)
}

/** Two templates of one owner have the same 32 bits about never. */
const COLLISIONS_MAX = 100

function newRevision<O extends Revisioned>({ ownerKind, hashLabel }: RevisionNaming<O>, owner: O, number: number, collisionCount: number) {
  const data = revisionData(owner.spec.template)
  const hash = revisionHash(data, collisionCount)
  const { name, namespace, annotations } = owner.metadata
  return {
    metadata: {
      name: `${name!.slice(0, NAME_PREFIX_MAX)}-${hash}`,
      namespace,
      labels: { ...owner.spec.template.metadata.labels, [hashLabel]: hash },
      ...(annotations && { annotations }),
      ownerReferences: [controllerReference(ownerKind, owner)],
    },
    data,
    revision: number,
  } satisfies Draft<ControllerRevision>
}

const NAME_PREFIX_MAX = 223

const createdAt = ({ metadata }: ControllerRevision): string => metadata.creationTimestamp ?? ''
const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
