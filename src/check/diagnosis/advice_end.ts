/** What helps a Pod to end without losing anything. */
import type { Container } from '../../api/types/container.ts'
import { latencyMs } from '../outcome.ts'
import type { Advice } from '../report.ts'
import { milliseconds } from '../words.ts'
import { sleepSeconds, withExec } from './command.ts'
import { killOf } from './endings.ts'
import { propagationMs, requestsOf, type Group } from './group.ts'
import { containerPatch, podPatch, type Patch } from './patch.ts'

/** Shorter than this nobody should wait: the next time the control plane may be busier. */
const SLEEP_SECONDS_MIN = 5
/** Of the longest time that a node was seen to need. */
const SLEEP_MARGIN = 2
/** What is left to the program after a hook. */
const LEFT_SECONDS_MIN = 10

export function waitBeforeTerm(group: Group): Advice[] {
  const lagMs = propagationMs(group.scene.lives)
  const measured = lagMs === undefined ? 'how long the nodes need could not be seen' : `the slowest node needed ${milliseconds(lagMs)} here`
  const { change, seconds } = sleepingHook(group)
  const patch = change && containerPatch(group, change, graceFor(group, seconds))
  return [
    {
      text: patch
        ? `Wait ${seconds} s before TERM, so that every node knows before the program closes its port (${measured}).`
        : `Let the preStop hook wait ${seconds} s before it does anything, so that every node knows by then (${measured}).`,
      ...(patch && { patch }),
    },
  ]
}

/** The hook as it is, with a wait before what it does; no change where it cannot be told how. */
function sleepingHook({ container, scene }: Group): { change: object | undefined; seconds: number } {
  const { preStop } = container?.lifecycle ?? {}
  const slept = preStop?.sleep?.seconds ?? sleepSeconds(preStop?.exec?.command ?? [])
  const seconds = Math.max(SLEEP_SECONDS_MIN, Math.ceil(((propagationMs(scene.lives) ?? 0) * SLEEP_MARGIN) / 1000), Math.ceil((slept ?? 0) * SLEEP_MARGIN))
  if (!preStop) return { change: { lifecycle: { preStop: { sleep: { seconds } } } }, seconds }
  if (slept !== undefined) return { change: { lifecycle: { preStop: { ...(preStop.exec && { exec: null }), sleep: { seconds } } } }, seconds }
  const command = preStop.exec?.command ?? []
  const [shell, flag, script] = command
  const isScript = /(?:^|\/)(?:sh|bash|ash|dash)$/.test(shell ?? '') && flag === '-c' && script !== undefined
  if (!isScript) return { change: undefined, seconds }
  return { change: { lifecycle: { preStop: { exec: { command: [shell, flag, `sleep ${seconds}; ${script}`, ...command.slice(3)] } } } }, seconds }
}

/** Enough for the hook, and for the program after it. */
function graceFor({ podSpec }: Group, hookSeconds: number): { terminationGracePeriodSeconds?: number } {
  const grace = podSpec?.terminationGracePeriodSeconds ?? 30
  return grace >= hookSeconds + LEFT_SECONDS_MIN ? {} : { terminationGracePeriodSeconds: hookSeconds + Math.max(grace, LEFT_SECONDS_MIN) }
}

export function finishWork(group: Group): Advice[] {
  const { run, scene, worst } = group
  const signal = run?.term?.signal ?? 'TERM'
  const command = (worst && scene.habitsOf(worst)?.command) ?? []
  const isNginx = command.some(word => /(?:^|\/)nginx(?::|$)/.test(word)) && signal === 'TERM'
  return [
    {
      text: isNginx
        ? 'nginx ends at once at TERM and in order at QUIT: set STOPSIGNAL SIGQUIT in the image.'
        : `Handle ${signal} in the program: close the port, finish what is under way, then exit. Most HTTP servers have a function for it, such as close() or shutdown().`,
    },
    // What comes over kept connections comes until the end, however long the hook waits.
    ...(requestsOf(group).some(({ idleMs }) => idleMs === undefined)
      ? waitBeforeTerm(group).map(advice => ({ ...advice, text: `${advice.text} Requests on new connections are finished then when TERM comes.` }))
      : []),
  ]
}

