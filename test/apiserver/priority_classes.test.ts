/** PriorityClasses: what nobody may do to them. What they do to Pods is in pods.test.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { podNamed, PODS, startServer } from './harness.ts'

const CLASSES = '/apis/scheduling.k8s.io/v1/priorityclasses'
const priorityClass = (name: string, more: object = {}) => ({ metadata: { name }, value: 1000, ...more })

test('those of the system are there from the start, and cannot be deleted or taken by others', async () => {
  const server = await startServer()
  assert.deepEqual(
    (await server.get(CLASSES)).json.items.map(({ metadata, value }: any) => [metadata.name, value]),
    [
      ['system-cluster-critical', 2_000_000_000],
      ['system-node-critical', 2_000_001_000],
    ],
  )
  const { status, json } = await server.delete(`${CLASSES}/system-node-critical`)
  assert.deepEqual(
    [status, json.message],
    [403, 'priorityclasses.scheduling.k8s.io "system-node-critical" is forbidden: this is a system priority class and cannot be deleted'],
  )
  assert.match(
    (await server.post(CLASSES, priorityClass('system-mine'))).json.message,
    /priority class names with 'system-' prefix are reserved for system use only/,
  )
  assert.equal((await server.post(CLASSES, priorityClass('mine'))).status, 201)
  assert.equal((await server.delete(`${CLASSES}/mine`)).status, 200)
})

test('the value stays, and what is allowed beside it may change', async () => {
  const server = await startServer()
  await server.post(CLASSES, priorityClass('mine'))
  assert.equal(
    (await server.patch(`${CLASSES}/mine`, 'merge', { value: 5 })).json.message,
    'PriorityClass.scheduling.k8s.io "mine" is invalid: value: Forbidden: may not be changed in an update.',
  )
  assert.equal((await server.patch(`${CLASSES}/mine`, 'merge', { description: 'other' })).json.description, 'other')
})

test('one of them is the default, and Pods without a class get it', async () => {
  const server = await startServer()
  assert.equal((await server.post(CLASSES, priorityClass('usual', { globalDefault: true }))).status, 201)
  assert.equal(
    (await server.post(CLASSES, priorityClass('other', { globalDefault: true }))).json.message,
    'priorityclasses.scheduling.k8s.io "other" is forbidden: PriorityClass usual is already marked as default. Only one default can exist',
  )
  await server.post(CLASSES, priorityClass('other'))
  assert.equal((await server.patch(`${CLASSES}/other`, 'merge', { globalDefault: true })).status, 403)
  assert.equal((await server.patch(`${CLASSES}/usual`, 'merge', { description: 'still' })).status, 200)
  const { spec } = (await server.post(PODS, podNamed('p'))).json
  assert.deepEqual([spec.priorityClassName, spec.priority], ['usual', 1000])
})
