/** Waits until a workload is as it shall be, and finds out why it is not. */
import type { Millis } from '../base/clock.ts'
import { messageOf } from '../base/error_message.ts'
import type { NamespaceView } from './namespace_view.ts'
import type { Obstacle } from './obstacles.ts'
import type { CheckProgress } from './progress.ts'
import { judgeReadiness } from './readiness.ts'
import type { CheckSite } from './site.ts'
import { waitFor } from './wait.ts'

export type Settled = { readonly is: 'settled'; readonly atMs: Millis } | ({ readonly is: 'stuck' } & Pick<Obstacle, 'text' | 'next' | 'log'>)

export interface SettleOptions {
  readonly limitMs: Millis
  readonly signal: AbortSignal
  /** The generation that was written last. */
  readonly generation?: number
  /** Pods that must have gone before anything else counts. */
  readonly gone?: ReadonlySet<string>
  /** Told again and again what is waited for. */
  tell?(text: string): void
}

export async function settle(
  { host }: Pick<CheckSite, 'host'>,
  view: NamespaceView,
  { limitMs, signal, generation, gone, tell }: SettleOptions,
): Promise<Settled> {
  let last = ''
  let stuckSince: { readonly text: string; readonly atMs: Millis } | undefined
  const settled = await waitFor<Settled>({ clock: host.clock, signal, limitMs }, () => {
    const pods = view.pods()
    const readiness = judgeReadiness(view.workload(), pods, generation)
    const leaving = pods.find(({ metadata }) => gone?.has(metadata.uid!))
    if (readiness.is === 'ready' && !leaving) return { is: 'settled', atMs: host.clock.now() }
    last = readiness.is === 'ready' ? `waiting for Pod ${leaving!.metadata.name} to go` : readiness.text
    tell?.(last)
    if (readiness.is !== 'stuck') {
      stuckSince = undefined
      return undefined
    }
    if (stuckSince?.text !== readiness.text) stuckSince = { text: readiness.text, atMs: host.clock.now() }
    return host.clock.now() - stuckSince.atMs >= readiness.patienceMs ? readiness : undefined
  })
  return (
    settled ?? {
      is: 'stuck',
      text: `${last} after ${limitMs / 1000} s${lastWarning(view)}`,
      next: 'Give it longer with --timeout, or mend what the sentence says.',
    }
  )
}

/** What Kubernetes itself complained about last. */
function lastWarning(view: NamespaceView): string {
  const warnings = view.events().filter(({ type }) => type === 'Warning')
  const time = (event: (typeof warnings)[number]) =>
    event.lastTimestamp ?? event.series?.lastObservedTime ?? event.eventTime ?? event.metadata.creationTimestamp ?? ''
  const [last] = warnings.toSorted((a, b) => (time(a) < time(b) ? 1 : -1))
  return last ? `; last warning: ${last.involvedObject.kind} ${last.involvedObject.name}: ${last.reason}: ${last.message}` : ''
}

const LOG_LINES = 5

/** The last words of a container that keeps ending, told as notes. */
export async function tellLastWords(
  { client }: CheckSite,
  namespace: string,
  { pod, container }: { pod: string; container: string },
  progress: CheckProgress,
): Promise<void> {
  try {
    const said = await client.request({
      method: 'GET',
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log`,
      query: { container, previous: 'true', tailLines: String(LOG_LINES) },
      headers: { accept: 'text/plain, */*' },
    })
    if (typeof said === 'string' && said.trim())
      progress.note(`The log of container ${container} of Pod ${pod} ends with:\n${said.trimEnd().replace(/^/gm, '    ')}`)
  } catch (error) {
    progress.note(`The log of container ${container} cannot be read: ${messageOf(error)}`)
  }
}
