/**
 * What is promised of containers, seen where they live: in the runtime, whoever says what about them.
 *
 *   runtime ─ witness ─▶ lives ◀─ store ─ Pods
 *                          └─▶ first complaint ─▶ the world's run ends with it, at that very event
 *
 * For worlds in which nobody forces a deletion.
 */
import type { Pod } from '../../api/kinds/pod.ts'
import { containerStatusNamed } from '../../api/pod.ts'
import type { Millis } from '../../base/clock.ts'
import type { ContainerEvent, ContainerIdentity, Witness } from '../witness.ts'
import type { World } from '../world.ts'
import type { Checker } from './checker.ts'

export interface Lives {
  /** For the simulated runtimes. */
  readonly witness: Witness
  /** For the store. */
  readonly checker: Checker
  /** A kubelet has died and forgets back-offs, and which hooks have run. Until `settled` nothing must be quick. */
  kubeletDied(): void
  settled(): void
  /** Back-offs that were waited for, kills that waited for their grace, hooks before an end: so that a test knows it has seen some. */
  readonly seen: { starts: number; backOffs: number; kills: number; hooks: number }
}

export interface LivesOptions {
  /** Whether a command is a preStop hook of the world's Pods. */
  isPreStop(command: readonly string[]): boolean
}

interface Life {
  running: { readonly id: string; readonly sandboxId: string; hooks: number; hooksAllowed: number; endBeganAt: Millis; stoppingAt: Millis } | undefined
  attempt: number
  exitedAt: Millis
  exitedIn: string
  /** As the kubelet counts; undefined after it has died. */
  crash: { delayMs: Millis; countedAt: Millis } | undefined
  /** Its kubelet has lived since the last exit, and nothing else was in the way. */
  isUndisturbed: boolean
}

const FIRST_MS = 10_000
const MAX_MS = 300_000
const FORGET_MS = 600_000
/** Calls of the runtime take their time; a start is no later than this after it is due. */
const SLACK_MS = 5_000
const SIGNAL_TO_KILL_MS = 2_000

