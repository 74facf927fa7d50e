/**
 * How a Pod tells the simulation what the program in a container does. One annotation for each container:
 *
 *     simulate.poise.dev/<container>: start=2s, listen=8080, drain=1s
 *
 * The value is a list of `name=value`, separated by commas. The container then runs the server model, whatever its
 * command says. Durations are `300ms`, `2s` or `1m`; sizes are `64Mi`.
 *
 *   start=DURATION    nothing listens before this has passed (default: the image's, 0 for unknown images)
 *   listen=PORT       listens here; may be given as PORT+PORT; `listen=none` for a program that only runs
 *   after=DURATION    exits by itself this long after its start, with the code of `exit`
 *   exit=CODE         the code it exits with, by itself or when told to stop (default 0)
 *   drain=DURATION    told to stop, it goes on answering what it has accepted, and exits after this
 *   term=drain        told by TERM, it closes its port, finishes what it has begun and drains (the default)
 *   term=fast         it exits at once; what it had begun is lost
 *   term=ignore       it does not hear TERM and is killed at the end of its grace
 *   answer=DURATION   how long one request takes (default 1ms)
 *   idle=DURATION     a kept connection on which nothing is asked for so long is closed (default: it is kept)
 *   status=CODE       the HTTP status of every answer; without it files are served, or 200
 *   grpc=SERVING      answers grpc.health.v1.Health/Check with this status
 *   memory=SIZE       how much memory it uses once started
 *   cpu=CORES         how many CPU cores it keeps busy, such as 0.25
 */
import type { Millis } from '../../base/clock.ts'

export const SETTINGS_PREFIX = 'simulate.poise.dev/'

export interface ServerSettings {
  readonly startMs: Millis
  readonly ports: readonly number[]
  readonly afterMs: Millis | undefined
  readonly exitCode: number
  readonly drainMs: Millis
  readonly term: 'drain' | 'fast' | 'ignore'
  readonly answerMs: Millis
  readonly idleMs: Millis | undefined
  readonly status: number | undefined
  readonly grpc: 'SERVING' | 'NOT_SERVING' | undefined
  readonly memoryBytes: number
  readonly cpus: number
}

export const DEFAULT_SETTINGS: ServerSettings = {
  startMs: 0,
  ports: [],
  afterMs: undefined,
  exitCode: 0,
  drainMs: 0,
  term: 'drain',
  answerMs: 1,
  idleMs: undefined,
  status: undefined,
  grpc: undefined,
  memoryBytes: 8 * 1024 * 1024,
  cpus: 0,
}

export class SettingsError extends Error {
  override readonly name = 'SettingsError'
}

/** Throws SettingsError, naming what cannot be understood: a typo must not quietly change a simulation. */
export function parseSettings(text: string, defaults: ServerSettings = DEFAULT_SETTINGS): ServerSettings {
  const settings: { -readonly [Name in keyof ServerSettings]: ServerSettings[Name] } = { ...defaults }
  for (const pair of text
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')) {
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
        settings.answerMs = duration(pair, value)
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
  return settings
}

function duration(pair: string, value: string): Millis {
  const found = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(value)
  if (!found) throw new SettingsError(`${pair}: must be a duration such as 300ms, 2s or 1m`)
  return Number(found[1]) * { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[found[2] as 'ms']
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

function oneOf<Value extends string>(pair: string, value: string, allowed: readonly Value[]): Value {
  const found = allowed.find(each => each === value)
  if (!found) throw new SettingsError(`${pair}: must be one of ${allowed.join(', ')}`)
  return found
}
