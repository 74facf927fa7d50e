/**
 * Quantities of resources: `100m`, `1Gi`, `2e3`. Exact: thousandths of a core and gibibytes alike are counted in
 * billionths as big integers, which is as fine as Kubernetes counts (finer values are rounded up, away from zero).
 */

export interface Quantity {
  /** In billionths. */
  readonly nano: bigint
  /** The family of suffixes it was written in, which printing keeps. */
  readonly format: 'decimal' | 'binary' | 'exponent'
}

export const QUANTITY_FORMAT = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

/** Undefined when the text is no quantity; `quantityProblem` says why. */
export function parseQuantity(text: string): Quantity | undefined {
  const read = readQuantity(text)
  return typeof read === 'string' ? undefined : read
}

/** What is wrong with the text, in Kubernetes' words, or undefined. */
export function quantityProblem(text: string): string | undefined {
  if (ALREADY_CANONICAL.test(text)) return undefined
  const read = readQuantity(text)
  return typeof read === 'string' ? read : undefined
}

/** As Kubernetes prints it: whole mantissa, the largest suffix of its family that keeps it whole. */
export function formatQuantity({ nano, format }: Quantity): string {
  if (nano === 0n) return '0'
  if (format === 'binary' && nano % ONE === 0n && magnitude(nano) >= 1024n * ONE) return formatBinary(nano / ONE)
  return formatDecimal(nano, format === 'exponent')
}

/** `1000m` → `1`, `0.1` → `100m`, `1024Mi` → `1Gi`; undefined when it is no quantity. */
export function canonicalQuantity(text: string): string | undefined {
  if (ALREADY_CANONICAL.test(text)) return text
  const quantity = parseQuantity(text)
  return quantity && formatQuantity(quantity)
}

/** Negative, zero or positive, as for sorting. Both must be quantities. */
export function compareQuantities(a: string, b: string): number {
  const simpleA = SIMPLE.exec(a)
  const simpleB = simpleA && SIMPLE.exec(b)
  if (simpleB) return Math.sign(milliOf(simpleA) - milliOf(simpleB))
  const difference = quantityOf(a).nano - quantityOf(b).nano
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

/** The sum in the family of the first, or of the second where the first is zero (as Kubernetes' totals come out). */
export function addQuantities(a: string, b: string): string {
  const first = quantityOf(a)
  const second = quantityOf(b)
  return formatQuantity({ nano: first.nano + second.nano, format: first.nano === 0n ? second.format : first.format })
}

export function subtractQuantities(a: string, b: string): string {
  const first = quantityOf(a)
  const second = quantityOf(b)
  return formatQuantity({ nano: first.nano - second.nano, format: first.nano === 0n ? second.format : first.format })
}

/** In thousandths, rounded up: cores as the scheduler counts them. Must be a quantity. */
export function quantityMilli(text: string): number {
  const simple = SIMPLE.exec(text)
  return simple ? milliOf(simple) : Number(divideUp(quantityOf(text).nano, 1_000_000n))
}

/** In whole units, rounded up: bytes, Pods. Must be a quantity. */
export function quantityValue(text: string): number {
  const simple = SIMPLE.exec(text)
  return simple ? Math.ceil(milliOf(simple) / 1000) : Number(divideUp(quantityOf(text).nano, ONE))
}

const ONE = 1_000_000_000n
const BINARY_MAX = (2n ** 63n - 1n) * ONE
const SYNTAX = /^([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*)([-+]?[0-9]*)$/
/** Nearly every quantity of a real manifest: a mantissa too small to be shortened. */
const ALREADY_CANONICAL = /^[1-9][0-9]{0,2}(?:m|k|M|G|Ki|Mi|Gi)?$/

/** Small enough to be exact as numbers: the scheduler and the kubelet count such quantities all the time. */
const SIMPLE = /^([0-9]{1,4})(m|k|M|G|Ki|Mi|Gi)?$/
const MILLI_OF_SUFFIX: Readonly<Record<string, number>> = {
  m: 1,
  '': 1000,
  k: 1e6,
  M: 1e9,
  G: 1e12,
  Ki: 1000 * 2 ** 10,
  Mi: 1000 * 2 ** 20,
  Gi: 1000 * 2 ** 30,
}

const milliOf = (simple: RegExpExecArray): number => Number(simple[1]) * MILLI_OF_SUFFIX[simple[2] ?? '']!

const DECIMAL_SUFFIXES = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E']
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
/** Beyond this the text is no resource but an attempt to make the server count zeros. */
const EXPONENT_MAX = 1000

function readQuantity(text: string): Quantity | string {
  const match = SYNTAX.exec(text)
  if (!match || text.length > 1000) return QUANTITY_FORMAT
  const [, sign, whole = '', fraction = '', letters = '', digits = ''] = match
  if (whole === '' && fraction === '') return /^[+-]?[0-9.]+/.test(text) ? 'unable to parse numeric part of quantity' : QUANTITY_FORMAT
  const scale = readSuffix(letters, digits)
  if (!scale) return "unable to parse quantity's suffix"

  const mantissa = BigInt(whole + fraction)
  const exponent = 9 - fraction.length + scale.power10
  let nano = (mantissa << BigInt(scale.power2)) * 10n ** BigInt(Math.max(exponent, 0))
  if (exponent < 0) nano = divideUp(nano, 10n ** BigInt(-exponent))
  if (scale.format === 'binary' && nano > BINARY_MAX) nano = BINARY_MAX
  const format = scale.format === 'binary' && nano < ONE ? 'decimal' : scale.format
  return { nano: sign === '-' ? -nano : nano, format }
}

function readSuffix(letters: string, digits: string): { format: Quantity['format']; power2: number; power10: number } | undefined {
  if (digits !== '') {
    const power10 = Number(digits)
    const isExponent = (letters === 'e' || letters === 'E') && Number.isInteger(power10) && Math.abs(power10) <= EXPONENT_MAX
    return isExponent ? { format: 'exponent', power2: 0, power10 } : undefined
  }
  const binary = letters === '' ? -1 : BINARY_SUFFIXES.indexOf(letters)
  if (binary > 0) return { format: 'binary', power2: 10 * binary, power10: 0 }
  const decimal = DECIMAL_SUFFIXES.indexOf(letters)
  return decimal < 0 ? undefined : { format: 'decimal', power2: 0, power10: 3 * (decimal - 3) }
}

function formatDecimal(nano: bigint, asExponent: boolean): string {
  let mantissa = nano
  let step = 0
  const stepMax = asExponent ? Infinity : DECIMAL_SUFFIXES.length - 1
  while (step < stepMax && mantissa % 1000n === 0n) {
    mantissa /= 1000n
    step++
  }
  if (!asExponent) return `${mantissa}${DECIMAL_SUFFIXES[step]}`
  return step === 3 ? `${mantissa}` : `${mantissa}e${3 * (step - 3)}`
}

function formatBinary(units: bigint): string {
  let mantissa = units
  let step = 0
  while (step < BINARY_SUFFIXES.length - 1 && mantissa % 1024n === 0n) {
    mantissa /= 1024n
    step++
  }
  return `${mantissa}${BINARY_SUFFIXES[step]}`
}

function quantityOf(text: string): Quantity {
  const read = readQuantity(text)
  if (typeof read === 'string') throw new RangeError(`${JSON.stringify(text)}: ${read}`)
  return read
}

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value)

/** Rounds away from zero: who asks for a little gets a little, not nothing. */
function divideUp(value: bigint, by: bigint): bigint {
  const quotient = value / by
  if (value % by === 0n) return quotient
  return value < 0n ? quotient - 1n : quotient + 1n
}
