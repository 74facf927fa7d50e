/**
 * How soon a cluster is of use: from starting the process to the API's first answer, a Ready node, a Ready Pod.
 *
 *   npm run bench -- start [rounds]
 */
import { Pod } from '../src/api/kinds/pod.ts'
import { startClusterProcess } from './cluster_process.ts'
import { printMachine, printTable, spread } from './report.ts'
import { isReady, watchPod } from './watch_pod.ts'

const rounds = Number(process.argv.find(word => /^\d+$/.test(word)) ?? 5)

printMachine()
const apiReady: number[] = []
const nodeReady: number[] = []
const podReady: number[] = []
for (let round = 0; round < rounds; round++) {
  const cluster = await startClusterProcess('simulated')
  const asked = performance.now()
  await firstPod(cluster.client)
  apiReady.push(cluster.apiReadyMs)
  nodeReady.push(cluster.nodeReadyMs)
  podReady.push(cluster.nodeReadyMs + performance.now() - asked)
  await cluster.stop()
}
printTable(
  `poise up --runtime simulated, ${rounds} rounds: median (least to most), ms from the start of the process`,
  ['what', 'ms'],
  [
    ['the API answers /readyz', spread(apiReady)],
    ['the node is Ready', spread(nodeReady)],
    ['a Pod made then is Ready', spread(podReady)],
  ],
)

/** Its ServiceAccount comes from a controller, so it may be a moment before the first Pod is taken. */
async function firstPod(client: Parameters<typeof watchPod>[0]): Promise<void> {
  const key = { namespace: 'default', name: 'first' }
  const spec = { containers: [{ name: 'web', image: 'example/web' }] } as never
  for (;;) {
    const made = await client.create(Pod, { metadata: key, spec }).then(
      () => true,
      () => false,
    )
    if (made) break
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  await watchPod(client, key, pod => pod !== undefined && isReady(pod))
}
