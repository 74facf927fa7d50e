/** Which of the nodes that can run the Pod is best? Each score is 0 to 100; the weighted sum decides. */
import { countUntoleratedPreferences, nodePreferenceWeight } from '../api/pod.ts'
import type { NodeInfo } from './node_info.ts'
import type { Profile } from './profiles.ts'
import type { Question } from './question.ts'
import { scoreImages } from './score_images.ts'
import { scoreInterPodAffinity, scoreTopologySpread } from './score_topology.ts'
import type { Snapshot } from './snapshot.ts'

/** One number for each node, in their order. None at all where the score has nothing to say. */
export type Score = (question: Question, infos: readonly NodeInfo[], snapshot: Snapshot, profile: Profile) => readonly number[] | undefined

export function scoreNodes(question: Question, infos: readonly NodeInfo[], snapshot: Snapshot, profile: Profile): number[] {
  const sums = infos.map(() => 0)
  for (const [name, score] of Object.entries(SCORES)) {
    const weight = profile.weights[name as ScoreName]
    const scores = weight === 0 ? undefined : score(question, infos, snapshot, profile)
    if (scores) for (let i = 0; i < sums.length; i++) sums[i]! += weight * scores[i]!
  }
  return sums
}

const taintToleration: Score = ({ demand: { pod } }, infos) => {
  const untolerated = infos.map(({ node }) => (node.spec?.taints?.length ? countUntoleratedPreferences(pod, node.spec.taints) : 0))
  const most = largest(untolerated)
  return most === 0 ? undefined : untolerated.map(count => 100 - Math.floor((100 * count) / most))
}

const nodeAffinity: Score = ({ demand: { pod } }, infos) => {
  if (!pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution?.length) return undefined
  const preferred = infos.map(({ node }) => nodePreferenceWeight(pod, node))
  const most = largest(preferred)
  return most === 0 ? undefined : preferred.map(weight => Math.floor((100 * weight) / most))
}

/** The mean over CPU and memory of what would stay free, or of what would be used, in percent. */
const nodeResourcesFit: Score = ({ demand: { nonZero } }, infos, _snapshot, { packing }) =>
  infos.map(({ allocatable, nonZeroRequested }) => {
    const percent = (resource: 'cpu' | 'memory') => {
      const total = allocatable.get(resource) ?? 0
      const used = nonZeroRequested[resource] + nonZero[resource]
      if (total === 0 || (packing === 'LeastAllocated' && used > total)) return 0
      return Math.floor(((packing === 'LeastAllocated' ? total - used : Math.min(used, total)) * 100) / total)
    }
    return Math.floor((percent('cpu') + percent('memory')) / 2)
  })

/** 100 when CPU and memory would be used to the same fraction. */
const nodeResourcesBalancedAllocation: Score = ({ demand: { requests } }, infos) =>
  infos.map(({ allocatable, requested }) => {
    const fraction = (resource: 'cpu' | 'memory') => {
      const total = allocatable.get(resource) ?? 0
      return total === 0 ? 1 : Math.min(1, ((requested.get(resource) ?? 0) + (requests.get(resource) ?? 0)) / total)
    }
    return Math.floor((1 - Math.abs(fraction('cpu') - fraction('memory')) / 2) * 100)
  })

const SCORES = {
  TaintToleration: taintToleration,
  NodeAffinity: nodeAffinity,
  PodTopologySpread: scoreTopologySpread,
  InterPodAffinity: scoreInterPodAffinity,
  NodeResourcesFit: nodeResourcesFit,
  NodeResourcesBalancedAllocation: nodeResourcesBalancedAllocation,
  ImageLocality: scoreImages,
} satisfies Record<string, Score>

type ScoreName = keyof typeof SCORES

/** 0 for none. Not spread into Math.max: there may be more nodes than a call may have arguments. */
export const largest = (numbers: readonly number[]): number => numbers.reduce((max, n) => (n > max ? n : max), 0)
