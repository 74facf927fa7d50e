import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigMap } from '../../src/api/kinds/config_map.ts'
import { testAdoption } from './adoption.ts'
import { beginOwnership } from './ownership.ts'
import { testOwnership } from './ownership_stories.ts'

/** More with SEEDS=100; one alone with SEED=4711. */
const seeds = process.env['SEED'] ? [Number(process.env['SEED'])] : Array.from({ length: Number(process.env['SEEDS'] ?? 4) }, (_, i) => i + 1)
testOwnership(seeds)
testAdoption(seeds)

for (const propagationPolicy of ['Background', 'Foreground', 'Orphan'] as const) {
  test(`an owner of a thousand objects costs no more than a thousand times as much as an owner of one: ${propagationPolicy}`, async () => {
    const site = await beginOwnership(7)
    const { world, client } = site
    const namespace = 'default'
    const owner = await world.finish(client.create(ConfigMap, { metadata: { name: 'owner', namespace } }))
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid!, blockOwnerDeletion: true }]
    for (let index = 0; index < 1000; index++)
      await world.finish(client.create(ConfigMap, { metadata: { name: `child-${index}`, namespace, ownerReferences } }))
    await world.advance(1_000)
    const before = site.requests()
    await world.finish(client.delete(ConfigMap, { namespace, name: 'owner' }, { propagationPolicy }))
    await world.advance(20_000)
    const left = (await world.finish(client.list(ConfigMap, { namespace }))).items
    assert.equal(left.length, propagationPolicy === 'Orphan' ? 1000 : 0)
    assert.ok(left.every(({ metadata }) => metadata.ownerReferences === undefined))
    const asked = site.requests() - before
    assert.ok(asked >= 1000 && asked < 2_200, `${asked} requests`)
    await site.stop()
  })
}
