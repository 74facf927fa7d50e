/** Does to a workload what was planned, while the load goes on. */
import { Eviction } from '../api/kinds/eviction.ts'
import { Node } from '../api/kinds/node.ts'
import { Pod } from '../api/kinds/pod.ts'
import { timestamp } from '../api/meta.ts'
import { isActive } from '../api/pod.ts'
import { isReason } from '../api/status.ts'
import type { Kind } from '../api/kind.ts'
import { pathOf } from '../client/api_client.ts'
import type { Patch } from '../client/client.ts'
import { apply, placed } from './apply.ts'
import { kindNamed } from './kind_named.ts'
import type { NamespaceView } from './namespace_view.ts'
import type { CheckPlan } from './plan_check.ts'
import { CheckProblem } from './problem.ts'
import { settle, type Settled, type SettleOptions } from './settle.ts'
import type { CheckSite } from './site.ts'
import { waitFor } from './wait.ts'

export interface ChangeContext {
  readonly site: CheckSite
  readonly plan: CheckPlan
  readonly view: NamespaceView
  readonly signal: AbortSignal
  tell(text: string): void
}

/** Resolves when the workload has settled, or is stuck. */
export async function performChange(context: ChangeContext): Promise<Settled> {
  const { plan, view, site } = context
  const { change, workload } = plan
  const settled = (options: Pick<SettleOptions, 'generation' | 'gone'> = {}) =>
    settle(site, view, { limitMs: plan.changeLimitMs, signal: context.signal, tell: context.tell, ...options })
  const patched = async (patch: Patch) => {
    const { metadata } = await site.client.patch(kindNamed(workload.kind), { namespace: view.namespace, name: workload.name }, patch, {
      fieldManager: 'poise-check',
    })
    return settled({ generation: metadata.generation })
  }
  switch (change.rollout) {
    case 'restart':
      return patched({
        type: 'strategic',
        body: { spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': timestamp(site.host.clock.wall()) } } } } },
      })
    case 'image':
      return patched({ type: 'strategic', body: { spec: { template: { spec: { containers: [{ name: change.container, image: change.image }] } } } } })
    case 'scale': {
      const down = await patched({ type: 'merge', body: { spec: { replicas: change.replicas } } })
      return down.is === 'stuck' ? down : patched({ type: 'merge', body: { spec: { replicas: change.back } } })
    }
    case 'delete':
      return deletePods(context, change.all, settled)
    case 'drain':
      return drain(context, settled)
  }
}

type Settle = (options?: Pick<SettleOptions, 'generation' | 'gone'>) => Promise<Settled>

async function deletePods({ site, plan, view, signal, tell }: ChangeContext, all: boolean, settled: Settle): Promise<Settled> {
  const pods = view.pods().filter(isActive)
  let last: Settled = { is: 'settled', atMs: site.host.clock.now() }
  for (const { metadata } of all ? pods : pods.slice(0, 1)) {
    tell(`deleting Pod ${metadata.name}`)
    await site.client.delete(Pod, { namespace: view.namespace, name: metadata.name! })
    if (plan.workload.kind === 'Pod') {
      // Nobody else makes it again: as with `kubectl replace --force`.
      await waitFor({ clock: site.host.clock, signal, limitMs: plan.changeLimitMs }, () =>
        view.pods().some(pod => pod.metadata.uid === metadata.uid) ? undefined : true,
      )
      const { kind, written } = plan.objects.find(one => one.kind.kind === 'Pod' && one.written.metadata.name === plan.workload.name)!
      await apply(site.client, kind, placed(kind, written, view.namespace), false)
    }
    last = await settled({ gone: new Set([metadata.uid!]) })
    if (last.is === 'stuck') return last
  }
  return last
}

/** As kubectl waits before it asks again for an eviction that a budget refused. */
const EVICTION_RETRY_MS = 5_000

async function drain({ site, plan, view, signal, tell }: ChangeContext, settled: Settle): Promise<Settled> {
  const pods = view.pods().filter(isActive)
  const node = busiest(pods)
  if (node === undefined) throw new CheckProblem('none of the Pods is on a node that could be drained')
  const open = (await site.client.list(Node)).items.filter(({ spec }) => !spec.unschedulable).map(({ metadata }) => metadata.name)
  if (open.every(name => name === node))
    throw new CheckProblem('a drain needs a second node for the Pods to go to', 'Give the cluster more nodes with --nodes 2.')
  const cordon = (unschedulable: boolean) => site.client.patch(Node, { namespace: '', name: node }, { type: 'merge', body: { spec: { unschedulable } } })
  // One that somebody else has cordoned stays so.
  const isOpen = open.includes(node)
  if (isOpen) await cordon(true)
  try {
    const evicted = pods.filter(({ spec }) => spec.nodeName === node)
    for (const pod of evicted) {
      tell(`evicting Pod ${pod.metadata.name} from ${node}`)
      const done = await waitFor({ clock: site.host.clock, signal, limitMs: plan.changeLimitMs, everyMs: EVICTION_RETRY_MS }, () =>
        evict(site, pod, view.namespace),
      )
      if (!done)
        return {
          is: 'stuck',
          text: `the drain of ${node} never ended: a PodDisruptionBudget lets Pod ${pod.metadata.name} not go`,
          next: 'Let the budget allow one disruption, or run more replicas than it needs.',
        }
    }
    return await settled({ gone: new Set(evicted.map(({ metadata }) => metadata.uid!)) })
  } finally {
    if (isOpen) await cordon(false)
  }
}

/** True when it goes or is gone; undefined when its budget does not allow it now. */
async function evict({ client }: CheckSite, { metadata }: Pod, namespace: string): Promise<true | undefined> {
  const name = metadata.name!
  try {
    await client.request({
      method: 'POST',
      path: `${pathOf(Pod as Kind<never>, { namespace, name })}/eviction`,
      headers: { 'content-type': 'application/json' },
      body: {
        is: 'object',
        object: {
          apiVersion: `${Eviction.group}/${Eviction.version}`,
          kind: Eviction.kind,
          metadata: { name, namespace },
          deleteOptions: { preconditions: { uid: metadata.uid } },
        },
      },
    })
  } catch (error) {
    if (isReason(error, 'TooManyRequests')) return undefined
    if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
  }
  return true
}

/** The node with most of the Pods; by name where several have as many. */
function busiest(pods: readonly Pod[]): string | undefined {
  const counts = new Map<string, number>()
  for (const { spec } of pods) if (spec.nodeName) counts.set(spec.nodeName, (counts.get(spec.nodeName) ?? 0) + 1)
  return [...counts].toSorted(([a, many], [b, more]) => more - many || (a < b ? -1 : 1))[0]?.[0]
}
