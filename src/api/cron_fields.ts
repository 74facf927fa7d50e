/**
 * The five fields of a schedule: minute, hour, day of the month, month, day of the week.
 *
 * Kubernetes' dialect has lists, ranges, steps and the names of months and days; it has no seconds, no years, and none of the
 * letters other crons know (L, W, #). Either of the two kinds of days is enough, unless one of them is `*`.
 */
export type CronFields =
  | {
      /** The same schedule in the plainest words: `*`, or numbers with commas. */
      readonly fields: string
      /** False for the 31st of February. */
      readonly comesRound: boolean
    }
  | { readonly problem: string }

const DESCRIPTORS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

interface Bounds {
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const BOUNDS: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: MONTHS },
  { min: 0, max: 6, names: DAYS },
]
const LONGEST_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Undefined is every value, written as `*`. */
type Values = ReadonlySet<number> | undefined

/** Thrown and caught in this file alone. */
class Problem extends Error {}

export function parseCronFields(text: string): CronFields {
  if (text === '') return { problem: 'empty spec string' }
  const spelled = text.startsWith('@') ? DESCRIPTORS[text] : text
  if (spelled === undefined) return { problem: `unrecognized descriptor: ${text}` }
  const words = spelled.split(/\s+/).filter(Boolean)
  if (words.length !== 5) return { problem: `expected exactly 5 fields, found ${words.length}: [${words.join(' ')}]` }
  try {
    const values = words.map((word, index) => parseField(word, BOUNDS[index]!))
    return { fields: values.map(print).join(' '), comesRound: comesRound(values) }
  } catch (error) {
    if (error instanceof Problem) return { problem: error.message }
    throw error
  }
}

const print = (values: Values): string => (values ? [...values].sort((a, b) => a - b).join(',') : '*')

function comesRound([minutes, hours, days, months, weekdays]: readonly Values[]): boolean {
  if ([minutes, hours, months].some(values => values?.size === 0)) return false
  if (!days || weekdays) return true
  const first = Math.min(...days, Infinity)
  return LONGEST_MONTHS.some((length, index) => first <= length && (!months || months.has(index + 1)))
}

function parseField(word: string, bounds: Bounds): Values {
  const values = new Set<number>()
  let isEvery = false
  for (const part of word.split(',').filter(Boolean)) {
    const { from, to, step, isStar } = parseRange(part, bounds)
    isEvery ||= isStar
    for (let value = from; value <= to; value += step) values.add(value)
  }
  return isEvery ? undefined : values
}

function parseRange(part: string, bounds: Bounds): { from: number; to: number; step: number; isStar: boolean } {
  const [range = '', stepText, ...moreSteps] = part.split('/')
  const [low = '', high, ...moreRanges] = range.split('-')
  const isAny = low === '*' || low === '?'
  if (!isAny && moreRanges.length > 0) throw new Problem(`too many hyphens: ${part}`)
  const from = isAny ? bounds.min : parseValue(low, bounds)
  let to = isAny ? bounds.max : high === undefined ? from : parseValue(high, bounds)
  if (moreSteps.length > 0) throw new Problem(`too many slashes: ${part}`)
  const step = stepText === undefined ? 1 : parseNumber(stepText)
  // `5/15` is every fifteenth from the fifth on.
  if (stepText !== undefined && high === undefined) to = bounds.max
  if (from < bounds.min) throw new Problem(`beginning of range (${from}) below minimum (${bounds.min}): ${part}`)
  if (to > bounds.max) throw new Problem(`end of range (${to}) above maximum (${bounds.max}): ${part}`)
  if (from > to) throw new Problem(`beginning of range (${from}) beyond end of range (${to}): ${part}`)
  if (step === 0) throw new Problem(`step of range should be a positive number: ${part}`)
  return { from, to, step, isStar: isAny && step === 1 }
}

function parseValue(text: string, { min, names }: Bounds): number {
  const index = names?.indexOf(text.toLowerCase()) ?? -1
  return index >= 0 ? index + min : parseNumber(text)
}

function parseNumber(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new Problem(`failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`)
  const value = Number(text)
  if (value < 0) throw new Problem(`negative number (${value}) not allowed: ${text}`)
  return value
}
