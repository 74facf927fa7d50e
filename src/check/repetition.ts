/** One change under load, from the first request to the findings. */
import type { PodTimeline } from '../api/kinds/pod_timeline.ts'
import { sleep, type Millis } from '../base/clock.ts'
import { messageOf } from '../base/error_message.ts'
import { storedObjects } from './apply.ts'
import { diagnose } from './diagnose.ts'
import { figuresOf, keptOf, SLOW_FACTOR, SLOW_MIN_MS, slowThreshold, worthKeeping } from './figures.ts'
import type { NamespaceView } from './namespace_view.ts'
import type { LoadRequest, Observation, ObservedChange, SignalHabits } from './observation.ts'
import { performChange } from './perform_change.ts'
import type { CheckPlan } from './plan_check.ts'
import type { CheckProgress } from './progress.ts'
import type { Repetition } from './report.ts'
import { tellLastWords, type Settled } from './settle.ts'
import type { CheckSite, RunningLoad } from './site.ts'
import type { WayIn } from './way_in.ts'
import { milliseconds, seconds } from './words.ts'
import { workloadText } from './workload.ts'

export interface RepetitionContext {
  readonly site: CheckSite
  readonly plan: CheckPlan
  readonly view: NamespaceView
  readonly wayIn: WayIn
  readonly progress: CheckProgress
  readonly signal: AbortSignal
  /** Before each line of progress: `3/50 `. */
  readonly label: string
}

export async function runRepetition(context: RepetitionContext): Promise<Repetition> {
  const { site, plan, view, wayIn, progress } = context
  const { clock } = site.host
  const beganMs = clock.now()
  const beganWallMs = clock.wall()
  const seenBefore = new Set(view.uidsSeen)
  const living = new Set(view.pods().map(({ metadata }) => metadata.uid!))
  const load = await site.startLoad({ ...wayIn, ...plan.load, clients: plan.clients })
  let requests: readonly LoadRequest[] = []
  let course: Course
  try {
    course = await underLoad(context, load)
  } finally {
    requests = await load.stop()
  }
  const endedMs = clock.now()
  const isOfThis = (uid: string | undefined) => uid !== undefined && (living.has(uid) || !seenBefore.has(uid))
  const timelines = (await site.timelines(view.namespace)).filter(({ pod }) => isOfThis(pod.uid))
  const slowMs = plan.slowMs ?? slowThreshold(requests, course.change.beganMs)
  if (slowMs > SLOW_MIN_MS && plan.slowMs === undefined)
    progress.note(
      `Half of the answers took over ${milliseconds(slowMs / SLOW_FACTOR)} before anything was changed: a lower --rate may be more than enough here.`,
    )
  const observation: Observation = {
    namespace: view.namespace,
    entrance: wayIn.entrance,
    path: plan.load.path,
    change: course.change,
    requests,
    slowMs,
    timelines,
    wallMinusMonotonicMs: clock.wall() - clock.now(),
    pods: new Map([...view.podsSeen].filter(([uid]) => isOfThis(uid))),
    objects: await storedObjects(site, plan, view.namespace),
    signals: course.habits,
    blindSpots: site.blindSpots,
  }
  if (course.settled.is === 'stuck' && course.settled.log) await tellLastWords(site, view.namespace, course.settled.log, progress)
  return {
    entrance: wayIn.entrance,
    change: course.change,
    beganMs,
    endedMs,
    beganWallMs,
    ...figuresOf(requests, { changeMs: course.change.beganMs, slowMs }),
    findings: diagnose(observation),
    requests: worthKeeping(requests, slowMs, keptOf(plan.repeat)),
    timelines: [...timelines].toSorted(byBeginning),
  }
}

interface Course {
  readonly change: ObservedChange
  readonly settled: Settled
  readonly habits: readonly SignalHabits[]
}

async function underLoad({ site, plan, view, progress, signal, label }: RepetitionContext, load: RunningLoad): Promise<Course> {
  const { clock } = site.host
  let text = ''
  const counts = () => {
    const { sent, failed } = load.counts()
    return `${sent} requests sent, ${failed} failed`
  }
  const step = async <T>(name: string, work: () => Promise<T>, isGood: (result: T) => boolean = () => true): Promise<T> => {
    text = ''
    const done = progress.step(() => `${label}${name}: ${text ? `${text}; ` : ''}${counts()}`)
    try {
      const result = await work()
      done(isGood(result) ? 'done' : 'failed')
      return result
    } catch (error) {
      done('failed')
      throw error
    }
  }
  const habits = new Map<string, SignalHabits>()
  const lookAtHabits = async () => {
    // Beside the load, and never in its way: who cannot be looked at stays unknown.
    const found = await site.signalHabits(view.pods()).catch((error: unknown) => {
      progress.note(`How the containers take signals could not be seen: ${messageOf(error)}`)
      return []
    })
    for (const habit of found) habits.set(`${habit.podUid}/${habit.container}`, habit)
  }
  await step('Load before the change', () => Promise.all([sleep(clock, plan.warmUpMs, signal), lookAtHabits()]))
  const beganMs: Millis = clock.now()
  const settled = await step(
    plan.change.text,
    async () => {
      const outcome = await performChange({ site, plan, view, signal, tell: now => (text = now) })
      text = outcome.is === 'settled' ? `settled after ${seconds(outcome.atMs - beganMs)}` : outcome.text
      return outcome
    },
    ({ is }) => is === 'settled',
  )
  await step('Load after the change', () => Promise.all([sleep(clock, plan.settleMs, signal), lookAtHabits()]))
  const change: ObservedChange = {
    rollout: plan.change.rollout,
    workload: workloadText(plan.workload),
    beganMs,
    settledMs: settled.is === 'settled' ? settled.atMs : undefined,
    ...(settled.is === 'stuck' && { stuck: settled.text }),
  }
  return { change, settled, habits: [...habits.values()] }
}

const beginningOf = ({ spans }: PodTimeline): Millis => spans.find(({ startMs }) => startMs !== undefined)?.startMs ?? 0
const byBeginning = (a: PodTimeline, b: PodTimeline): number => beginningOf(a) - beginningOf(b) || (a.pod.name < b.pod.name ? -1 : 1)
