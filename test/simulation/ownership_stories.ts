import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeleteOptions } from '../../src/client/client.ts'
import { isReason } from '../../src/api/status.ts'
import { assertLeft, beginOwnership, closure, createFamily, FAULTS, keyOfMember, type Member, type OwnershipSite } from './ownership.ts'

const POLICIES = ['Background', 'Foreground', undefined] as const
const HOLD = 'example.com/hold'
/** Longer than any back-off that a few seconds of faults lead to. */
const CALM_MS = 60_000

/** Two stories for each seed. */
export function testOwnership(seeds: readonly number[]): void {
  for (const seed of seeds) testSeed(seed)
}

function testSeed(seed: number): void {
  test(`seed ${seed}: deleted all at once, exactly those go that have nobody left`, async () => {
    const site = await beginOwnership(seed)
    site.link.setFaults(FAULTS)
    const members = await createFamily(site, 12 + site.random.below(30))
    const doomed = members.filter(() => site.random.below(4) === 0)
    const held = members.filter(() => site.random.below(6) === 0)
    for (const member of held) await hold(site, member)
    const deletions = doomed.map(member => ({ member, at: site.random.below(3_000), policy: POLICIES[site.random.below(3)] }))
    for (const { member, at, policy } of deletions) site.world.schedule(at, () => void remove(site, member, policy), 'user deletes')
    for (const member of held) site.world.schedule(site.random.below(9_000), () => void letGo(site, member), 'user lets go')
    await site.world.advance(10_000)
    site.link.setFaults({})
    await site.world.advance(CALM_MS)
    await assertLeft(site, members, closure(members, new Set(doomed)), `seed ${seed}`)
    await site.stop()
  })

  test(`seed ${seed}: deleted one after the other, some of them without their dependents`, async () => {
    const site = await beginOwnership(seed + 1_000_000)
    site.link.setFaults(FAULTS)
    const members = await createFamily(site, 12 + site.random.below(20))
    await site.world.advance(CALM_MS)
    let gone = closure(members, new Set())
    await assertLeft(site, members, gone, `seed ${seed} at first`)
    forgetGone(members, gone)
    for (let step = 0; step < 6; step++) {
      const living = members.filter(member => !gone.has(member))
      const member = living[site.random.below(Math.max(1, living.length))]
      if (!member) break
      const policy = ([...POLICIES, 'Orphan', 'Orphan'] as const)[site.random.below(5)]
      site.link.setFaults(FAULTS)
      await site.world.finish(remove(site, member, policy))
      if (policy === 'Orphan') for (const other of members) other.owners.splice(0, Infinity, ...other.owners.filter(owner => owner !== member))
      await site.world.advance(5_000)
      site.link.setFaults({})
      await site.world.advance(CALM_MS)
      gone = closure(members, new Set([...gone, member]))
      forgetGone(members, gone)
      await assertLeft(site, members, gone, `seed ${seed} step ${step} ${policy}`)
    }
    assert.ok(gone.size > 0)
    await site.stop()
  })
}

/** Who stays has lost its references to what is gone by now. */
function forgetGone(members: readonly Member[], gone: ReadonlySet<Member>): void {
  for (const { owners } of members.filter(member => !gone.has(member))) owners.splice(0, Infinity, ...owners.filter(owner => owner && !gone.has(owner)))
}

/** What is on its way out already is left alone: a second policy would take the place of the first. */
async function remove({ client }: OwnershipSite, member: Member, propagationPolicy: DeleteOptions['propagationPolicy']): Promise<void> {
  for (;;) {
    const object = await client.get(member.kind, keyOfMember(member)).catch(ifGone)
    if (!object || object.metadata.deletionTimestamp) return
    const { resourceVersion } = object.metadata
    try {
      return void (await client.delete(member.kind, keyOfMember(member), { propagationPolicy, resourceVersion }))
    } catch (error) {
      ifGone(error)
    }
  }
}

const hold = (site: OwnershipSite, member: Member) =>
  site.world.finish(site.client.patch(member.kind, keyOfMember(member), { type: 'merge', body: { metadata: { finalizers: [HOLD] } } }).catch(() => undefined))

/** As a controller would: it takes off its own finalizer and no other, and tries until it has. */
async function letGo({ client }: OwnershipSite, member: Member): Promise<void> {
  for (;;) {
    const object = await client.get(member.kind, keyOfMember(member)).catch(ifGone)
    if (!object?.metadata.finalizers?.includes(HOLD)) return
    const { resourceVersion, finalizers } = object.metadata
    const body = { metadata: { resourceVersion, finalizers: finalizers.filter(name => name !== HOLD) } }
    await client.patch(member.kind, keyOfMember(member), { type: 'merge', body }).catch(ifGone)
  }
}

function ifGone(error: unknown): undefined {
  if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
}
