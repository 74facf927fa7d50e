import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod } from '../api/kinds/pod.ts'
import { Service } from '../api/kinds/service.ts'
import { isReady } from '../api/pod.ts'
import { sleep } from '../base/clock.ts'
import type { Draft } from '../client/client.ts'
import { createLog } from '../host/log.ts'
import { startSimulatedSite } from './simulated_site.ts'
import type { LoadTarget } from './site.ts'

const namespace = 'default'

test('a load reaches simulated Pods in real time, and tells which of them answered', { timeout: 60_000 }, async () => {
  const site = await startSimulatedSite({ log: createLog({ level: 'error' }), because: 'containerd is not there' })
  try {
    const { client, host } = site
    assert.equal(site.kind, 'simulated')
    assert.match(site.blindSpots[0]!, /no real containers on this machine: containerd is not there/)
    const service = await client.create(Service, {
      metadata: { name: 'web', namespace },
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
    } as unknown as Draft<Service>)
    const created = await client.create(Pod, {
      metadata: { name: 'web', namespace, labels: { app: 'web' }, annotations: { 'simulate.poise.dev/main': 'listen=8080' } },
      spec: { containers: [{ name: 'main', image: 'server:1' }] },
    } as unknown as Draft<Pod>)
    let pod: Pod = created
    while (!isReady(pod)) {
      await sleep(host.clock, 50)
      pod = await client.get(Pod, { namespace, name: 'web' })
    }
    const target: LoadTarget = { namespace, service: 'web', port: 80, type: 'ClusterIP', clusterIP: service.spec.clusterIP }
    const entrance = await site.entranceTo(target)
    const load = await site.startLoad({ target, entrance, path: '/', ratePerSecond: 50, clients: ['new', 'keep-alive'], timeoutMs: 10_000 })
    while (load.counts().answered < 20) await sleep(host.clock, 50)
    const requests = await load.stop()
    const { sent, answered, failed } = load.counts()
    assert.equal(sent, answered + failed)
    assert.equal(requests.length, sent)
    assert.ok(requests.some(({ outcome, target: pods }) => outcome.is === 'answered' && pods?.address === pod.status.podIP && pods?.port === 8080))
    assert.deepEqual(
      (await site.signalHabits([pod])).map(({ isCaught }) => isCaught),
      [true],
    )
  } finally {
    await site.close()
  }
})
