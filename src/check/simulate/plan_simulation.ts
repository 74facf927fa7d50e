/** From files and words to what a simulation runs. The same texts and words give the same plan, in another thread as well. */
import { parseSettings } from '../../base/server_settings.ts'
import type { Millis } from '../../base/clock.ts'
import { readManifests, type ManifestText } from '../manifests.ts'
import { planCheck, type CheckPlan, type CheckWords } from '../plan_check.ts'
import { CheckProblem } from '../problem.ts'
import { assumptions, modelled, type ContainerModel, type ModelFile } from './models.ts'

/** Everything a simulation begins with, as plain data. */
export interface SimulationWords {
  readonly files: readonly string[]
  readonly texts: readonly ManifestText[]
  readonly words: CheckWords
  readonly models: ModelFile
  readonly nodes: number
  readonly propagationMs: { readonly from: Millis; readonly to: Millis }
}

export interface SimulationPlan {
  readonly check: CheckPlan
  readonly models: readonly ContainerModel[]
  readonly notes: readonly string[]
  readonly nodes: number
  readonly propagationMs: { readonly from: Millis; readonly to: Millis }
}

/** What comes after the rules have followed: losses of the last Pod that went are seen to their end. */
const AFTERWARDS_MS = 1_000

/** Throws a CheckProblem. */
export function planSimulation({ files, texts, words, models, nodes, propagationMs }: SimulationWords): SimulationPlan {
  if (propagationMs.to < propagationMs.from)
    throw new CheckProblem('the propagation delay ends before it begins', 'Write the shorter one first: --propagation 0s..5s.')
  const { manifests, models: found } = modelled(readManifests(texts), models)
  const settleMs = Math.max(words.settleMs, propagationMs.to + AFTERWARDS_MS)
  const check = planCheck(files, manifests, { ...words, ownCluster: true, repeat: 1, settleMs })
  return { check, models: found, notes: [...check.notes, ...assumptions(found), ...slowToStart(found)], nodes, propagationMs }
}

/** A model that takes minutes makes each seed take minutes of its own time, too, and is likelier a slip of the pen. */
const slowToStart = (models: readonly ContainerModel[]): string[] =>
  models.flatMap(({ workload, container, from, words }) =>
    from !== 'image' && parseSettings(words).startMs > SLOW_START_MS ? [`${workload}, container ${container}: takes over a minute to start (${words}).`] : [],
  )

const SLOW_START_MS = 60_000
