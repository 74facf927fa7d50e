import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Event } from '../api/kinds/event.ts'
import { readEvents } from './rebuild_events.ts'

const at = (seconds: number) => `2026-03-01T12:00:${String(seconds).padStart(2, '0')}Z`
const T0 = Date.parse(at(0))

const event = (reason: string, message: string, first: number, last = first, fields: object = {}): Event =>
  ({
    metadata: {},
    involvedObject: { kind: 'Pod', namespace: 'shop', name: 'web-0', uid: 'u', fieldPath: 'spec.containers{web}' },
    source: {},
    reason,
    message,
    firstTimestamp: at(first),
    lastTimestamp: at(last),
    ...fields,
  }) as Event

const web = (...events: Event[]) => readEvents(events).get('u')!.containers.get('web')!

test('a pull took as long as its message says, in the words of old and new kubelets', () => {
  for (const message of [
    'Successfully pulled image "web:2" in 1.5s (1.5s including waiting). Image size: 71005258 bytes.',
    'Successfully pulled image "web:2" in 1.5s (2.1s including waiting)',
    'Successfully pulled image "web:2" in 1.5s',
  ]) {
    assert.deepEqual(web(event('Pulling', 'Pulling image "web:2"', 3), event('Pulled', message, 5)).pulls, [
      { fromMs: T0 + 3_500, toMs: T0 + 5_000, reason: 'Pulled', message: 'web:2' },
    ])
  }
  assert.deepEqual(web(event('Pulled', 'Container image "web:2" already present on machine', 5, 9)).pulls, [
    { fromMs: T0 + 5_000, toMs: T0 + 5_000, reason: 'AlreadyPresent', message: 'web:2' },
    { fromMs: T0 + 9_000, toMs: T0 + 9_000, reason: 'AlreadyPresent', message: 'web:2' },
  ])
})

test('a pull without an end goes on, and one that failed has ended', () => {
  const pulling = event('Pulling', 'Pulling image "web:2"', 3)
  assert.deepEqual(web(pulling).pulls, [{ fromMs: T0 + 3_000, toMs: undefined, reason: '', message: undefined }])
  const failed = event('Failed', 'Failed to pull image "web:2": not found', 4)
  assert.deepEqual(web(pulling, failed, event('BackOff', 'Back-off pulling image "web:2"', 5)).pulls, [
    { fromMs: T0 + 3_000, toMs: T0 + 4_000, reason: 'ErrImagePull', message: 'Failed to pull image "web:2": not found' },
  ])
})

test('probes that failed tell which, how often and why', () => {
  const unhealthy = event('Unhealthy', 'Readiness probe failed: dial tcp 10.0.0.5:80: connect: connection refused', 4, 9, { count: 6 })
  assert.deepEqual(web(unhealthy).failedProbes, [
    { probe: 'readiness', fromMs: T0 + 4_000, toMs: T0 + 9_000, count: 6, message: 'dial tcp 10.0.0.5:80: connect: connection refused' },
  ])
})

test('a container is stopped for its Pod, or for a probe', () => {
  const restarted = readEvents([event('Killing', 'Container web failed liveness probe, will be restarted', 4, 8, { count: 2 })]).get('u')!
  assert.equal(restarted.killingAt, undefined)
  assert.deepEqual(restarted.containers.get('web')!.restarts, [
    { atMs: T0 + 4_000, reason: 'LivenessFailed' },
    { atMs: T0 + 8_000, reason: 'LivenessFailed' },
  ])
  const stopped = readEvents([event('Killing', 'Stopping container web', 9)]).get('u')!
  assert.equal(stopped.killingAt, T0 + 9_000)
})

test('newer reporters write eventTime, and the scheduler names the node', () => {
  const scheduled = event('Scheduled', 'Successfully assigned shop/web-0 to node-b', 0, 0, {
    firstTimestamp: null,
    lastTimestamp: null,
    eventTime: '2026-03-01T12:00:01.250000Z',
  })
  const { node, scheduledAt } = readEvents([scheduled]).get('u')!
  assert.deepEqual([node, scheduledAt], ['node-b', T0 + 1_250])
})
