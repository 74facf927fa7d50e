/** Service traffic in the simulated network: the same rules, and what a client sees of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod } from '../../src/api/kinds/pod.ts'
import { Service } from '../../src/api/kinds/service.ts'
import { isReady } from '../../src/api/pod.ts'
import type { Draft } from '../../src/client/client.ts'
import { startVirtualCluster } from '../../src/launch/virtual_cluster.ts'

const namespace = 'default'

async function begin(seed: number, nodes: number) {
  const cluster = await startVirtualCluster({ seed, nodes, runtime: { programMs: [2, 20] } })
  const { client, run } = cluster
  const names = [...cluster.nodes.keys()]
  return {
    cluster,
    client,
    run,
    service: (spec: object = {}) =>
      run(
        client.create(Service, {
          metadata: { name: 'web', namespace },
          spec: { selector: { app: 'web' }, ports: [{ port: 80 }], ...spec },
        } as unknown as Draft<Service>),
      ),
    async pod(name: string, nodeIndex: number) {
      await run(
        client.create(Pod, {
          metadata: { name, namespace, labels: { app: 'web' } },
          spec: { nodeName: names[nodeIndex], containers: [{ name: 'main', image: 'nginx:1' }] },
        } as unknown as Draft<Pod>),
      )
      for (let waitedMs = 0; waitedMs < 60_000; waitedMs += 200) {
        const pod = await run(client.get(Pod, { namespace, name }))
        if (isReady(pod)) {
          await cluster.advance(200)
          return pod
        }
        await cluster.advance(200)
      }
      return assert.fail(`${name} is not Ready`)
    },
    /** What a Pod of a node would see: its answers, or its error. */
    async ask(nodeIndex: number, host: string, port = 80): Promise<string> {
      const { runtime } = cluster.nodes.get(names[nodeIndex]!)!
      const { machine } = cluster.world.host(names[nodeIndex]!)
      const network = runtime.fabric.attach({
        clock: machine.clock,
        random: machine.random.fork('client'),
        localAddress: '10.244.99.1',
        routes: runtime.serviceRoutes,
      })
      const request = { scheme: 'http', host, port, path: '/', method: 'GET', headers: [], bodyBytesMax: 1024, timeoutMs: 1000 } as const
      return run(
        network.http(request).then(
          ({ status }) => String(status),
          (error: Error) => error.message,
        ),
      )
    },
  }
}

test('simulated Services: a request reaches a Pod on another node; without Pods it is refused', async () => {
  const story = await begin(1, 2)
  await using _ = story.cluster
  const { spec } = await story.service()
  await story.cluster.advance(200)
  assert.match(await story.ask(0, spec.clusterIP!), /connection refused$/)
  await story.pod('web-1', 1)
  assert.equal(await story.ask(0, spec.clusterIP!), '200')
  assert.equal(await story.ask(1, spec.clusterIP!), '200')
  await story.run(story.client.delete(Pod, { namespace, name: 'web-1' }))
  await story.cluster.advance(35_000)
  assert.match(await story.ask(0, spec.clusterIP!), /connection refused$/)
})

test('simulated Services: a node port answers on every node, or where the endpoint is, as the policy says', async () => {
  const story = await begin(2, 2)
  await using _ = story.cluster
  const { spec } = await story.service({ type: 'NodePort' })
  await story.pod('web-1', 1)
  const { nodePort } = spec.ports![0]!
  assert.equal(await story.ask(0, '10.0.0.1', nodePort), '200')
  assert.equal(await story.ask(1, '10.0.0.2', nodePort), '200')
  await story.run(story.client.patch(Service, { namespace, name: 'web' }, { type: 'merge', body: { spec: { externalTrafficPolicy: 'Local' } } }))
  await story.cluster.advance(200)
  assert.equal(await story.ask(1, '10.0.0.2', nodePort), '200')
  assert.match(await story.ask(0, '10.0.0.1', nodePort), /i\/o timeout/)
})

test('simulated Services: with affinity one client stays with one Pod', async () => {
  const story = await begin(3, 1)
  await using _ = story.cluster
  const { spec } = await story.service({ sessionAffinity: 'ClientIP' })
  await story.pod('web-1', 0)
  await story.pod('web-2', 0)
  const { serviceRoutes } = story.cluster.nodes.get('node-0')!.runtime
  const route = (from: string) => {
    const routed = serviceRoutes.route({ address: spec.clusterIP!, port: 80, from })
    return routed?.is === 'target' ? routed.target.address : routed?.is
  }
  const clients = Array.from({ length: 20 }, (_, index) => `10.244.7.${index + 1}`)
  const first = clients.map(route)
  assert.equal(new Set(first).size, 2, 'clients spread')
  for (let again = 0; again < 5; again++) assert.deepEqual(clients.map(route), first)
})
