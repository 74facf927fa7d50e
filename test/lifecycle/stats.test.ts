/** § metrics: what the kubelet says of its node and Pods, and what metrics.k8s.io makes of it, to the instant. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NodeMetrics } from '../../src/api/kinds/node_metrics.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { PodMetrics } from '../../src/api/kinds/pod_metrics.ts'
import { quantityMilli } from '../../src/api/quantity.ts'
import { isReason } from '../../src/api/status.ts'
import { administrator } from '../../src/cluster/identities.ts'
import { startVirtualCluster, type VirtualCluster } from '../../src/launch/virtual_cluster.ts'

const MIB = 2 ** 20
const NODE = 'node-0'

const container = (name: string, more: object = {}) => ({ name, image: 'busybox:1', command: ['sleep', '100000'], ...more })

async function begin() {
  const cluster = await startVirtualCluster({ seed: 'stats', runtime: { images: ['busybox:1'] } })
  const { client, run } = cluster
  return {
    cluster,
    create: (name: string, spec: object, annotations: Record<string, string> = {}) =>
      run(client.create(Pod, { metadata: { name, namespace: 'default', annotations }, spec } as never)),
    /** Undefined: not found. */
    podMetrics: (name: string) =>
      run(
        client.get(PodMetrics, { namespace: 'default', name }).catch((error: unknown) => {
          if (isReason(error, 'NotFound')) return undefined
          throw error
        }),
      ),
    nodeMetrics: async () => (await run(client.list(NodeMetrics))).items,
  }
}

async function ask(cluster: VirtualCluster, path: string): Promise<any> {
  const [plain, query] = path.split('?')
  const request = {
    method: 'GET',
    query: new URLSearchParams(query),
    headers: {},
    body: { is: 'none' },
    user: administrator,
    signal: new AbortController().signal,
  } as const
  const { status, body } = await cluster.run(cluster.cluster.handle({ ...request, path: `/api/v1/nodes/${NODE}/proxy${plain}` }))
  assert.equal(status, 200)
  if (body.is === 'object') return body.object
  assert.ok(body.is === 'bytes')
  return new TextDecoder().decode(body.bytes)
}

const running = async ({ cluster }: Awaited<ReturnType<typeof begin>>, name: string) => {
  await cluster.until(() => cluster.nodes.get(NODE)!.runtime.usage().processes > 0)
  for (;;) {
    const pod = await cluster.run(cluster.client.get(Pod, { namespace: 'default', name }))
    if (pod.status.containerStatuses?.every(({ state }) => state?.running)) return pod
    await cluster.advance(100)
  }
}

const SCRAPE_MS = 15_000

test('§ metrics: a Pod has no metrics until its containers have been read twice, 15 seconds apart', async () => {
  const story = await begin()
  const { cluster, podMetrics } = story
  await using _ = cluster
  await story.create('web', { containers: [container('main')] }, { 'simulate.poise.dev/main': 'cpu=0.4,memory=64Mi' })
  await running(story, 'web')
  const startedAt = cluster.world.now()
  let found: PodMetrics | undefined
  while (!(found = await podMetrics('web'))) {
    assert.ok(cluster.world.now() - startedAt < 2 * SCRAPE_MS + 1_000, 'two readings take no longer')
    await cluster.advance(100)
  }
  assert.ok(cluster.world.now() - startedAt >= SCRAPE_MS, 'one reading is not enough')
  const windowSeconds = Number.parseFloat(found.window)
  assert.ok(windowSeconds >= 15 && windowSeconds < 15.1, found.window)
  assert.deepEqual(
    found.containers.map(({ name, usage }) => [name, usage.memory]),
    [['main', '64Mi']],
  )
  // Its own 400m, and what any container takes for being there. A quantity counts in whole thousandths and rounds up.
  const milli = quantityMilli(String(found.containers[0]!.usage.cpu))
  assert.ok(milli === 401 || milli === 402, `${milli}`)
})

