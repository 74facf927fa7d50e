/** All requests of one cause, and the Pod that shows it best. */
import type { Millis } from '../../base/clock.ts'
import type { Container } from '../../api/types/container.ts'
import type { PodSpec } from '../../api/types/pod_spec.ts'
import type { Cause } from '../causes.ts'
import type { LoadRequest } from '../observation.ts'
import { podSpecOf } from '../workload.ts'
import type { Life } from './life.ts'
import { runAt, type Run } from './runs.ts'
import type { Scene } from './scene.ts'
import type { Verdict } from './verdict.ts'

export interface Group {
  readonly cause: Cause
  readonly scene: Scene
  /** In planned order; at least one. */
  readonly verdicts: readonly Verdict[]
  /** Most requests first. */
  readonly lives: readonly Life[]
  readonly worst: Life | undefined
  /** Of the worst: the run that the first of its requests came upon. */
  readonly run: Run | undefined
  /** As the workload's template says it; else as the Pod was. */
  readonly podSpec: PodSpec | undefined
  /** The one that serves. */
  readonly container: Container | undefined
}

export function groupOf(cause: Cause, verdicts: readonly Verdict[], scene: Scene): Group {
  const counts = new Map<Life, number>()
  for (const { lives } of verdicts) for (const life of lives) counts.set(life, (counts.get(life) ?? 0) + 1 / lives.length)
  const lives = [...counts].sort((a, b) => b[1] - a[1]).map(([life]) => life)
  const [worst] = lives
  const first = worst && verdicts.find(verdict => verdict.lives.includes(worst))
  const podSpec = scene.workload ? podSpecOf(scene.workload) : worst?.pod?.spec
  return {
    cause,
    scene,
    verdicts,
    lives,
    worst,
    run: first && runAt(worst, first.request.sentMs),
    podSpec,
    container: podSpec?.containers.find(({ name }) => name === worst?.container) ?? podSpec?.containers[0],
  }
}

export const requestsOf = ({ verdicts }: Group): readonly LoadRequest[] => verdicts.map(({ request }) => request)

/** Of the worst Pod only. */
export const requestsOfWorst = ({ verdicts, worst }: Group): readonly LoadRequest[] =>
  verdicts.filter(({ lives }) => worst !== undefined && lives.includes(worst)).map(({ request }) => request)

/** Since when a node no longer sends new connections to it; undefined: it still does, or nobody told. */
export function unroutedMs({ rules }: Life, node: string | undefined): Millis | undefined {
  const steps = node === undefined ? [] : (rules.get(node) ?? [])
  return steps[steps.findLastIndex(({ state }) => state === 'EndpointReady') + 1]?.to?.atMs
}

/** How long the slowest node went on sending after the Pod had to go; undefined: nobody told. */
export function propagationMs(lives: readonly Life[]): Millis | undefined {
  const lags = lives.flatMap(life => {
    if (!life.deleted) return []
    return [...life.rules.keys()].flatMap(node => {
      const until = unroutedMs(life, node)
      return until === undefined || until < life.deleted!.atMs ? [] : [until - life.deleted!.atMs]
    })
  })
  return lags.length === 0 ? undefined : Math.max(...lags)
}
