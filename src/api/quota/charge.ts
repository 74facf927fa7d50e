/** Whether what somebody writes fits into the quotas of its namespace, and what they are charged for it. Touches nothing. */
import type { Kind } from '../kind.ts'
import type { Pod } from '../kinds/pod.ts'
import type { ResourceQuota } from '../kinds/resource_quota.ts'
import type { KubernetesObject } from '../meta.ts'
import { addAmounts, amountsOf, increase, only, printAmounts, quantitiesOf, type Amounts } from './amounts.ts'
import { isCountedFor } from './resource_names.ts'
import { isInScopes } from './scopes.ts'
import { computeNames, usageOf } from './usage.ts'

export type ChargePlan =
  | { readonly is: 'charged'; readonly used: ReadonlyMap<ResourceQuota, Record<string, string>> }
  /** Behind `pods "web" is forbidden: `. */
  | { readonly is: 'refused'; readonly why: string }

/**
 * @param old what is stored now; an update is charged only what it uses more
 * @param quotas those of the namespace; the first that has something against it is named
 */
export function planCharge(
  quotas: readonly ResourceQuota[],
  kind: Kind,
  object: KubernetesObject,
  old: KubernetesObject | undefined,
  wallMs: number,
): ChargePlan {
  const concerned = quotas.flatMap(quota => {
    const counted = Object.keys(quota.status.hard ?? {}).filter(name => isCountedFor(kind, name))
    return counted.length > 0 && isInScopes(quota, kind, object) ? [{ quota, counted }] : []
  })
  for (const { quota, counted } of concerned) {
    const unsaid = kind.storage.prefix === '/pods/' ? whatIsUnsaid(object as Pod, counted) : undefined
    if (unsaid) return { is: 'refused', why: `failed quota: ${quota.metadata.name}: ${unsaid}` }
    const unknown = counted.some(name => quota.status.used?.[name] === undefined)
    if (unknown) return { is: 'refused', why: `status unknown for quota: ${quota.metadata.name}, resources: ${[...counted].sort().join(',')}` }
  }

  const used = new Map<ResourceQuota, Record<string, string>>()
  if (concerned.length === 0) return { is: 'charged', used }
  const requested = increase(usageOf(kind, object, wallMs), old ? usageOf(kind, old, wallMs) : NOTHING)
  for (const { quota, counted } of concerned) {
    const asked = only(requested, counted)
    if (asked.size === 0) continue
    const before = amountsOf(quota.status.used)
    const after = new Map(before)
    addAmounts(after, asked)
    const why = whyTooMuch(quota, asked, before, after)
    if (why) return { is: 'refused', why }
    used.set(quota, quantitiesOf(after))
  }
  return { is: 'charged', used }
}

const NOTHING: Amounts = new Map()

function whyTooMuch({ metadata, status }: ResourceQuota, asked: Amounts, before: Amounts, after: Amounts): string | undefined {
  const hard = amountsOf(status.hard)
  const exceeded = [...asked.keys()].filter(name => after.get(name)!.nano > (hard.get(name)?.nano ?? 0n))
  if (exceeded.length === 0) return undefined
  const [requested, used, limited] = [asked, before, hard].map(amounts => printAmounts(only(amounts, exceeded)))
  return `exceeded quota: ${metadata.name}, requested: ${requested}, used: ${used}, limited: ${limited}`
}

/** Under a quota of these every container must say what it takes, or the quota could not be counted. */
const MUST_BE_SAID: readonly string[] = ['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory']

function whatIsUnsaid({ spec }: Pod, counted: readonly string[]): string | undefined {
  const needed = counted.filter(name => MUST_BE_SAID.includes(name)).sort()
  if (needed.length === 0) return undefined
  const saidByPod = computeNames(spec.resources ?? {})
  const said = [...spec.containers, ...(spec.initContainers ?? [])].map(({ name, resources }) => ({ name, names: computeNames(resources ?? {}) }))
  const missing = needed.flatMap(resource => {
    if (saidByPod.has(resource)) return []
    const silent = said.filter(({ names }) => !names.has(resource)).map(({ name }) => name)
    return silent.length > 0 ? [`${resource} for: ${[...new Set(silent)].sort().join(',')}`] : []
  })
  return missing.length > 0 ? `must specify ${missing.join('; ')}` : undefined
}
