/**
 * The words that say what a server does: one vocabulary for real and simulated containers.
 *
 *   image: poise.dev/server:1                      a real process, or a simulated one
 *   args: [start=2s, listen=8080, term=fast]
 *
 *   simulate.poise.dev/<container>: start=2s, listen=8080, drain=1s
 *
 * The second is an annotation of a Pod: its container of that name then runs this server in simulation, whatever image and
 * command it has. Durations are `300ms`, `2s` or `1m`; sizes are `64Mi`.
 *
 *   start=DURATION    nothing listens before this has passed (default: 0)
 *   listen=PORT       listens here; may be given as PORT+PORT; `listen=none` for a program that only runs
 *   after=DURATION    exits by itself this long after its start, with the code of `exit`
 *   exit=CODE         the code it exits with, by itself or when told to stop (default 0)
 *   stop=SIGNAL       what tells it to stop; may be given as TERM+QUIT (default: TERM, INT and QUIT). To others it is deaf
 *   term=drain        told to stop, it closes its port, finishes what it has begun and drains (the default)
 *   term=fast         it exits at once; what it had begun is lost
 *   term=ignore       it does not hear that it is to stop, and is killed at the end of its grace
 *   drain=DURATION    told to stop, it goes on answering on connections that it has accepted, each once more and then closes
 *                     it, and exits after this (default 0: connections without a request are closed at once)
 *   answer=DURATION   how long one request takes (default 1ms); `answer=1ms-20ms`: anything between, evenly spread
 *   idle=DURATION     a connection on which nothing more is asked for so long after an answer is closed (default: it is kept)
 *   status=CODE       the HTTP status of every answer; without it files are served, or 200
 *   health=/PATH      this path says at once whether the server is well: 200, or 503
 *   warm=DURATION     for so long after it listens it answers 503, on every path but that of `health`
 *   tires=NUMBER      after so many answers it is no longer well: only its health path tells, the others go on
 *   grpc=SERVING      answers grpc.health.v1.Health/Check with this status; simulated containers only
 *   memory=SIZE       how much memory it uses once started
 *   cpu=CORES         how many CPU cores it keeps busy, such as 0.25; a real process has one
 */
import type { Millis } from './clock.ts'

/** What is made on the spot for containerd, and known by name to the simulated runtime. */
export const SERVER_IMAGE = 'poise.dev/server:1'

/** Where it listens unless it is told. */
export const SERVER_PORT = 8080

export const SETTINGS_PREFIX = 'simulate.poise.dev/'

export const STOP_SIGNALS = ['TERM', 'INT', 'QUIT'] as const

export type StopSignal = (typeof STOP_SIGNALS)[number]

export interface ServerSettings {
  readonly startMs: Millis
  readonly ports: readonly number[]
  readonly afterMs: Millis | undefined
  readonly exitCode: number
  readonly stopSignals: readonly StopSignal[]
  readonly term: 'drain' | 'fast' | 'ignore'
  readonly drainMs: Millis
  /** From, to. */
  readonly answerMs: readonly [Millis, Millis]
  readonly idleMs: Millis | undefined
  readonly status: number | undefined
  readonly healthPath: string | undefined
  readonly warmMs: Millis
  readonly tiresAfter: number | undefined
  readonly grpc: 'SERVING' | 'NOT_SERVING' | undefined
  readonly memoryBytes: number
  readonly cpus: number
}

export const DEFAULT_SETTINGS: ServerSettings = {
  startMs: 0,
  ports: [],
  afterMs: undefined,
  exitCode: 0,
  stopSignals: STOP_SIGNALS,
  term: 'drain',
  drainMs: 0,
  answerMs: [1, 1],
  idleMs: undefined,
  status: undefined,
  healthPath: undefined,
  warmMs: 0,
  tiresAfter: undefined,
  grpc: undefined,
  memoryBytes: 8 * 1024 * 1024,
  cpus: 0,
}

export class SettingsError extends Error {
  override readonly name = 'SettingsError'
}

/** As an annotation gives them. Throws SettingsError, naming what cannot be understood: a typo must not quietly change a simulation. */
export const parseSettings = (text: string, defaults: ServerSettings = DEFAULT_SETTINGS): ServerSettings => parseWords(text.split(','), defaults)

