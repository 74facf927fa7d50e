/**
 * What a cluster takes when nobody asks anything of it: resident memory and CPU, alone and with ten Pods.
 *
 *   npm run bench -- idle [simulated|containerd] [seconds]
 */
import { Pod } from '../src/api/kinds/pod.ts'
import { startClusterProcess } from './cluster_process.ts'
import { cpuSeconds, residentMb } from './read_process.ts'
import { printMachine, printTable, whole } from './report.ts'
import { isReady, watchPod } from './watch_pod.ts'

const runtime = process.argv.find(word => word === 'containerd') ?? 'simulated'
const seconds = Number(process.argv.find(word => /^\d+$/.test(word)) ?? 30)
const IMAGE = 'registry.k8s.io/pause:3.9'

printMachine()
const cluster = await startClusterProcess(runtime)
try {
  const rows: (string | number)[][] = []
  const look = async (what: string): Promise<void> => {
    // What starting has left to do is not idleness.
    await wait(5)
    const before = cpuSeconds(cluster.pid)
    await wait(seconds)
    rows.push([what, whole(residentMb(cluster.pid)), (((cpuSeconds(cluster.pid) - before) / seconds) * 100).toFixed(2)])
  }
  await look('no Pods')
  if (runtime === 'simulated') {
    const keys = Array.from({ length: 10 }, (_, i) => ({ namespace: 'default', name: `idle-${i}` }))
    await Promise.all(
      keys.map(async key => {
        await cluster.client.create(Pod, { metadata: key, spec: { containers: [{ name: 'web', image: IMAGE }] } as never })
        await watchPod(cluster.client, key, pod => pod !== undefined && isReady(pod))
      }),
    )
    await look('ten Pods')
  }
  printTable(`poise up --runtime ${runtime}, ${seconds} s each; containerd and the shims are not counted`, ['what', 'resident MB', 'CPU % of a core'], rows)
} finally {
  await cluster.stop()
}

function wait(forSeconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, forSeconds * 1_000))
}
