/**
 * The scenario of a check, the same on every site:
 *
 *   files ─▶ apply ─▶ wait until served ─▶ load ─▶ change ─▶ wait until settled ─▶ observation ─▶ diagnosis ─▶ report
 *                                            └──────────── as often as asked ────────────┘
 *
 * It waits on the site's clock only. What goes wrong before there is a verdict is thrown: a CheckProblem says what to do next.
 */
import { Namespace } from '../api/kinds/namespace.ts'
import { keyOf } from '../api/meta.ts'
import { abortReason } from '../base/abort.ts'
import { messageOf } from '../base/error_message.ts'
import { applyObjects, leftToTheCluster, openNamespace, removeNamespace, untilPodsAreAllowed } from './apply.ts'
import { viewNamespace, type NamespaceView } from './namespace_view.ts'
import type { CheckPlan } from './plan_check.ts'
import { CheckProblem } from './problem.ts'
import { silentProgress, type CheckProgress } from './progress.ts'
import { runRepetition } from './repetition.ts'
import { createReportRoom } from './report_room.ts'
import type { CheckReport, Repetition } from './report.ts'
import { settle, tellLastWords } from './settle.ts'
import type { CheckSite } from './site.ts'
import { findWayIn } from './way_in.ts'
import { wilsonInterval } from './wilson.ts'
import { workloadText } from './workload.ts'

export interface CheckOptions {
  readonly progress?: CheckProgress
  /** Aborted when the user gives up: everything is cleaned up first. */
  readonly signal?: AbortSignal
  /** Leaves the namespace, for somebody to look at. */
  readonly keep?: boolean
  /** Told of each repetition as it ends. */
  onRepetition?(repetition: Repetition): void
}

/** Repetitions follow one another on the same workload: as rollouts do in life, and without waiting for its first start again. */
export async function runCheck(site: CheckSite, wanted: CheckPlan, options: CheckOptions = {}): Promise<CheckReport> {
  const { progress = silentProgress, signal = new AbortController().signal, keep = false } = options
  for (const note of notesFor(site, wanted)) progress.note(note)
  let plan = wanted
  const namespace = await openNamespace(site, plan)
  let view: NamespaceView | undefined
  try {
    await untilPodsAreAllowed(site, namespace, signal)
    await applyObjects(site, plan, namespace.name)
    view = await viewNamespace(site, namespace.name, plan.workload, signal)
    await untilReady(site, plan, view, progress, signal)
    const wayIn = await findWayIn(site, plan, namespace.name, progress, signal)
    if (wayIn.entrance.through === 'proxy') plan = gentle(plan, progress)
    const repetitions: Repetition[] = []
    const room = createReportRoom()
    for (let index = 0; index < plan.repeat; index++) {
      const label = plan.repeat === 1 ? '' : `${index + 1}/${plan.repeat} `
      const repetition = room.keep(await runRepetition({ site, plan, view, wayIn, progress, signal, label }))
      repetitions.push(repetition)
      view.forgetGone()
      options.onRepetition?.(repetition)
      // Another change on top of one that never ended would be about something else.
      if (repetition.change.settledMs === undefined) break
    }
    return reportOf(site, plan, repetitions)
  } catch (error) {
    throw signal.aborted ? abortReason(signal) : error
  } finally {
    view?.stop()
    if (site.kind !== 'context') {
      // The cluster goes as a whole, faster than a namespace of it would: this is for whoever checks something else there before.
      if (!keep) await site.client.delete(Namespace, { namespace: '', name: namespace.name }).catch(() => undefined)
    } else if (namespace.isOurs && !keep) await cleanUp(site, namespace, progress)
    else progress.note(`Namespace ${namespace.name} stays as it is; see it with: kubectl -n ${namespace.name} get all`)
  }
}

async function cleanUp(site: CheckSite, namespace: Parameters<typeof removeNamespace>[1], progress: CheckProgress): Promise<void> {
  const done = progress.step(() => `Removing namespace ${namespace.name}`)
  try {
    const left = await removeNamespace(site, namespace, new AbortController().signal)
    done(left ? 'failed' : 'done')
    if (left) progress.note(left)
  } catch (error) {
    done('failed')
    progress.note(`Namespace ${namespace.name} could not be removed: ${messageOf(error)}. Remove it with: kubectl delete namespace ${namespace.name}`)
  }
}

function notesFor(site: CheckSite, plan: CheckPlan): string[] {
  if (site.kind !== 'context')
    return [
      ...plan.notes,
      ...plan.objects.flatMap(({ place, kind, object }) =>
        (kind.warnings?.(object, undefined) ?? []).map(warning => `${place}: ${keyOf(object).name}: ${warning}`),
      ),
    ]
  const elsewhere =
    plan.namespaceInFiles && plan.namespaceInFiles !== plan.namespace
      ? [`The objects go into a namespace of the check, not into ${plan.namespaceInFiles}; choose one with --namespace.`]
      : []
  return [...plan.notes, ...leftToTheCluster(plan), ...elsewhere]
}

/** An API server has others to serve. */
const PROXY_RATE_MAX_PER_SECOND = 50

function gentle(plan: CheckPlan, progress: CheckProgress): CheckPlan {
  if (plan.load.ratePerSecond <= PROXY_RATE_MAX_PER_SECOND) return plan
  progress.note(
    `${PROXY_RATE_MAX_PER_SECOND} requests in a second are sent, not ${plan.load.ratePerSecond}: they go through the API server, which has others to serve.`,
  )
  return { ...plan, load: { ...plan.load, ratePerSecond: PROXY_RATE_MAX_PER_SECOND } }
}

async function untilReady(site: CheckSite, plan: CheckPlan, view: NamespaceView, progress: CheckProgress, signal: AbortSignal): Promise<void> {
  let text = `waiting for ${workloadText(plan.workload)}`
  const done = progress.step(() => `Starting: ${text}`)
  const outcome = await settle(site, view, { limitMs: plan.readyLimitMs, signal, tell: now => (text = now) }).catch((error: unknown) => {
    done('failed')
    throw error
  })
  if (outcome.is === 'settled') {
    text = `${workloadText(plan.workload)} is ready`
    return done()
  }
  text = `${workloadText(plan.workload)} does not become ready`
  done('failed')
  if (outcome.log) await tellLastWords(site, view.namespace, outcome.log, progress)
  throw new CheckProblem(`${workloadText(plan.workload)} never became ready: ${outcome.text}`, outcome.next)
}

function reportOf(site: CheckSite, plan: CheckPlan, repetitions: readonly Repetition[]): CheckReport {
  const lossy = repetitions.filter(({ lost }) => lost > 0).length
  const unfinished = repetitions.some(({ change }) => change.settledMs === undefined)
  return {
    verdict: lossy > 0 ? 'lost' : unfinished ? 'unfinished' : 'clean',
    files: plan.files,
    site: { kind: site.kind, description: site.description, blindSpots: site.blindSpots },
    ratePerSecond: plan.load.ratePerSecond,
    repetitions,
    lossRate: { lost: lossy, of: repetitions.length, ...wilsonInterval(lossy, repetitions.length) },
  }
}
