import { Pod } from '../../src/api/kinds/pod.ts'
import { Service } from '../../src/api/kinds/service.ts'
import { isReady } from '../../src/api/pod.ts'
import { isReason } from '../../src/api/status.ts'
import { NetworkError } from '../../src/base/network.ts'
import type { Draft } from '../../src/client/client.ts'
import { startVirtualCluster } from '../../src/launch/virtual_cluster.ts'
import type { SimulatedConnection } from '../../src/sim/connection.ts'
import type { RaceSite, RequestResult } from '../contracts/service_race.ts'

const namespace = 'default'
const PODS = ['web-1', 'web-2', 'web-3']
const KEPT_CONNECTIONS = 6
const OUTCOMES: Record<NetworkError['code'], string> = {
  Refused: 'refused',
  Reset: 'reset',
  Timeout: 'timeout',
  Unreachable: 'timeout',
  Tls: 'reset',
  Unimplemented: 'reset',
  Other: 'reset',
}

/** Two nodes in virtual time: the Pods on one, who asks on the other. */
export async function beginSimulatedRace({ seed, preStop }: { seed: number; preStop: object | undefined }): Promise<RaceSite> {
  const cluster = await startVirtualCluster({ seed, nodes: 2 })
  const { client, run, world } = cluster
  const [clientNode, serverNode] = [...cluster.nodes.keys()]
  const service = await run(
    client.create(Service, {
      metadata: { name: 'web', namespace },
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
    } as unknown as Draft<Service>),
  )
  for (const name of PODS) {
    await run(
      client.create(Pod, {
        metadata: { name, namespace, labels: { app: 'web' }, annotations: { 'simulate.poise.dev/main': 'listen=8080, term=fast' } },
        spec: { nodeName: serverNode, containers: [{ name: 'main', image: 'server:1', ...(preStop && { lifecycle: { preStop } }) }] },
      } as unknown as Draft<Pod>),
    )
  }
  const find = (name: string) =>
    run(
      client.get(Pod, { namespace, name }).catch(error => {
        if (isReason(error, 'NotFound')) return undefined
        throw error
      }),
    )
  const until = async (holds: () => Promise<boolean>) => {
    while (!(await holds())) await cluster.advance(50)
  }
  for (const name of PODS) await until(async () => isReady((await find(name))!))
  // Until every node has heard of them.
  await cluster.advance(2_500)

  const { runtime } = cluster.nodes.get(clientNode!)!
  const { machine } = world.host(clientNode!)
  const network = runtime.fabric.attach({
    clock: machine.clock,
    random: machine.random.fork('load'),
    localAddress: '10.244.0.200',
    routes: runtime.serviceRoutes,
  })
  const { clusterIP } = service.spec
  const limits = { timeoutMs: 1_000 }
  const request = { method: 'GET', path: '/', headers: [] }

  return {
    pods: PODS,
    now: () => world.now(),
    pause: ms => cluster.advance(ms),
    async startLoad({ perSecond, connections }) {
      const results: RequestResult[] = []
      const kept: (SimulatedConnection | undefined)[] = Array.from({ length: KEPT_CONNECTIONS })
      let isOpen = true
      let sent = 0
      let underWay = 0
      const connectionAt = async (index: number) => {
        if (connections === 'new') return network.open(clusterIP!, 80, limits)
        const connection = (kept[index] ??= await network.open(clusterIP!, 80, limits))
        void connection.closed.then(() => {
          if (kept[index] === connection) kept[index] = undefined
        })
        return connection
      }
      const send = async (plannedAt: number, index: number) => {
        underWay++
        let outcome = '200'
        try {
          const connection = await connectionAt(index)
          outcome = String((await connection.request(request, limits)).status)
          if (connections === 'new') connection.close()
        } catch (error) {
          outcome = error instanceof NetworkError ? OUTCOMES[error.code] : String(error)
        }
        underWay--
        results.push({ plannedAt, endedAt: world.now(), outcome })
      }
      const plan = (at: number) => {
        machine.clock.at(
          at,
          () => {
            if (!isOpen) return
            plan(at + 1_000 / perSecond)
            void send(at, sent++ % KEPT_CONNECTIONS)
          },
          'load',
        )
      }
      plan(world.now())
      return {
        async stop() {
          isOpen = false
          while (underWay > 0) await cluster.advance(50)
          return results
        },
      }
    },
    async deletePod(name) {
      await run(client.delete(Pod, { namespace, name }))
      await until(async () => (await find(name)) === undefined)
    },
    close: () => cluster.stop(),
  }
}
