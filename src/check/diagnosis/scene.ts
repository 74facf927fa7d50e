/** Everything that was observed, joined: what the questions about one request may ask of all the others. */
import { Service } from '../../api/kinds/service.ts'
import type { Millis } from '../../base/clock.ts'
import { isTrouble } from '../outcome.ts'
import type { LoadRequest, Observation, SignalHabits } from '../observation.ts'
import { isWorkload, replicasOf, workloadNameOf, workloadText, type WorkloadObject } from '../workload.ts'
import { attribute, type Attributions } from './attribute.ts'
import { hearingOf } from './hearing.ts'
import type { Instant, When } from './instant.ts'
import { livesOf, type Life } from './life.ts'
import type { Run } from './runs.ts'
import { breakingRuns, deafRuns } from './work.ts'

export interface Scene {
  readonly observation: Observation
  readonly lives: readonly Life[]
  readonly attributions: Attributions
  /** In planned order: every one gets a cause. */
  readonly suspects: readonly LoadRequest[]
  readonly service: Service | undefined
  readonly workload: WorkloadObject | undefined
  /** As many as there shall be; where the object is not known, as many as were Ready when the change began. */
  readonly replicas: number
  /** Something had listened in this run: a request was answered, or a probe over the network. */
  heard(run: Run): Instant | undefined
  /** It was seen to break, as it ended, what it had under way. */
  breaksWork(run: Run): boolean
  /** A request that it took long after it had been told to end. */
  tookNewWork(run: Run): number | undefined
  habitsOf(life: Life): SignalHabits | undefined
  /** Ready, and not told to go: whether anybody knew of it is another matter. */
  isAvailable(life: Life, atMs: Millis, when: When): boolean
}

export function sceneOf(observation: Observation): Scene {
  const { objects, requests, entrance, change, signals, slowMs } = observation
  const service = objects.find((object): object is Service => object.kind === Service.kind && object.metadata.name === entrance.service)
  const lives = livesOf(observation, commonestPort(requests) ?? portOf(service))
  const attributions = attribute(observation, lives, service)
  const suspects = requests.filter(request => isTrouble(request, slowMs)).toSorted((a, b) => a.plannedMs - b.plannedMs || a.id - b.id)
  const heard = hearingOf(lives, attributions)
  const breaking = breakingRuns(suspects, attributions, observation)
  const deaf = deafRuns(attributions)
  const workload = objects.filter(isWorkload).find(object => workloadText(workloadNameOf(object)) === change.workload)
  const isAvailable = (life: Life, atMs: Millis, when: When): boolean => {
    if (when.denied.since(atMs, life.deleted)) return false
    return life.ready.some(({ from, to }) => (from === undefined || when.since(atMs, from)) && (to === undefined || when.until(atMs, to)))
  }
  return {
    observation,
    lives,
    attributions,
    suspects,
    service,
    workload,
    replicas: (workload && replicasOf(workload)) ?? lives.filter(life => wasReady(life, change.beganMs)).length,
    heard: run => heard.get(run) ?? run.probed,
    breaksWork: run => breaking.has(run),
    tookNewWork: run => deaf.get(run),
    habitsOf: life => signals.find(({ podUid, container }) => podUid === life.uid && container === life.container),
    isAvailable,
  }
}

/** The Pod's port, not the Service's. */
function commonestPort(requests: readonly LoadRequest[]): number | undefined {
  const counts = new Map<number, number>()
  for (const { target } of requests) if (target) counts.set(target.port, (counts.get(target.port) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0]
}

function portOf(service: Service | undefined): number | string | undefined {
  const port = service?.spec.ports?.[0]
  return port?.targetPort ?? port?.port
}

const wasReady = ({ ready, deleted }: Life, atMs: Millis): boolean =>
  !(deleted && deleted.atMs < atMs) && ready.some(({ from, to }) => (from?.atMs ?? -Infinity) <= atMs && atMs <= (to?.atMs ?? Infinity))
