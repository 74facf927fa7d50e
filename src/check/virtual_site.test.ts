import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod } from '../api/kinds/pod.ts'
import { Service } from '../api/kinds/service.ts'
import { isReady } from '../api/pod.ts'
import { isReason } from '../api/status.ts'
import { sleep } from '../base/clock.ts'
import type { Draft } from '../client/client.ts'
import type { ContainerEvent } from '../sim/witness.ts'
import type { ClientKind, LoadRequest } from './observation.ts'
import type { LoadTarget } from './site.ts'
import { startVirtualSite, type VirtualSite } from './virtual_site.ts'

const namespace = 'default'
const PROPAGATION_MS = 1_500

interface Run {
  readonly requests: readonly LoadRequest[]
  /** Of web-1, whose Pod is deleted. */
  readonly address: string
  readonly exitMs: number
  /** When the node that the load comes in at heard that web-1 is no endpoint any more. */
  readonly programmedMs: number
  readonly habits: Awaited<ReturnType<VirtualSite['signalHabits']>>
}

interface Course {
  readonly preStop?: object
  readonly clients?: readonly ClientKind[]
  readonly type?: LoadTarget['type']
  readonly model?: string
  readonly seed?: number
}

/** Two Pods under load, 100 requests a second; one of them is deleted after a second. */
async function deleteUnderLoad({ preStop, clients = ['new'], type = 'ClusterIP', model = 'listen=8080, term=fast', seed = 7 }: Course): Promise<Run> {
  const happened: ContainerEvent[] = []
  const site = await startVirtualSite({
    seed,
    propagationMs: [PROPAGATION_MS, PROPAGATION_MS],
    runtime: { programMs: [1, 1], pullMs: [10, 10], witness: each => void happened.push(each) },
  })
  const { client, host } = site
  const find = (name: string) =>
    client.get(Pod, { namespace, name }).catch((error: unknown) => {
      if (isReason(error, 'NotFound')) return undefined
      throw error
    })
  const run = async (): Promise<Run> => {
    const service = await client.create(Service, {
      metadata: { name: 'web', namespace },
      spec: {
        selector: { app: 'web' },
        ports: [{ port: 80, targetPort: 8080 }],
        ...(type === 'headless' ? { clusterIP: 'None' } : { type }),
      },
    } as unknown as Draft<Service>)
    for (const name of ['web-1', 'web-2']) {
      await client.create(Pod, {
        metadata: { name, namespace, labels: { app: 'web' }, annotations: { 'simulate.poise.dev/main': model } },
        spec: { containers: [{ name: 'main', image: 'server:1', ...(preStop && { lifecycle: { preStop } }) }] },
      } as unknown as Draft<Pod>)
      while (!isReady((await find(name))!)) await sleep(host.clock, 20)
    }
    await sleep(host.clock, 3_000)
    const habits = await site.signalHabits([(await find('web-1'))!])
    const { clusterIP, ports } = service.spec
    const target: LoadTarget = { namespace, service: 'web', port: 80, type, clusterIP, nodePort: ports![0]!.nodePort }
    const entrance = await site.entranceTo(target)
    const load = await site.startLoad({ target, entrance, path: '/', ratePerSecond: 100, clients, timeoutMs: 1_000 })
    await sleep(host.clock, 1_000)
    const { metadata, status } = (await find('web-1'))!
    const deletedMs = host.clock.now()
    await client.delete(Pod, { namespace, name: 'web-1' })
    while (await find('web-1')) await sleep(host.clock, 20)
    await sleep(host.clock, 3_000)
    const exit = happened.find(({ container, what }) => container.podUid === metadata.uid && what.is === 'exited')
    const steps = site.cluster.cluster.programmed.of('node-0').filter(({ services, at }) => services.includes('default/web') && at > deletedMs)
    return { requests: await load.stop(), address: status.podIP!, exitMs: exit!.at, programmedMs: steps[0]!.at, habits }
  }
  try {
    return await site.run(run())
  } finally {
    await site.close()
  }
}

const lostOf = (requests: readonly LoadRequest[]) => requests.filter(({ outcome }) => outcome.is === 'failed')
/** A packet takes so long at most until the rules send it on its way. */
const HOP_MS = 2

