/** What real containers use, as kubectl top and the kubelet's own summary tell it. */
import assert from 'node:assert/strict'
import { after, before, it, describe } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { isReady } from './observe.ts'
import { reasonToSkip, startSite, type Site } from './site.ts'

const MIB = 2 ** 20
const skip = (await reasonToSkip(['busybox'])) ?? false

const POD = `
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  terminationGracePeriodSeconds: 0
  volumes:
  - {name: memory, emptyDir: {medium: Memory}}
  - {name: cache, emptyDir: {}}
  containers:
  - name: busy
    image: busybox
    command: [sh, -c, "while :; do :; done"]
    resources: {requests: {cpu: 100m}, limits: {cpu: 100m, memory: 32Mi}}
  - name: holder
    image: busybox
    command: [sh, -c, "dd if=/dev/zero of=/memory/file bs=1M count=40; dd if=/dev/zero of=/cache/file bs=1M count=8; dd if=/dev/zero of=/own bs=1M count=4; sync; sleep 100000"]
    volumeMounts: [{name: memory, mountPath: /memory}, {name: cache, mountPath: /cache}]
  - name: talker
    image: busybox
    command: [sh, -c, "i=0; while [ $i -lt 2000 ]; do echo this is line $i of a log that grows; i=$((i+1)); done; sleep 100000"]
`

describe('what real containers use', { skip, concurrency: 2 }, () => {
  let site: Site
  before(async () => {
    site = await startSite(['busybox'])
    const { kubectl, until } = await site.inNamespace('top')
    await kubectl(['apply', '-f', '-'], POD)
    await until('web', isReady)
  })
  after(() => site?.close())

  /** What there is to see takes time: two readings, or a count in the background. How long, nobody promises on a busy machine. */
  async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
    for (let attempts = 0; ; attempts++) {
      const found = await look()
      if (found !== undefined) return found
      assert.ok(attempts < 240, 'two minutes have passed')
      await pause(500)
    }
  }

  it('kubectl top: a busy container uses about its CPU limit, and memory is what a container holds', async () => {
    const top = async (args: readonly string[]) => {
      const { stdout, exitCode } = await site.kubectl(['-n', 'top', 'top', ...args, '--no-headers'])
      return exitCode === 0
        ? stdout
            .trim()
            .split('\n')
            .map(line => line.split(/\s+/))
        : undefined
    }
    const rows = await eventually(async () => {
      const found = await top(['pod', 'web', '--containers'])
      const uses = new Map(
        found?.map(([, container = '', cpu = '', memory = '']) => [container, { milli: Number.parseInt(cpu), mebi: Number.parseInt(memory) }]),
      )
      // The machine may be too busy to give it what it may have, and a first window may begin before the loop does.
      return (uses.get('busy')?.milli ?? 0) >= 50 && (uses.get('holder')?.mebi ?? 0) >= 40 ? uses : undefined
    })
    // A counter that is read late on a busy machine makes a rate too high; without its limit it would have a whole CPU.
    assert.ok(rows.get('busy')!.milli <= 150, `${rows.get('busy')!.milli}m of 100m`)
    assert.ok(rows.get('holder')!.mebi < 80, `${rows.get('holder')!.mebi}Mi of the 40 it holds`)
    assert.ok(rows.get('busy')!.mebi < 32)
    assert.ok(rows.get('talker')!.milli <= 50, 'one that sleeps uses nothing')

    const [node] = (await top(['node']))!
    assert.match(node!.join(' '), /^\S+ \d+m \d+% \d+Mi \d+%$/)
    assert.ok(Number.parseInt(node![1]!) >= rows.get('busy')!.milli / 2, 'the node uses what its containers use, and more')
  })

  it('/stats/summary: writable layers, volumes, logs and processes', async () => {
    const { name } = JSON.parse((await site.kubectl(['get', 'nodes', '-o', 'json'])).stdout).items[0].metadata
    const summary = async () => JSON.parse((await site.kubectl(['get', '--raw', `/api/v1/nodes/${name}/proxy/stats/summary`])).stdout)
    const found = await eventually(async () => {
      const { node, pods } = await summary()
      const web = pods.find(({ podRef }: any) => podRef.name === 'web')
      const holder = web?.containers.find((container: any) => container.name === 'holder')
      const talker = web?.containers.find((container: any) => container.name === 'talker')
      const volume = (wanted: string) => web?.volume.find((each: any) => each.name === wanted)
      const isThere = volume('cache')?.usedBytes >= 8 * MIB && holder?.rootfs.usedBytes >= 4 * MIB && (talker?.logs?.usedBytes ?? 0) > 100_000
      return isThere ? { node, web, holder, volume } : undefined
    })
    const { node, web, holder, volume } = found
    assert.ok(volume('cache').usedBytes < 9 * MIB)
    assert.ok(volume('memory').usedBytes >= 40 * MIB)
    assert.ok(holder.rootfs.usedBytes < 6 * MIB)
    assert.ok(web['ephemeral-storage'].usedBytes >= 12 * MIB && web['ephemeral-storage'].usedBytes < 40 * MIB, 'what is in memory is no storage')
    assert.ok(web.process_stats.process_count >= 4, 'three containers and the pause container')
    assert.ok(node.fs.capacityBytes > node.fs.availableBytes && node.runtime.imageFs.usedBytes > 0 && node.rlimit.curproc > 4)

    const metrics = (await site.kubectl(['get', '--raw', `/api/v1/nodes/${name}/proxy/metrics/resource`])).stdout
    assert.match(metrics, /^container_cpu_usage_seconds_total\{container="busy",namespace="top",pod="web"\} [0-9.]+ \d{13}$/m)
  })
})
