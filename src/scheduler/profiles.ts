/** A scheduler by the name that Pods ask for in spec.schedulerName. One process can be several, which differ in what they prefer. */

export interface Profile {
  readonly schedulerName: string
  /** How much each score counts; 0 leaves it out. Kubernetes' own names. */
  readonly weights: ScoreWeights
  /** Whether emptier nodes are better, or fuller ones, so that others can be given up. */
  readonly packing: 'LeastAllocated' | 'MostAllocated'
}

export interface ScoreWeights {
  readonly TaintToleration: number
  readonly NodeAffinity: number
  readonly PodTopologySpread: number
  readonly InterPodAffinity: number
  readonly NodeResourcesFit: number
  readonly NodeResourcesBalancedAllocation: number
  readonly ImageLocality: number
}

/** What is not said is as in Kubernetes' default profile. */
export interface ProfileOptions {
  readonly schedulerName: string
  readonly weights?: Partial<ScoreWeights>
  readonly packing?: Profile['packing']
}

export const profileOf = ({ schedulerName, weights, packing = 'LeastAllocated' }: ProfileOptions): Profile => ({
  schedulerName,
  packing,
  weights: { ...DEFAULT_WEIGHTS, ...weights },
})

const DEFAULT_WEIGHTS: ScoreWeights = {
  TaintToleration: 3,
  NodeAffinity: 2,
  PodTopologySpread: 2,
  InterPodAffinity: 2,
  NodeResourcesFit: 1,
  NodeResourcesBalancedAllocation: 1,
  ImageLocality: 1,
}

export const DEFAULT_PROFILE: Profile = profileOf({ schedulerName: 'default-scheduler' })