test('exactly the requests between the exit of a Pod and the programming of the rules that went to it are lost', async () => {
  const { requests, address, exitMs, programmedMs } = await deleteUnderLoad({})
  assert.ok(programmedMs - exitMs > PROPAGATION_MS - 200 && programmedMs - exitMs < PROPAGATION_MS + 50, `${programmedMs - exitMs} ms`)
  const lost = lostOf(requests)
  assert.ok(lost.length > 50, `${lost.length} lost`)
  for (const { target, sentMs } of lost) {
    assert.equal(target?.address, address)
    assert.ok(sentMs >= exitMs - 2 * HOP_MS && sentMs <= programmedMs, `sent at ${sentMs}, exit ${exitMs}, programmed ${programmedMs}`)
  }
  const sentThere = requests.filter(({ target, sentMs }) => target?.address === address && sentMs >= exitMs)
  assert.deepEqual(
    sentThere.filter(({ outcome }) => outcome.is === 'answered'),
    [],
  )
  assert.deepEqual(
    requests.filter(({ target, sentMs }) => target?.address === address && sentMs > programmedMs),
    [],
    'nobody is sent to it once the rules are programmed',
  )
  // Refused while its address was there, and unheard afterwards.
  const symptoms = new Set(
    lost.filter(({ sentMs }) => sentMs > exitMs).map(({ outcome }) => (outcome.is === 'failed' ? `${outcome.symptom} ${outcome.during}` : '')),
  )
  assert.deepEqual([...symptoms].toSorted(), ['refused connect', 'timeout connect'])
})

test('a preStop sleep longer than the propagation delay loses none', async () => {
  const { requests, exitMs, programmedMs } = await deleteUnderLoad({ preStop: { sleep: { seconds: 2 } } })
  assert.ok(exitMs > programmedMs)
  assert.deepEqual(lostOf(requests), [])
  assert.ok(requests.length > 600)
})

test('a preStop sleep shorter than the propagation delay loses what comes between', async () => {
  const { requests, exitMs, programmedMs } = await deleteUnderLoad({ preStop: { sleep: { seconds: 1 } } })
  assert.ok(programmedMs > exitMs && programmedMs - exitMs < PROPAGATION_MS)
  assert.ok(lostOf(requests).length > 5)
})

test('requests keep to the plan whatever the answers take, and kept connections say how long they were idle', async () => {
  const { requests } = await deleteUnderLoad({
    clients: ['new', 'keep-alive'],
    preStop: { sleep: { seconds: 2 } },
    model: 'listen=8080, answer=700ms, term=drain',
  })
  requests.forEach(({ id, plannedMs, sentMs, client }, index) => {
    assert.equal(id, index)
    assert.ok(Math.abs(plannedMs - requests[0]!.plannedMs - index * 10) < 1e-6)
    assert.ok(Math.abs(sentMs - plannedMs) < 1e-6)
    assert.equal(client, index % 2 === 0 ? 'new' : 'keep-alive')
  })
  const kept = requests.filter(({ client }) => client === 'keep-alive')
  assert.ok(kept.some(({ idleMs }) => idleMs !== undefined))
  assert.ok(kept.every(({ target, outcome }) => target !== undefined || outcome.is === 'failed'))
  assert.ok(requests.filter(({ client }) => client === 'new').every(({ idleMs }) => idleMs === undefined))
})

test('a client that remembers addresses goes on asking a Pod that is gone, whatever the rules say', async () => {
  const { requests, address, exitMs } = await deleteUnderLoad({ clients: ['direct', 'keep-alive'], type: 'headless', preStop: { sleep: { seconds: 2 } } })
  const lost = lostOf(requests).filter(({ client }) => client === 'direct')
  assert.ok(lost.length > 50)
  assert.ok(lost.every(({ target, sentMs }) => target!.address === address && target!.port === 8080 && sentMs >= exitMs - 2 * HOP_MS))
  const kept = requests.filter(({ client }) => client === 'keep-alive')
  assert.ok(new Set(kept.map(({ target }) => target!.address)).size === 2, 'others ask for the name with each connection')
})

test('a load comes in by a node port as well', async () => {
  const { requests } = await deleteUnderLoad({ type: 'NodePort', preStop: { sleep: { seconds: 2 } } })
  assert.deepEqual(lostOf(requests), [])
})

test('what the first process does with TERM is told', async () => {
  const { habits } = await deleteUnderLoad({})
  assert.deepEqual(
    habits.map(({ container, stopSignal, isCaught }) => ({ container, stopSignal, isCaught })),
    [{ container: 'main', stopSignal: 'TERM', isCaught: true }],
  )
})

test('the same seed gives the same requests, to the last instant', async () => {
  const [one, again, other] = [await deleteUnderLoad({ seed: 3 }), await deleteUnderLoad({ seed: 3 }), await deleteUnderLoad({ seed: 4 })]
  assert.equal(JSON.stringify(one), JSON.stringify(again))
  assert.notEqual(JSON.stringify(one), JSON.stringify(other))
})
