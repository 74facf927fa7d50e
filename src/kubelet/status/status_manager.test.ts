import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../api/kinds/pod.ts'
import type { PodStatus } from '../../api/types/pod_status.ts'
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