test('§ metrics: a container that is restarted counts from its new beginning, and the Pod has no metrics meanwhile', async () => {
  const story = await begin()
  const { cluster, podMetrics } = story
  await using _ = cluster
  await story.create('web', { containers: [container('main'), container('other')] })
  const pod = await running(story, 'web')
  await cluster.advance(3 * SCRAPE_MS)
  assert.equal((await podMetrics('web'))?.containers.length, 2)
  const id = pod.status.containerStatuses!.find(({ name }) => name === 'main')!.containerID!.replace(/^.*:\/\//, '')
  cluster.world.schedule(1, () => cluster.nodes.get(NODE)!.runtime.killContainer(id))
  await cluster.advance(SCRAPE_MS)
  assert.equal(await podMetrics('web'), undefined)
  await cluster.advance(3 * SCRAPE_MS)
  assert.equal((await podMetrics('web'))?.containers.length, 2)
})

test('§ metrics: a container uses no more CPU than its limit', async () => {
  const story = await begin()
  const { cluster } = story
  await using _ = cluster
  const limited = { resources: { limits: { cpu: '250m' } } }
  await story.create(
    'hog',
    {
      containers: [
        container('says-so', limited),
        container('loops', { ...limited, command: ['sh', '-c', 'while :; do :; done'] }),
        container('waits', { ...limited, command: ['sh', '-c', 'while :; do sleep 1; done'] }),
      ],
    },
    { 'simulate.poise.dev/says-so': 'cpu=3' },
  )
  await running(story, 'hog')
  await cluster.advance(3 * SCRAPE_MS)
  const { containers } = (await story.podMetrics('hog'))!
  const milli = new Map(containers.map(({ name, usage }) => [name, quantityMilli(String(usage.cpu))]))
  for (const busy of ['says-so', 'loops']) assert.ok([250, 251].includes(milli.get(busy)!), `${busy}: ${milli.get(busy)}`)
  assert.ok(milli.get('waits')! <= 3, `${milli.get('waits')}`)
})

test('§ metrics: a node whose kubelet has died has no metrics; it has them again after two readings', async () => {
  const story = await begin()
  const { cluster, nodeMetrics } = story
  await using _ = cluster
  await cluster.advance(3 * SCRAPE_MS)
  assert.deepEqual(
    (await nodeMetrics()).map(({ metadata, usage }) => [metadata.name, usage.memory]),
    [[NODE, '512Mi']],
  )
  cluster.world.schedule(1, () => cluster.nodes.get(NODE)!.crash())
  await cluster.advance(SCRAPE_MS + 10_000)
  assert.deepEqual(await nodeMetrics(), [])
  await cluster.run(cluster.nodes.get(NODE)!.restart())
  await cluster.advance(3 * SCRAPE_MS)
  assert.equal((await nodeMetrics()).length, 1)
})

test('§ stats: the summary tells of the node, and of containers, volumes and logs of its Pods', async () => {
  const story = await begin()
  const { cluster } = story
  await using _ = cluster
  // 48 894 bytes, and 8 893: in blocks of 4 KiB, 12 and 3.
  const write = 'i=0; while [ $i -lt 100 ]; do echo line $i; i=$((i+1)); done; seq 1 10000 > /cache/file; seq 1 2000 > /tmp/own; sleep 100000'
  await story.create('web', {
    volumes: [{ name: 'cache', emptyDir: {} }],
    containers: [container('main', { command: ['sh', '-c', write], volumeMounts: [{ name: 'cache', mountPath: '/cache' }] })],
  })
  await running(story, 'web')
  await cluster.advance(10_000)
  await ask(cluster, '/stats/summary')
  // What directories hold is counted after somebody has asked.
  await cluster.advance(1_000)
  const { node, pods } = await ask(cluster, '/stats/summary')
  assert.equal(node.nodeName, NODE)
  assert.equal(node.memory.availableBytes + node.memory.workingSetBytes, 8192 * MIB)
  assert.equal(node.fs.availableBytes + node.fs.usedBytes, node.fs.capacityBytes)
  assert.ok(node.runtime.imageFs.usedBytes > 0 && node.rlimit.curproc > 0 && node.rlimit.maxpid > node.rlimit.curproc)
  const [web] = pods
  assert.equal(web.podRef.name, 'web')
  const [main] = web.containers
  assert.equal(main.name, 'main')
  assert.ok(main.cpu.usageCoreNanoSeconds > 0 && main.memory.workingSetBytes > 0)
  const cache = web.volume.find(({ name }: any) => name === 'cache')
  assert.deepEqual([cache.usedBytes, cache.inodesUsed], [4096 + 12 * 4096, 2])
  assert.ok(main.logs.usedBytes >= 8192, `${main.logs.usedBytes}`)
  assert.equal(main.rootfs.usedBytes, 24_576 + 3 * 4096)
  assert.equal(web.process_stats.process_count, 2)

  const usageOnly = await ask(cluster, '/stats/summary?only_cpu_and_memory=true')
  assert.deepEqual(Object.keys(usageOnly.pods[0].containers[0]).toSorted(), ['cpu', 'memory', 'name', 'startTime'])
})

test('§ stats: /metrics/resource has the counters under the names of Kubernetes, with the times of their readings', async () => {
  const story = await begin()
  const { cluster } = story
  await using _ = cluster
  await story.create('web', { containers: [container('main')] }, { 'simulate.poise.dev/main': 'memory=64Mi' })
  await running(story, 'web')
  const text: string = await ask(cluster, '/metrics/resource')
  const at = '\\d{13}'
  for (const line of [
    `container_cpu_usage_seconds_total\\{container="main",namespace="default",pod="web"\\} [0-9.e-]+ ${at}`,
    `container_memory_working_set_bytes\\{container="main",namespace="default",pod="web"\\} ${64 * MIB} ${at}`,
    `container_start_time_seconds\\{container="main",namespace="default",pod="web"\\} \\d{10}(\\.\\d+)?`,
    `node_memory_working_set_bytes \\d+ ${at}`,
    `pod_memory_working_set_bytes\\{namespace="default",pod="web"\\} ${64 * MIB} ${at}`,
    'resource_scrape_error 0',
  ])
    assert.match(text, new RegExp(`^${line}$`, 'm'))
})
