/** What a simulation says, as data: both outputs (text, JSON) are drawn from this. */
import type { Millis } from '../../base/clock.ts'
import type { Cause } from '../causes.ts'
import type { ClientKind } from '../observation.ts'
import type { Advice } from '../report.ts'
import type { ContainerModel } from './models.ts'

/** What is kept of a seed: the rest comes back when it is replayed. */
export interface SeedSummary {
  readonly seed: number
  /** By how much the rules that requests came by were behind the endpoints. */
  readonly propagationMs: Millis
  /** unfinished: the change never ended. stuck: the workload never became ready, so that nothing could be checked. */
  readonly is: 'clean' | 'lost' | 'unfinished' | 'stuck'
  readonly sent: number
  readonly lost: number
  readonly causes: readonly { readonly cause: Cause; readonly lost: number }[]
  readonly lostBy: Readonly<Partial<Record<ClientKind, number>>>
  /** Why it is unfinished or stuck. */
  readonly problem?: string
}

export interface SimulationReport {
  readonly verdict: 'clean' | 'lost' | 'unfinished'
  readonly files: readonly string[]
  readonly workload: string
  /** `kubectl rollout restart deployment/web` */
  readonly change: string
  readonly ratePerSecond: number
  readonly nodes: number
  /** From the first on, one after the other; `done` is less than asked for when somebody has stopped it. */
  readonly seeds: { readonly first: number; readonly asked: number; readonly done: number }
  readonly propagationMs: { readonly from: Millis; readonly to: Millis }
  readonly models: readonly ContainerModel[]
  readonly notes: readonly string[]
  readonly requests: { readonly sent: number; readonly lost: number }
  /** Of seeds, with a 95 % interval by Wilson's score. */
  readonly lossRate: { readonly lost: number; readonly of: number; readonly low: number; readonly high: number }
  /** Most requests first. */
  readonly causes: readonly LostByCause[]
  readonly clients: readonly { readonly client: ClientKind; readonly seeds: number; readonly lost: number }[]
  readonly byPropagation: readonly PropagationBucket[]
  /** The first of each kind, for a replay. */
  readonly examples: { readonly worst: number | undefined; readonly unfinished: ProblemSeed | undefined; readonly stuck: ProblemSeed | undefined }
  readonly counts: { readonly clean: number; readonly lost: number; readonly unfinished: number; readonly stuck: number }
  /** Undefined: there was no time for it, or nobody wanted it. */
  readonly sleep: SleepSearch | undefined
}

export interface LostByCause {
  readonly cause: Cause
  readonly seeds: number
  readonly lost: number
  /** One that shows it well: the one that lost most by it. */
  readonly example: number
}

/** `from` belongs to it, `to` does not, except in the last. */
export interface PropagationBucket {
  readonly from: Millis
  readonly to: Millis
  readonly seeds: number
  readonly seedsLost: number
  readonly lost: number
  readonly lostMax: number
}

export interface ProblemSeed {
  readonly seed: number
  readonly problem: string
}

/** Which preStop sleep is long enough when endpoints take longest to get to the rules. */
export interface SleepSearch {
  readonly propagationMs: Millis
  /** How many seeds each was tried with. */
  readonly seeds: number
  /** By seconds. */
  readonly tried: readonly SleepTrial[]
  /** The smallest that loses none of what a sleep can save; undefined: none of those that were tried. */
  readonly smallestSeconds: number | undefined
  /** What is lost however long the sleep. */
  readonly remaining: readonly Cause[]
  readonly containers: readonly string[]
  /** To the workload as it is in the files. */
  readonly patch: Advice['patch']
}

export interface SleepTrial {
  readonly seconds: number
  readonly seeds: number
  readonly seedsLost: number
  readonly lost: number
  /** In so many seeds the change never ended, or the workload never began. */
  readonly unfinished: number
  readonly causes: readonly Cause[]
}