/** As arguments of the program give them. */
export function parseWords(words: readonly string[], defaults: ServerSettings = DEFAULT_SETTINGS): ServerSettings {
  const settings: { -readonly [Name in keyof ServerSettings]: ServerSettings[Name] } = { ...defaults }
  for (const pair of words.map(word => word.trim()).filter(word => word !== '')) {
    const cut = pair.indexOf('=')
    const [name, value] = [pair.slice(0, cut).trim(), pair.slice(cut + 1).trim()]
    if (cut < 1) throw new SettingsError(`${pair}: must be name=value`)
    switch (name) {
      case 'start':
        settings.startMs = duration(pair, value)
        break
      case 'after':
        settings.afterMs = duration(pair, value)
        break
      case 'drain':
        settings.drainMs = duration(pair, value)
        break
      case 'idle':
        settings.idleMs = duration(pair, value)
        break
      case 'answer':
        settings.answerMs = durations(pair, value)
        break
      case 'warm':
        settings.warmMs = duration(pair, value)
        break
      case 'listen':
        settings.ports = value === 'none' ? [] : value.split('+').map(port => whole(pair, port))
        break
      case 'exit':
        settings.exitCode = whole(pair, value)
        break
      case 'status':
        settings.status = whole(pair, value)
        break
      case 'tires':
        settings.tiresAfter = whole(pair, value)
        break
      case 'health':
        settings.healthPath = path(pair, value)
        break
      case 'stop':
        settings.stopSignals = value.split('+').map(signal => oneOf(pair, signal, STOP_SIGNALS))
        break
      case 'term':
        settings.term = oneOf(pair, value, ['drain', 'fast', 'ignore'] as const)
        break
      case 'grpc':
        settings.grpc = oneOf(pair, value, ['SERVING', 'NOT_SERVING'] as const)
        break
      case 'memory':
        settings.memoryBytes = size(pair, value)
        break
      case 'cpu':
        settings.cpus = fraction(pair, value)
        break
      default:
        throw new SettingsError(`${pair}: unknown name "${name}"`)
    }
  }
  if (settings.tiresAfter !== undefined && settings.healthPath === undefined)
    throw new SettingsError(`tires=${settings.tiresAfter}: nothing would tell; give a health path, too, such as health=/healthy`)
  return settings
}

function duration(pair: string, value: string): Millis {
  const found = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(value)
  if (!found) throw new SettingsError(`${pair}: must be a duration such as 300ms, 2s or 1m`)
  return Number(found[1]) * { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[found[2] as 'ms']
}

function durations(pair: string, value: string): readonly [Millis, Millis] {
  const [from = '', to = from, ...more] = value.split('-')
  const found = [duration(pair, from), duration(pair, to)] as const
  if (more.length > 0 || found[0] > found[1]) throw new SettingsError(`${pair}: must be a duration, or the shortest and the longest such as 1ms-20ms`)
  return found
}

function size(pair: string, value: string): number {
  const found = /^(\d+)(Ki|Mi|Gi)?$/.exec(value)
  if (!found) throw new SettingsError(`${pair}: must be a size such as 64Mi`)
  return Number(found[1]) * { '': 1, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 }[(found[2] ?? '') as '']
}

function whole(pair: string, value: string): number {
  if (!/^\d+$/.test(value)) throw new SettingsError(`${pair}: must be a whole number`)
  return Number(value)
}

function fraction(pair: string, value: string): number {
  if (!/^\d+(\.\d+)?$/.test(value)) throw new SettingsError(`${pair}: must be a number`)
  return Number(value)
}

function path(pair: string, value: string): string {
  if (!/^\/[^?\s]*$/.test(value)) throw new SettingsError(`${pair}: must be a path such as /ready`)
  return value
}

function oneOf<Value extends string>(pair: string, value: string, allowed: readonly Value[]): Value {
  const found = allowed.find(each => each === value)
  if (!found) throw new SettingsError(`${pair}: must be one of ${allowed.join(', ')}`)
  return found
}
