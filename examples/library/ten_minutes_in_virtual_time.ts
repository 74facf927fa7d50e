/**
 * The same cluster in virtual time: ten minutes of a crashing container pass in milliseconds, and the same seed gives
 * the same run.
 *
 *   node --test dist/examples/library/ten_minutes_in_virtual_time.js
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod, startCluster } from '../../src/index.ts'

test('a container that crashes again and again is held back longer each time', async () => {
  await using cluster = await startCluster({ time: 'virtual', seed: 7 })
  const key = { namespace: 'default', name: 'crashing' }
  await cluster.run(
    cluster.client.create(Pod, {
      metadata: key,
      spec: { containers: [{ name: 'main', image: 'busybox', command: ['sh', '-c', 'exit 1'] }] },
    } as never),
  )

  await cluster.advance(10 * 60_000)

  const pod = await cluster.run(cluster.client.get(Pod, key))
  const [status] = pod.status.containerStatuses ?? []
  // At once, then after 10, 20, 40, 80, 160 and 300 seconds.
  assert.equal(status?.restartCount, 6)
  assert.equal(status?.state?.waiting?.reason, 'CrashLoopBackOff')
})
