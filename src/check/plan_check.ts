/**
 * Decides what a check does, from the objects in the files and the words of the command: which workload is changed and how,
 * where the load goes in, and how long everything may take. Touches nothing.
 */
import type { Service } from '../api/kinds/service.ts'
import type { Millis } from '../base/clock.ts'
import type { ManifestObject, Manifests } from './manifests.ts'
import type { ClientKind } from './observation.ts'
import { planChange, type Change, type RolloutWords } from './plan_change.ts'
import { planEntrance, rank, servicesOf, type PlannedEntrance, type ServiceChoice } from './plan_entrance.ts'
import { CheckProblem } from './problem.ts'
import { imagesIn, isWorkload, podSpecOf, workloadNameOf, workloadText, type WorkloadName, type WorkloadObject } from './workload.ts'

export interface CheckWords {
  /** Undefined: restart, and delete for Pods that nothing restarts. */
  readonly rollout?: RolloutWords
  readonly workload?: WorkloadName
  readonly service?: ServiceChoice
  /** Undefined: new and keep-alive; direct for a headless Service. */
  readonly clients?: readonly ClientKind[]
  /** An existing one, or one to be made and kept. Undefined: one of the check's own, which goes with it. */
  readonly namespace?: string
  /** The cluster is made for the check: whatever its namespace is, it holds only what the files bring. */
  readonly ownCluster?: boolean
  readonly path: string
  readonly ratePerSecond: number
  readonly repeat: number
  readonly warmUpMs: Millis
  /** How long the load goes on after the change has settled. */
  readonly settleMs: Millis
  /** How long to wait for the workload to be ready, and for the change to settle. */
  readonly timeoutMs: Millis
  readonly requestTimeoutMs: Millis
  /** Undefined: a second, or ten times the median before the change, if that is more. */
  readonly slowMs?: Millis
}

export interface CheckPlan {
  readonly files: readonly string[]
  /** What its containers need, and the change. */
  readonly images: readonly string[]
  /** In the order they are written to the API. */
  readonly objects: readonly ManifestObject[]
  readonly workload: WorkloadName
  readonly entrance: PlannedEntrance
  readonly change: Change
  readonly clients: readonly ClientKind[]
  readonly namespace: string | undefined
  /** Used on a cluster of the check's own, where names such as `db.shop.svc` shall work; somebody else's is left alone. */
  readonly namespaceInFiles: string | undefined
  readonly load: { readonly path: string; readonly ratePerSecond: number; readonly timeoutMs: Millis }
  readonly repeat: number
  readonly warmUpMs: Millis
  readonly settleMs: Millis
  readonly readyLimitMs: Millis
  /** What the change may take at the most, with the grace of its Pods. */
  readonly changeLimitMs: Millis
  readonly slowMs: Millis | undefined
  readonly notes: readonly string[]
}

/** Throws a CheckProblem. */
export function planCheck(files: readonly string[], { objects, notes }: Manifests, words: CheckWords): CheckPlan {
  const services = objects.flatMap(({ object, kind }) => (kind.kind === 'Service' ? [object as Service] : []))
  const workloads = objects.map(({ object }) => object).filter(isWorkload)
  const chosen = chooseWorkload(workloads, services, words.workload)
  // A namespace that is there may hold Pods that the files do not.
  const entrance = planEntrance(chosen.workload, services, { choice: words.service, ...((words.ownCluster || words.namespace === undefined) && { workloads }) })
  const change = planChange(chosen.workload, words.rollout)
  const clients = words.clients ?? (entrance.type === 'headless' ? ['direct'] : ['new', 'keep-alive'])
  const graceMs = (podSpecOf(chosen.workload).terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) * 1000
  return {
    files,
    images: [...new Set([...imagesIn(objects.map(({ object }) => object)), ...(change.rollout === 'image' ? [change.image] : [])])],
    objects: ordered(objects),
    workload: workloadNameOf(chosen.workload),
    entrance,
    change,
    clients,
    namespace: words.namespace,
    namespaceInFiles: namespaceIn(objects),
    load: { path: words.path, ratePerSecond: words.ratePerSecond, timeoutMs: words.requestTimeoutMs },
    repeat: words.repeat,
    warmUpMs: words.warmUpMs,
    settleMs: words.settleMs,
    readyLimitMs: words.timeoutMs,
    changeLimitMs: words.timeoutMs + graceMs,
    slowMs: words.slowMs,
    notes: [...notes, ...chosen.notes, ...entrance.notes, ...change.notes, ...clientNotes(clients, entrance)],
  }
}

const DEFAULT_GRACE_SECONDS = 30

function chooseWorkload(
  workloads: readonly WorkloadObject[],
  services: readonly Service[],
  name: WorkloadName | undefined,
): { workload: WorkloadObject; notes: string[] } {
  const texts = workloads.map(one => workloadText(workloadNameOf(one)))
  if (name) {
    const found = workloads.find(one => one.kind === name.kind && one.metadata.name === name.name)
    if (found) return { workload: found, notes: [] }
    throw new CheckProblem(`the files have no ${workloadText(name)}`, texts.length > 0 ? `There is ${texts.join(', ')}.` : undefined)
  }
  if (workloads.length === 0)
    throw new CheckProblem('the files hold nothing that runs', 'A check needs a Deployment, StatefulSet, DaemonSet, ReplicaSet or Pod, best with its Service.')
  const ranked = [...workloads].sort((a, b) => entranceRank(a, services) - entranceRank(b, services))
  const workload = ranked[0]!
  const others = texts.filter(text => text !== workloadText(workloadNameOf(workload)))
  return {
    workload,
    notes: others.length > 0 ? [`${workloadText(workloadNameOf(workload))} is changed; choose another one with --workload (${others.join(', ')}).`] : [],
  }
}

/** What is served to the outside is likelier meant than what others stand on. */
const entranceRank = (workload: WorkloadObject, services: readonly Service[]): number => Math.min(3, ...servicesOf(workload, services).map(rank))

/** Everything goes into one namespace, as with `kubectl apply -n`. Undefined: the files name none. */
function namespaceIn(objects: readonly ManifestObject[]): string | undefined {
  const named = new Set(objects.filter(({ kind }) => kind.namespaced).map(({ written }) => written.metadata.namespace || 'default'))
  if (named.size > 1)
    throw new CheckProblem(
      `the files put their objects into ${named.size} namespaces (${[...named].join(', ')}), and a check uses one`,
      'Check them one namespace at a time.',
    )
  const [name] = named
  return name === 'default' ? undefined : name
}

/** What others stand on first; otherwise as in the files. The namespace itself is the check's own to make. */
function ordered(objects: readonly ManifestObject[]): ManifestObject[] {
  const own = objects.filter(({ kind }) => kind.kind !== 'Namespace')
  return [
    ...own.filter(({ kind }) => !kind.namespaced),
    ...own.filter(({ kind, object }) => kind.namespaced && !isWorkload(object)),
    ...own.filter(({ object }) => isWorkload(object)),
  ]
}

function clientNotes(clients: readonly ClientKind[], { type, service }: PlannedEntrance): string[] {
  if (type === 'headless' && !clients.every(client => client === 'direct'))
    return [`Service ${service} is headless: it has no address of its own, so every client goes to the addresses of Pods that DNS tells.`]
  return []
}
