/** Sums of many resources, exact, and printed in the form they were written in. */
import { formatQuantity, parseQuantity, type Quantity } from '../quantity.ts'
import type { Quantities } from '../resources.ts'

/** By resource. */
export type Amounts = ReadonlyMap<string, Quantity>

/** Texts that are no quantities have been refused by decoding. */
export function amountsOf(quantities: Quantities | undefined): Map<string, Quantity> {
  const amounts = new Map<string, Quantity>()
  for (const [name, text] of Object.entries(quantities ?? {})) {
    const quantity = parseQuantity(text)
    if (quantity) amounts.set(name, quantity)
  }
  return amounts
}

export const whole = (count: number): Quantity => ({ nano: BigInt(count) * 1_000_000_000n, format: 'decimal' })
export const ZERO: Quantity = whole(0)

export function addAmounts(into: Map<string, Quantity>, amounts: Amounts): void {
  for (const [name, { nano, format }] of amounts) {
    const before = into.get(name)
    into.set(name, before && before.nano !== 0n ? { nano: before.nano + nano, format: before.format } : { nano, format })
  }
}

/** What `amounts` has more than `before`: without what is equal or less. */
export function increase(amounts: Amounts, before: Amounts): Amounts {
  const more = new Map<string, Quantity>()
  for (const [name, { nano, format }] of amounts) {
    const difference = nano - (before.get(name)?.nano ?? 0n)
    if (difference > 0n) more.set(name, { nano: difference, format })
  }
  return more
}

export const only = (amounts: Amounts, names: readonly string[]): Amounts =>
  new Map(names.flatMap(name => (amounts.has(name) ? [[name, amounts.get(name)!] as const] : [])))

export function sameAmounts(a: Quantities | undefined, b: Quantities | undefined): boolean {
  const first = amountsOf(a)
  const second = amountsOf(b)
  return first.size === second.size && [...first].every(([name, { nano }]) => second.get(name)?.nano === nano)
}

/** In the order of names. */
export const quantitiesOf = (amounts: Amounts): Record<string, string> =>
  Object.fromEntries([...amounts.keys()].sort().map(name => [name, formatQuantity(amounts.get(name)!)]))

/** `limits.cpu=2,pods=1` */
export const printAmounts = (amounts: Amounts): string =>
  Object.entries(quantitiesOf(amounts))
    .map(([name, text]) => `${name}=${text}`)
    .join(',')
