/** The race on real containers: two nodes, the Pods on one, who asks on the other. One cluster for all repetitions. */
import { setTimeout as pause } from 'node:timers/promises'
import { Pod } from '../../src/api/kinds/pod.ts'
import { Service } from '../../src/api/kinds/service.ts'
import { isReady } from '../../src/api/pod.ts'
import { isReason } from '../../src/api/status.ts'
import type { Draft } from '../../src/client/client.ts'
import type { RaceSite } from '../contracts/service_race.ts'
import { startLoad } from './load.ts'
import { inNetworkOf } from './pod_network.ts'
import { startSite } from './site.ts'

/** Its server, nginx, ends at TERM without finishing anything, as its published image does. */
const SERVER = 'ikubernetes/myapp:v1'
export const RACE_IMAGES = [SERVER, 'busybox']
const namespace = 'default'
const POLL_MS = 20

export interface RealRace {
  begin(options: { preStop: object | undefined }): Promise<RaceSite>
  close(): Promise<void>
}

export async function startRealRace(): Promise<RealRace> {
  const site = await startSite(RACE_IMAGES, {}, [], 2)
  const { client, nodes } = site.cluster
  const [clientNode, serverNode] = nodes.map(({ name }) => name)
  const find = (name: string) =>
    client.get(Pod, { namespace, name }).catch(error => {
      if (isReason(error, 'NotFound')) return undefined
      throw error
    })
  const create = (name: string, spec: object, labels = {}) => client.create(Pod, { metadata: { name, namespace, labels }, spec } as unknown as Draft<Pod>)
  const until = async (holds: () => Promise<boolean>) => {
    while (!(await holds())) await pause(POLL_MS)
  }
  const ready = (name: string) => until(async () => isReady((await find(name))!))
  // Without its default ServiceAccount no Pod can be made.
  await until(async () => (await site.kubectl(['get', 'serviceaccount', 'default'])).exitCode === 0)
  const { metadata } = await create('client', {
    nodeName: clientNode,
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'main', image: 'busybox', imagePullPolicy: 'Never', command: ['sleep', '36000'] }],
  })
  await ready('client')
  const inClient = await inNetworkOf(metadata.uid!)
  let repetition = 0

  return {
    close: () => site.close(),
    async begin({ preStop }) {
      const app = `web-${++repetition}`
      const { spec } = await client.create(Service, {
        metadata: { name: app, namespace },
        spec: { selector: { app }, ports: [{ port: 80 }] },
      } as unknown as Draft<Service>)
      const pods = [1, 2, 3].map(number => `${app}-${number}`)
      const containers = [{ name: 'main', image: SERVER, imagePullPolicy: 'Never', ...(preStop && { lifecycle: { preStop } }) }]
      for (const name of pods) await create(name, { nodeName: serverNode, containers }, { app })
      for (const name of pods) await ready(name)
      return {
        pods,
        now: () => performance.now(),
        pause: ms => pause(ms),
        startLoad: options => startLoad(inClient, { ...options, address: spec.clusterIP!, pods: pods.length }),
        async deletePod(name) {
          await client.delete(Pod, { namespace, name })
          await until(async () => (await find(name)) === undefined)
        },
        async close() {
          await client.delete(Service, { namespace, name: app })
          for (const name of pods) if (await find(name)) await client.delete(Pod, { namespace, name }, { gracePeriodSeconds: 0 })
        },
      }
    },
  }
}
