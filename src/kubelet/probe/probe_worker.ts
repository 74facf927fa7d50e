/**
 * Asks one probe of one container, for as long as the Pod is not told to stop it:
 *
 *   wait for the tick (or to be asked at once) ─▶ may it be asked now? ─▶ ask ─▶ count ─▶ has the result changed? tell
 *
 * The ticks begin with the Pod, not with the container, and go on through its restarts.
 */
import type { Probe } from '../../api/types/probe.ts'
import type { Millis } from '../../base/clock.ts'
import { messageOf } from '../../base/error_message.ts'
import type { Host, Task } from '../../base/host.ts'
import { countAnswer, freshCount, type ProbeCount, type ProbeResult, type ProbeType } from './probe_counter.ts'
import type { ProbeOutcome } from './run_probe.ts'

export interface ProbeWorker {
  /** The result about this container; the initial one until it has been decided. */
  resultFor(containerId: string): ProbeResult
  /** Does not wait for the next tick. */
  askNow(): void
  /** What is to be probed may be another container. */
  look(): void
  stop(): void
}

/** What is to be probed now; undefined: nothing runs. */
export interface Probed {
  readonly containerId: string
  /** Wall-clock. */
  readonly startedAt: Millis
  readonly started: boolean
  /** What an earlier kubelet had found about this very container. */
  readonly remembered: ProbeResult | undefined
}

export interface ProbeWorkerPorts {
  readonly host: Host
  readonly label: string
  readonly type: ProbeType
  readonly probe: Probe
  readonly firstTickMs: Millis
  probed(): Probed | undefined
  ask(probed: Probed, signal: AbortSignal): Promise<ProbeOutcome>
  report(event: 'Unhealthy' | 'ProbeWarning', message: string): void
  /** Of the container probed; `isCounted`: it says something about the container. */
  answered(probed: Probed, result: 'success' | 'failure' | 'unknown', message: string, isCounted: boolean): void
  /** The result is another one. */
  changed(): void
}

/**
 * Kubernetes asks a container that has just started once, about a second later, when its relist has noticed the start. We
 * notice at once, when most servers do not listen yet: for that second we look often, and a look that fails does not count.
 */
const EAGER_MS = 1000
const EAGER_PAUSE_MS = { first: 20, max: 250 }
/** Each look by a command costs a process. */
const EAGER_COMMAND_PAUSE_MS = 500

/** An error is not an answer: it is asked again this often, and then the run is forgotten. */
const ATTEMPTS = 3

export function startProbeWorker(ports: ProbeWorkerPorts): ProbeWorker {
  const { host, type, probe } = ports
  const { clock } = host
  const periodMs = (probe.periodSeconds ?? 10) * 1000
  const title = `${type[0]!.toUpperCase()}${type.slice(1)}`
  let count: ProbeCount = freshCount(type)
  let about = ''
  let wake: (() => void) | undefined
  let askedNow = false
  let nextTick = clock.now() + ports.firstTickMs
  let isIdle = false
  const eagerPauseFirstMs = probe.exec ? EAGER_COMMAND_PAUSE_MS : EAGER_PAUSE_MS.first
  let eagerPauseMs = eagerPauseFirstMs

  async function tick(signal: AbortSignal): Promise<void> {
    const probed = ports.probed()
    if (!probed) return
    adopt(probed)
    if (count.onHold) return
    // Whole seconds, as Kubernetes counts them.
    if (Math.floor((clock.wall() - probed.startedAt) / 1000) < (probe.initialDelaySeconds ?? 0)) return
    if (type === 'startup' ? probed.started : !probed.started) return

    const outcome = await ask(probed, signal)
    if (!outcome || signal.aborted || ports.probed()?.containerId !== probed.containerId) return
    tellAnswer(probed, outcome)
    if (outcome.is === 'failure' && isEager(probed)) {
      nextTick = Math.min(nextTick, clock.now() + eagerPauseMs)
      eagerPauseMs = Math.min(EAGER_PAUSE_MS.max, eagerPauseMs * 2)
      return
    }
    if (outcome.is === 'failure') ports.report('Unhealthy', `${title} probe failed: ${outcome.output}`)
    else if (outcome.warning) ports.report('ProbeWarning', `${title} probe warning: ${outcome.warning}`)
    const before = count.result
    count = countAnswer(count, type, outcome.is, probe)
    if (count.result !== before) ports.changed()
  }

  const tellAnswer = (probed: Probed, outcome: ProbeOutcome) =>
    outcome.is === 'failure'
      ? ports.answered(probed, 'failure', outcome.output, !isEager(probed))
      : ports.answered(probed, 'success', outcome.warning ?? '', true)

  const isEager = ({ startedAt }: Probed): boolean => type === 'readiness' && count.last === undefined && clock.wall() - startedAt < EAGER_MS

  /** Another container starts with a clean slate. */
  function adopt({ containerId, remembered }: Probed): void {
    if (containerId === about) return
    about = containerId
    eagerPauseMs = eagerPauseFirstMs
    const fresh = freshCount(type)
    count = remembered === undefined ? fresh : { ...fresh, result: remembered, onHold: type === 'startup' && remembered === 'success' }
  }

  async function ask(probed: Probed, signal: AbortSignal): Promise<ProbeOutcome | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await ports.ask(probed, signal)
      } catch (error) {
        if (signal.aborted) return undefined
        if (attempt < ATTEMPTS) continue
        ports.answered(probed, 'unknown', messageOf(error), false)
        ports.report('Unhealthy', `${title} probe errored and resulted in unknown state: ${messageOf(error)}`)
        return undefined
      }
    }
  }

  /** Everything is known about the container that runs: nothing happens at its ticks. */
  const isDecided = () => count.onHold && ports.probed()?.containerId === about

  /** Until the tick, or until somebody asks for an answer at once. */
  const nextTurn = () =>
    new Promise<void>(resolve => {
      isIdle = isDecided()
      const timer = isIdle ? undefined : clock.at(nextTick, resolve, `every ${type} probe`)
      wake = () => {
        timer?.cancel()
        resolve()
      }
    })

  const task: Task = host.spawn(ports.label, async signal => {
    signal.addEventListener('abort', () => wake?.(), { once: true })
    while (!signal.aborted) {
      if (!askedNow) await nextTurn()
      wake = undefined
      if (signal.aborted) return
      if (!askedNow && clock.now() < nextTick) continue
      // A probe that was asked for at once begins a new period.
      nextTick = askedNow ? clock.now() + periodMs : Math.max(nextTick + periodMs, clock.now())
      askedNow = false
      await tick(signal)
    }
  })

  return {
    resultFor(containerId) {
      const probed = ports.probed()
      if (probed?.containerId === containerId) adopt(probed)
      return containerId === about ? count.result : freshCount(type).result
    },
    askNow() {
      askedNow = true
      wake?.()
    },
    look() {
      if (!isIdle || isDecided()) return
      isIdle = false
      // The ticks have gone on unheard.
      nextTick += Math.ceil(Math.max(0, clock.now() - nextTick) / periodMs) * periodMs
      wake?.()
    },
    stop: () => void task.stop(),
  }
}
