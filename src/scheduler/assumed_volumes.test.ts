import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PersistentVolume } from '../api/kinds/persistent_volume.ts'
import type { PersistentVolumeClaim } from '../api/kinds/persistent_volume_claim.ts'
import { SELECTED_NODE } from '../api/storage.ts'
import { createAssumedVolumes } from './assumed_volumes.ts'
import { NO_VOLUMES } from './volumes.ts'

const claim = { metadata: { namespace: 'default', name: 'data', uid: 'claim-1' }, spec: {} } as PersistentVolumeClaim
const volume = { metadata: { name: 'pv' }, spec: {} } as PersistentVolume
const begin = () => createAssumedVolumes({ ...NO_VOLUMES, claim: () => claim, volume: () => volume, volumes: () => [volume] })

test('a claim that a volume will be made for has its node, until the last Pod that said so has been bound', () => {
  const assumed = begin()
  const plan = { give: [], provision: [claim] }
  const nodeNow = () => assumed.catalog.claim('default', 'data')?.metadata.annotations?.[SELECTED_NODE]
  assert.equal(nodeNow(), undefined)
  assumed.add(plan, 'node-a')
  assumed.add(plan, 'node-a')
  assert.equal(nodeNow(), 'node-a')
  assumed.remove(plan)
  assert.equal(nodeNow(), 'node-a')
  assumed.remove(plan)
  assert.equal(nodeNow(), undefined)
})

test('a volume that will be given to a claim is the claim’s for everybody who asks', () => {
  const assumed = begin()
  const plan = { give: [{ claim, volume }], provision: [] }
  assumed.add(plan, 'node-a')
  assert.equal(assumed.catalog.volume('pv')?.spec.claimRef?.uid, 'claim-1')
  assert.deepEqual(
    assumed.catalog.volumes().map(({ spec }) => spec.claimRef?.name),
    ['data'],
  )
  assumed.remove(plan)
  assert.equal(assumed.catalog.volume('pv')?.spec.claimRef, undefined)
})
