import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../api/kinds/pod.ts'
import type { PodStatus } from '../../api/types/pod_status.ts'
import { silentLog } from '../../base/log.ts'
import { manualClock } from '../../base/testing/manual_clock.ts'
import { createStatusManager } from './status_manager.ts'

const pod = {
  metadata: { name: 'web', namespace: 'default', uid: 'u', resourceVersion: '1' },
  spec: {},
  status: { phase: 'Pending', qosClass: 'BestEffort' },
} as unknown as Pod
const statusOf = (message: string) => ({ ...pod.status, message }) as PodStatus

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await Promise.resolve()
}

test('a status that is set while the one before is being written is written too, however close to its end', async () => {
  for (let gap = 0; gap < 20; gap++) {
    const written: unknown[] = []
    let revision = 1
    const client = {
      async patch(_kind: unknown, _key: unknown, { body }: { body: { status: object } }) {
        written.push((body.status as PodStatus).message)
        return { ...pod, metadata: { ...pod.metadata, resourceVersion: String(++revision) }, status: { ...pod.status, ...body.status } }
      },
    }
    const statuses = createStatusManager({ client, host: {} } as never)
    statuses.set(pod, statusOf('first'))
    await turns(gap)
    statuses.set(pod, statusOf('second'))
    await turns(50)
    assert.deepEqual(written, ['first', 'second'], `after ${gap} turns`)
    assert.equal(statuses.get('u')?.message, 'second')
  }
})

test('many Pods whose status nobody takes are no leak, and their writes end with the manager', async t => {
  const warnings: string[] = []
  const hear = ({ name }: Error) => void warnings.push(name)
  process.on('warning', hear)
  t.after(() => process.off('warning', hear))
  let tries = 0
  const client = {
    patch() {
      tries++
      return Promise.reject(new Error('too many requests'))
    },
  }
  const clock = manualClock(0)
  const statuses = createStatusManager({ client, host: { clock, log: silentLog } } as never)
  const uids = Array.from({ length: 20 }, (_, index) => `u${index}`)
  for (const uid of uids) statuses.set({ ...pod, metadata: { ...pod.metadata, uid } }, statusOf('waits'))
  await turns(50)
  const written = uids.map(uid => statuses.written(uid))
  statuses.stop()
  await Promise.all(written)
  await new Promise(resolve => setImmediate(resolve))
  assert.deepEqual([tries, warnings], [20, []])
})
