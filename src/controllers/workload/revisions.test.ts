import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ControllerRevision } from '../../api/kinds/controller_revision.ts'
import { StatefulSet } from '../../api/kinds/stateful_set.ts'
import { alreadyExists } from '../../api/status.ts'
import type { PodTemplateSpec } from '../../api/types/pod_template_spec.ts'
import type { Client } from '../../client/client.ts'
import { planCleanup, planRevision, reviseHistory, revisionData, sortRevisions, templateOf } from './revisions.ts'

const template = (image: string): PodTemplateSpec => ({ metadata: {}, spec: { containers: [{ name: 'main', image }] } }) as unknown as PodTemplateSpec
const revision = (number: number, image: string, name = `web-${image}`): ControllerRevision =>
  ({ metadata: { name }, revision: number, data: revisionData(template(image)) }) as unknown as ControllerRevision
const set = (image: string, collisionCount?: number) =>
  ({ metadata: { name: 'web', namespace: 'default', uid: 'u' }, spec: { template: template(image) }, status: { collisionCount } }) as unknown as StatefulSet

test('a template that the newest revision has needs none, one that an older has brings it back, any other is new', () => {
  const history = [revision(1, 'a'), revision(2, 'b')]
  assert.deepEqual(planRevision([], revisionData(template('a'))), { is: 'new', number: 1 })
  assert.deepEqual(planRevision(history, revisionData(template('b'))), { is: 'newest', revision: history[1] })
  assert.deepEqual(planRevision(history, revisionData(template('a'))), { is: 'again', revision: history[0], number: 3 })
  assert.deepEqual(planRevision(history, revisionData(template('c'))), { is: 'new', number: 3 })
})

test('the oldest of those that nobody uses go, beyond the limit', () => {
  const history = ['a', 'b', 'c', 'd'].map((image, index) => revision(index + 1, image))
  const names = (inUse: string[], limit: number) => planCleanup(history, new Set(inUse), limit).map(({ metadata }) => metadata.name)
  assert.deepEqual(names(['web-d'], 2), ['web-a'])
  assert.deepEqual(names(['web-a', 'web-d'], 1), ['web-b'])
  assert.deepEqual(names(['web-d'], 0), ['web-a', 'web-b', 'web-c'])
  assert.deepEqual(names(['web-d'], -1), [])
  assert.deepEqual(names(['web-d'], 9), [])
})

test('revisions are sorted by number, then by name; a template comes out as it went in', () => {
  assert.deepEqual(
    sortRevisions([revision(2, 'b'), revision(1, 'z'), revision(1, 'a')]).map(({ metadata }) => metadata.name),
    ['web-a', 'web-z', 'web-b'],
  )
  assert.deepEqual(templateOf(revision(1, 'a')), template('a'))
  assert.equal(templateOf({ data: { something: 'else' } } as unknown as ControllerRevision), undefined)
})

test('a name that another template has taken is a collision: the next count gives another name', async () => {
  const made: ControllerRevision[] = []
  const taken = new Set<string>()
  const client = {
    async create(_kind: unknown, draft: ControllerRevision) {
      if (taken.has(draft.metadata.name!)) throw alreadyExists(ControllerRevision, draft.metadata.name!)
      made.push(draft)
      return draft
    },
    get: async () => ({ ...revision(1, 'other'), metadata: { ownerReferences: [{ controller: true, uid: 'somebody else' }] } }),
  } as unknown as Client
  const naming = { ownerKind: StatefulSet, hashLabel: 'hash' }
  const first = (await reviseHistory(client, naming, set('a'), []))!
  assert.equal(first.collisionCount, 0)
  taken.add(first.revision.metadata.name!)
  const second = (await reviseHistory(client, naming, set('a'), []))!
  assert.equal(second.collisionCount, 1)
  assert.notEqual(second.revision.metadata.name, first.revision.metadata.name)
  assert.equal(second.revision.metadata.name, `web-${second.revision.metadata.labels!['hash']}`)
  // Whoever counts from there finds the free name at once.
  assert.equal((await reviseHistory(client, naming, set('a', 1), []))?.revision.metadata.name, second.revision.metadata.name)
  assert.deepEqual(
    made[0]!.metadata.ownerReferences?.map(({ kind, uid, controller }) => [kind, uid, controller]),
    [['StatefulSet', 'u', true]],
  )
})
