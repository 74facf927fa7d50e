/** Which node is meant to have the Pod, and what the Pod for a node is like. Decides and touches nothing. */
import { DaemonSet, templateGeneration } from '../../api/kinds/daemon_set.ts'
import type { Node } from '../../api/kinds/node.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { matchesNodeSelection, untoleratedTaint } from '../../api/pod.ts'
import type { Affinity } from '../../api/types/affinity.ts'
import type { PodSpec } from '../../api/types/pod_spec.ts'
import type { Toleration } from '../../api/types/scheduling.ts'
import type { Draft } from '../../client/client.ts'
import { podFromTemplate } from '../workload/pod_from_template.ts'

export const REVISION_LABEL = 'controller-revision-hash'
const TEMPLATE_GENERATION_LABEL = 'pod-template-generation'

/** run: it shall have the Pod. stay: it shall get none, and keep the one it has. go: it shall have none. */
export type Verdict = 'run' | 'stay' | 'go'

/** For one DaemonSet and any node. A taint that came later pushes nobody out, unless its effect is NoExecute. */
export function verdictsOf({ spec }: DaemonSet): (node: Node) => Verdict {
  const pod = { spec: daemonPodSpec(spec.template.spec) } as Pod
  return node => {
    const { nodeName } = pod.spec
    if (nodeName && nodeName !== node.metadata.name) return 'go'
    if (!matchesNodeSelection(pod, node)) return 'go'
    const taints = node.spec?.taints ?? []
    if (
      untoleratedTaint(
        pod,
        taints.filter(({ effect }) => effect === 'NoExecute'),
      )
    )
      return 'go'
    return untoleratedTaint(
      pod,
      taints.filter(({ effect }) => effect === 'NoSchedule'),
    )
      ? 'stay'
      : 'run'
  }
}

/** @param hash of the revision that the template is of */
export function daemonPodOf(set: DaemonSet, nodeName: string, hash: string): Draft<Pod> {
  const { template } = set.spec
  const draft = podFromTemplate(DaemonSet, set, template)
  const spec = daemonPodSpec(template.spec)
  return {
    metadata: {
      ...draft.metadata,
      labels: { ...draft.metadata.labels, [REVISION_LABEL]: hash, [TEMPLATE_GENERATION_LABEL]: String(templateGeneration(set)) },
    },
    spec: { ...spec, affinity: pinnedTo(nodeName, spec.affinity) },
  }
}

export const hashOf = ({ metadata }: Pod): string | undefined => metadata.labels?.[REVISION_LABEL]

/** The node a Pod is on, or is made for. */
export function nodeOf({ spec }: Pod): string | undefined {
  if (spec.nodeName) return spec.nodeName
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  for (const { matchFields = [] } of terms) {
    const field = matchFields.find(({ key, operator, values }) => key === 'metadata.name' && operator === 'In' && values?.length === 1)
    if (field) return field.values![0]
  }
  return undefined
}

/** What belongs to a node stays on it while it is in trouble (behaviour 8.3.1). */
function daemonPodSpec(spec: PodSpec): PodSpec {
  const wanted = [
    ...['not-ready', 'unreachable'].map(name => tolerating(name, 'NoExecute')),
    ...['disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'].map(name => tolerating(name, 'NoSchedule')),
    ...(spec.hostNetwork ? [tolerating('network-unavailable', 'NoSchedule')] : []),
  ]
  const given = (spec.tolerations ?? []).filter(one => !wanted.some(other => isSameToleration(one, other)))
  return { ...spec, tolerations: [...given, ...wanted] }
}

const tolerating = (name: string, effect: 'NoExecute' | 'NoSchedule'): Toleration => ({ key: `node.kubernetes.io/${name}`, operator: 'Exists', effect })

const isSameToleration = (a: Toleration, b: Toleration): boolean =>
  a.key === b.key && a.operator === b.operator && a.effect === b.effect && (a.value ?? '') === (b.value ?? '')

/** The scheduler places it, and may choose this node only. Which nodes are meant has been found out already. */
const pinnedTo = (nodeName: string, affinity: Affinity | undefined): Affinity => ({
  ...affinity,
  nodeAffinity: {
    ...affinity?.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [nodeName] }] }],
    },
  },
})
