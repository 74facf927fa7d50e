/**
 * A cluster inside a test, in real time: everything runs in this process, no root and no Docker is needed, and it is
 * gone when the test is over.
 *
 *   node --test dist/examples/library/pod_in_a_test.js
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod, startCluster } from '../../src/index.ts'

test('a Pod becomes Ready', async () => {
  await using cluster = await startCluster()
  const key = { namespace: 'default', name: 'web' }
  await cluster.client.create(Pod, { metadata: key, spec: { containers: [{ name: 'web', image: 'nginx' }] } } as never)

  const ready = await new Promise<Pod>((resolve, reject) => {
    const watch = cluster.client.watch(
      Pod,
      { namespace: key.namespace, resourceVersion: '0' },
      {
        event({ object }) {
          const pod = object as Pod
          if (!pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')) return
          watch.stop()
          resolve(pod)
        },
        ended: error => reject(error ?? new Error('the watch has ended')),
      },
    )
  })

  assert.equal(ready.status.phase, 'Running')
  // kubectl and every client library take this text: cluster.kubeconfig
  assert.match(cluster.kubeconfig, /current-context: "poise-test"/)
})
