import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Node } from './kinds/node.ts'
import { PersistentVolume } from './kinds/persistent_volume.ts'
import { PersistentVolumeClaim } from './kinds/persistent_volume_claim.ts'
import { createdOf, draftOf } from './testing/draft.ts'
import { findMatchingVolume, isReachable, mismatchOf } from './volume_matching.ts'

const claim = (spec: object = {}): PersistentVolumeClaim => {
  const made = createdOf(PersistentVolumeClaim, {
    metadata: { name: 'data', namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '5Gi' } }, ...spec },
  })
  made.metadata.uid = 'claim-1'
  return made
}

const volume = (name: string, storage = '5Gi', spec: object = {}, labels = {}): PersistentVolume => {
  const made = createdOf(PersistentVolume, {
    metadata: { name, labels, namespace: undefined },
    spec: { accessModes: ['ReadWriteOnce'], capacity: { storage }, hostPath: { path: '/data' }, ...spec },
  })
  made.status = { phase: 'Available' }
  return made
}

const found = (wanted: PersistentVolumeClaim, volumes: PersistentVolume[], options = {}) => findMatchingVolume(wanted, volumes, options)?.metadata.name

test('the smallest volume that is large enough, whatever the order', () => {
  const volumes = [volume('large', '50Gi'), volume('b', '6Gi'), volume('a', '6Gi'), volume('small', '4Gi')]
  assert.equal(found(claim(), volumes), 'a')
  assert.equal(found(claim(), volumes.toReversed()), 'a')
  assert.equal(found(claim({ resources: { requests: { storage: '51Gi' } } }), volumes), undefined)
})

test('the volume that can do the least beyond what is asked goes first, even if it is larger', () => {
  const shared = volume('shared', '5Gi', { accessModes: ['ReadWriteOnce', 'ReadWriteMany'] })
  assert.equal(found(claim(), [shared, volume('plain', '9Gi')]), 'plain')
  assert.equal(found(claim({ accessModes: ['ReadWriteMany'] }), [shared, volume('plain', '9Gi')]), 'shared')
})

test('class, mode, labels and phase must be right', () => {
  const cases: [string, PersistentVolumeClaim, PersistentVolume, boolean][] = [
    ['no class for no class', claim(), volume('a'), true],
    ['no class for the empty class', claim({ storageClassName: '' }), volume('a'), true],
    ['a class for no class', claim(), volume('a', '5Gi', { storageClassName: 'fast' }), false],
    ['the class', claim({ storageClassName: 'fast' }), volume('a', '5Gi', { storageClassName: 'fast' }), true],
    ['another mode', claim({ volumeMode: 'Block' }), volume('a'), false],
    ['the label', claim({ selector: { matchLabels: { disk: 'ssd' } } }), volume('a', '5Gi', {}, { disk: 'ssd' }), true],
    ['another label', claim({ selector: { matchLabels: { disk: 'ssd' } } }), volume('a', '5Gi', {}, { disk: 'hdd' }), false],
    ['released', claim(), { ...volume('a'), status: { phase: 'Released' } }, false],
    ['going', claim(), { ...volume('a'), metadata: { name: 'a', deletionTimestamp: 'now' } }, false],
    ['of somebody else', claim(), volume('a', '5Gi', { claimRef: { namespace: 'default', name: 'other' } }), false],
  ]
  for (const [what, wanted, offered, fits] of cases) assert.equal(found(wanted, [offered]), fits ? 'a' : undefined, what)
})

test('a volume that is reserved for the claim goes first, whatever its class and labels', () => {
  const reserved = volume('reserved', '50Gi', { claimRef: { namespace: 'default', name: 'data' }, storageClassName: 'other' })
  assert.equal(found(claim(), [volume('fit'), reserved]), 'reserved')
  assert.equal(
    found(claim(), [volume('fit'), { ...reserved, spec: { ...reserved.spec, claimRef: { ...reserved.spec.claimRef, uid: 'an older claim' } } }]),
    'fit',
  )
  assert.equal(found(claim({ resources: { requests: { storage: '60Gi' } } }), [reserved]), undefined)
})

test('a class that waits for its first consumer: only what is reserved, until there is a node', () => {
  const node = draftOf(Node, { metadata: { name: 'node-a', labels: { zone: 'east' }, namespace: undefined } })
  const inZone = (name: string, zone: string) =>
    volume(name, '5Gi', { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: [zone] }] }] } } })
  const volumes = [inZone('a-west', 'west'), inZone('b-east', 'east')]
  assert.equal(found(claim(), volumes, { isDelayed: true }), undefined)
  assert.equal(found(claim(), volumes, { isDelayed: true, node }), 'b-east')
  assert.equal(found(claim(), volumes, { node, excluded: new Set(['b-east']) }), undefined)
  assert.deepEqual(
    volumes.map(one => isReachable(one, node)),
    [false, true],
  )
})

test('what keeps the volume a claim names from being its own', () => {
  const cases: [PersistentVolumeClaim, string | undefined][] = [
    [claim(), undefined],
    [claim({ resources: { requests: { storage: '6Gi' } } }), 'requested PV is too small'],
    [claim({ storageClassName: 'fast' }), 'storageClassName does not match'],
    [claim({ volumeMode: 'Block' }), 'incompatible volumeMode'],
    [claim({ accessModes: ['ReadWriteMany'] }), 'incompatible accessMode'],
  ]
  for (const [wanted, why] of cases) assert.equal(mismatchOf(volume('a'), wanted), why)
})