export function createLives(world: World, { isPreStop }: LivesOptions): Lives {
  const lives = new Map<string, Life>()
  const attempts = new Map<string, number>()
  const pods = new Map<string, Pod>()
  const seen = { starts: 0, backOffs: 0, kills: 0, hooks: 0 }
  let complaint: string | undefined
  let isQuiet = true
  world.addChecker('containers live as promised', () => complaint)

  const lifeOf = ({ podUid, name }: ContainerIdentity): Life => {
    const key = `${podUid}/${name}`
    let life = lives.get(key)
    if (!life) lives.set(key, (life = { running: undefined, attempt: -1, exitedAt: NaN, exitedIn: '', crash: undefined, isUndisturbed: false }))
    return life
  }

  function started({ at, container }: ContainerEvent, life: Life): string | undefined {
    const { id, sandboxId, attempt } = container
    seen.starts++
    const problem =
      (life.running && `it runs a second time, beside ${life.running.id.slice(0, 8)}`) ??
      (attempt <= life.attempt ? `start number ${attempt} comes after ${life.attempt}` : undefined) ??
      tooSoonOrLate(at, life, sandboxId)
    count(at, life)
    attempts.set(id, attempt)
    Object.assign(life, {
      attempt,
      isUndisturbed: isQuiet,
      running: { id, sandboxId, hooks: 0, hooksAllowed: 1, endBeganAt: NaN, stoppingAt: NaN },
    })
    return problem
  }

  /** Back-off to the instant: never before it is over, and no later than the runtime takes. */
  function tooSoonOrLate(at: Millis, life: Life, sandboxId: string): string | undefined {
    if (Number.isNaN(life.exitedAt) || !life.isUndisturbed || isOnTheEdge(life)) return undefined
    const dueAt = life.exitedAt + (life.crash && life.exitedAt - life.crash.countedAt <= FORGET_MS ? life.crash.delayMs : 0)
    if (dueAt > life.exitedAt) seen.backOffs++
    if (at < dueAt) return `it starts ${dueAt - at} ms before its back-off is over`
    return isQuiet && sandboxId === life.exitedIn && at > dueAt + SLACK_MS ? `it starts ${at - dueAt} ms after its back-off was over` : undefined
  }

  /** The kubelet counts from the reply of a start, some milliseconds from where we do. */
  const isOnTheEdge = ({ crash, exitedAt }: Life): boolean => crash !== undefined && Math.abs(exitedAt - crash.countedAt - FORGET_MS) < SLACK_MS

  function count(at: Millis, life: Life): void {
    if (Number.isNaN(life.exitedAt)) return
    const isFresh = !life.crash || life.exitedAt - life.crash.countedAt > FORGET_MS
    life.crash = { delayMs: isFresh ? FIRST_MS : Math.min(MAX_MS, life.crash!.delayMs * 2), countedAt: at }
  }

  function killed({ at, container }: ContainerEvent, { running }: Life): string | undefined {
    const pod = pods.get(container.podUid)
    // Removed from the API while it ran: an orphan, which is owed nothing.
    if (!pod || !running) return undefined
    seen.kills++
    const graceMs = graceOf(pod, container.name)
    if (at - running.stoppingAt < SIGNAL_TO_KILL_MS) return `it is killed ${at - running.stoppingAt} ms after its signal`
    // Whole seconds that have passed are taken off.
    const servedMs = at - running.endBeganAt
    return servedMs < graceMs - 1_000 ? `it is killed after ${servedMs} ms, and was promised ${graceMs}` : undefined
  }

  function judge(event: ContainerEvent): string | undefined {
    const { at, container, what } = event
    const life = lifeOf(container)
    const { running } = life
    switch (what.is) {
      case 'started':
        return started(event, life)
      case 'exited':
        Object.assign(life, { running: undefined, exitedAt: at, exitedIn: container.sandboxId })
        return undefined
      case 'exec':
        if (!running || !isPreStop(what.command)) return undefined
        running.hooks++
        seen.hooks++
        if (Number.isNaN(running.endBeganAt)) running.endBeganAt = at
        return running.hooks > running.hooksAllowed ? `its preStop hook runs ${running.hooks} times` : undefined
      case 'stopping':
        if (running && Number.isNaN(running.endBeganAt)) running.endBeganAt = at
        if (running && Number.isNaN(running.stoppingAt)) running.stoppingAt = at
        return undefined
      case 'killed':
        return killed(event, life)
    }
  }

  return {
    seen,
    witness(event) {
      const { name, attempt, podUid } = event.container
      const problem = judge(event)
      if (problem) complaint ??= `${pods.get(podUid)?.metadata.name ?? podUid}/${name}#${attempt}: ${problem}`
    },
    checker: {
      name: 'statuses tell of containers that were',
      prefix: '/pods/',
      see({ key, stored, previous }) {
        const pod = stored?.value as Pod | undefined
        if (!pod) {
          const { uid = '' } = (previous!.value as Pod).metadata
          pods.delete(uid)
          for (const life of lives.keys()) if (life.startsWith(`${uid}/`)) lives.delete(life)
          return undefined
        }
        pods.set(pod.metadata.uid ?? '', pod)
        for (const { name } of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
          const status = containerStatusNamed(pod, name)
          if (!status?.state?.running) continue
          const attempt = attempts.get(status.containerID?.replace(/^.*:\/\//, '') ?? '')
          if (attempt === undefined) return `${key}: ${name} is said to run as ${status.containerID}, which never started`
          if (attempt !== status.restartCount) return `${key}: ${name} is said to have restarted ${status.restartCount} times, and this is start ${attempt}`
        }
        return undefined
      },
    },
    kubeletDied() {
      isQuiet = false
      for (const life of lives.values()) {
        Object.assign(life, { crash: undefined, isUndisturbed: false })
        // The next kubelet does not know that it has run.
        if (life.running) life.running.hooksAllowed++
      }
    },
    settled() {
      isQuiet = true
    },
  }
}

function graceOf(pod: Pod, name: string): Millis {
  const { deletionGracePeriodSeconds, deletionTimestamp } = pod.metadata
  const container = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find(each => each.name === name)
  const ofProbes = [container?.livenessProbe, container?.startupProbe].flatMap(probe => probe?.terminationGracePeriodSeconds ?? [])
  const seconds = deletionTimestamp ? (deletionGracePeriodSeconds ?? 1) : Math.min(pod.spec.terminationGracePeriodSeconds ?? 30, ...ofProbes)
  return seconds * 1_000
}