export function giveMoreGrace(group: Group): Advice[] {
  const { podSpec, worst, run, scene } = group
  const grace = podSpec?.terminationGracePeriodSeconds ?? (worst?.graceMs ?? 30_000) / 1000
  const killMs = run && worst && killOf(worst, run)?.atMs
  const underWay = requestsOf(group).map(({ sentMs, endedMs }) => (killMs ?? endedMs) - sentMs)
  const answered = scene.observation.requests.filter(({ outcome }) => outcome.is === 'answered').map(latencyMs)
  const longestMs = [...underWay, ...answered].reduce((longest, ms) => Math.max(longest, ms), 0)
  const hookMs = run?.preStop?.ended ? run.preStop.ended.atMs - run.preStop.began.atMs : 0
  const seconds = Math.max(30, grace * 2, Math.ceil((hookMs + longestMs * 2) / 1000))
  const patch = podPatch(group, { terminationGracePeriodSeconds: seconds })
  return [
    {
      text: `Give the program the time that its longest requests need: a grace of ${seconds} s. It still ends as soon as it is done.`,
      ...(patch && { patch }),
    },
  ]
}

export const drainConnections = (): Advice[] => [
  {
    text: 'Let the server keep idle connections longer than its clients (or the proxy before it) do, so that it is the client that closes; and when it has to go, answer each kept connection once more with "Connection: close" before it is closed.',
  },
  { text: 'Let the client try again on a new connection when a kept one breaks before the answer has begun: most HTTP clients do so for GET.' },
]

export function execProgram(group: Group): Advice[] {
  const { container, scene, worst, run } = group
  const habits = worst && scene.habitsOf(worst)
  const signal = habits?.stopSignal ?? run?.term?.signal ?? 'TERM'
  const { stopSignal } = container?.lifecycle ?? {}
  if (stopSignal && stopSignal !== 'SIGTERM') {
    const patch = containerPatch(group, { lifecycle: { stopSignal: null } })
    return [{ text: `The Pod asks the program to stop by ${stopSignal}, which it does not know: leave stopSignal out.`, ...(patch && { patch }) }]
  }
  const change = container && withExec(container)
  const patch = change && execPatch(group, container, change)
  if (patch) return [{ text: `Let the shell give its place to the program by exec, so that ${signal} reaches it.`, patch }]
  return [
    {
      text: `As first process of its container a program without a handler for ${signal} never sees it: handle ${signal} in the program, or start it below an init such as tini. If it is a shell that starts it, use exec, or ENTRYPOINT ["program", "argument"] in the image.`,
    },
    ...(signal === 'TERM' ? [] : [{ text: `The image names ${signal} as its stop signal: set STOPSIGNAL to what the program handles, mostly SIGTERM.` }]),
  ]
}

/** A program that obeys TERM may lose what follows it at once: the wait comes with it. */
function execPatch(group: Group, container: Container, change: Pick<Container, 'command' | 'args'>): Patch | undefined {
  if (container.lifecycle?.preStop) return containerPatch(group, change)
  const hook = sleepingHook(group)
  return containerPatch(group, { ...change, ...hook.change }, graceFor(group, hook.seconds))
}

export function hookWithinGrace(group: Group): Advice[] {
  const { container, podSpec, run, worst } = group
  const { preStop } = container?.lifecycle ?? {}
  const grace = podSpec?.terminationGracePeriodSeconds ?? (worst?.graceMs ?? 30_000) / 1000
  const wanted = preStop?.sleep?.seconds ?? sleepSeconds(preStop?.exec?.command ?? [])
  const tookSeconds = run?.preStop?.ended ? (run.preStop.ended.atMs - run.preStop.began.atMs) / 1000 : grace * 2
  const seconds = Math.ceil(wanted ?? Math.max(tookSeconds, grace)) + 30
  const patch = podPatch(group, { terminationGracePeriodSeconds: seconds })
  return [{ text: `The grace counts from the deletion, with the hook: make it ${seconds} s, or the hook shorter.`, ...(patch && { patch }) }]
}
