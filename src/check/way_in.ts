/** Finds where the load goes in, and waits until somebody answers there. */
import { Service } from '../api/kinds/service.ts'
import type { Entrance, LoadRequest } from './observation.ts'
import { isLost } from './outcome.ts'
import type { CheckPlan } from './plan_check.ts'
import { typeOf } from './plan_entrance.ts'
import { CheckProblem } from './problem.ts'
import type { CheckProgress } from './progress.ts'
import type { CheckSite, LoadTarget } from './site.ts'
import { waitFor } from './wait.ts'

export interface WayIn {
  readonly target: LoadTarget
  readonly entrance: Entrance
}

const TRIAL_RATE_PER_SECOND = 20
/** So many in a row, from every kind of client, and the rules are there. */
const ANSWERS_MIN = 3
const TRIAL_MS = 1_000
const ANSWER_LIMIT_MS = 30_000

export async function findWayIn(site: CheckSite, plan: CheckPlan, namespace: string, progress: CheckProgress, signal: AbortSignal): Promise<WayIn> {
  const { service: name, port } = plan.entrance
  const service = await site.client.get(Service, { namespace, name })
  const target = targetOf(service, namespace, port)
  const entrance = await site.entranceTo(target)
  const done = progress.step(() => `Waiting for an answer at ${entrance.url}${plan.load.path} (${entrance.through})`)
  try {
    await untilAnswered(site, plan, { target, entrance }, progress, signal)
    done()
  } catch (error) {
    done('failed')
    throw error
  }
  return { target, entrance }
}

function targetOf(service: Service, namespace: string, port: number): LoadTarget {
  const { metadata, spec } = service
  const { nodePort } = spec.ports?.find(one => one.port === port && (one.protocol ?? 'TCP') === 'TCP') ?? {}
  const type = typeOf(service)
  return {
    namespace,
    service: metadata.name!,
    port,
    type,
    ...(nodePort !== undefined && { nodePort }),
    ...(type !== 'headless' && spec.clusterIP !== undefined && { clusterIP: spec.clusterIP }),
  }
}

/** Rules reach nodes a moment after endpoints are ready; what never answers is no matter of rollouts. */
async function untilAnswered(site: CheckSite, plan: CheckPlan, way: WayIn, progress: CheckProgress, signal: AbortSignal): Promise<void> {
  const { clock } = site.host
  let last: readonly LoadRequest[] = []
  const answered = await waitFor({ clock, signal, limitMs: ANSWER_LIMIT_MS }, async () => {
    const load = await site.startLoad({ ...way, ...plan.load, clients: plan.clients, ratePerSecond: Math.min(TRIAL_RATE_PER_SECOND, plan.load.ratePerSecond) })
    const enough = ANSWERS_MIN * plan.clients.length
    try {
      await waitFor({ clock, signal, limitMs: TRIAL_MS }, () => (load.counts().answered >= enough || load.counts().failed > 0 ? true : undefined))
    } finally {
      last = await load.stop()
    }
    return last.length > 0 && !last.some(isLost) ? true : undefined
  })
  if (answered) {
    const statuses = new Set(last.flatMap(({ outcome }) => (outcome.is === 'answered' && outcome.status >= 400 ? [outcome.status] : [])))
    if (statuses.size > 0) progress.note(`${plan.load.path} is answered with status ${[...statuses].join(', ')}; choose another path with --path.`)
    return
  }
  const lost = last.find(isLost)
  const where = `${way.entrance.url}${plan.load.path}`
  if (lost?.outcome.is === 'answered')
    throw new CheckProblem(
      `${where} answers with status ${lost.outcome.status}, before anything was changed`,
      'Choose a path that the server answers with --path.',
    )
  const how = lost?.outcome.is === 'failed' ? ` (${lost.outcome.symptom} at ${lost.outcome.during})` : ''
  throw new CheckProblem(
    `the Pods are Ready, and nobody answers at ${where}${how} within ${ANSWER_LIMIT_MS / 1000} s`,
    `Compare targetPort of Service ${plan.entrance.service} with the port the server listens on, and see that it listens on all addresses and not only on 127.0.0.1.`,
  )
}
