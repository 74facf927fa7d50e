/**
 * A seed draws everything: how many nodes and Pods, what runs in them, and what goes wrong. Two phases, as in life:
 * safety (the invariants hold while things fail) and liveness (once they are mended, everything comes to rest as asked).
 */
import assert from 'node:assert/strict'
import { Pod } from '../../src/api/kinds/pod.ts'
import { isReady } from '../../src/api/pod.ts'
import type { Random } from '../../src/base/random.ts'
import { startVirtualCluster, type VirtualCluster } from '../../src/launch/virtual_cluster.ts'

export interface SwarmResult {
  readonly hash: string
  readonly lines: readonly string[]
  readonly events: number
  readonly virtualMs: number
  readonly pods: number
}

const STORM_MS = 300_000
/** The longest back-off of a crash loop is five minutes, and its container may crash once more after the storm. */
const CALM_MS = 900_000

/** The busiest workload is probed every five seconds; a loop that retries without waiting stands out by far. */
const EVENTS_PER_POD_SECOND_MAX = 5

export async function swarm(seed: number): Promise<SwarmResult> {
  const nodes = 1 + (seed % 3)
  const virtual = await startVirtualCluster({ seed, nodes })
  const { world, client } = virtual
  const random = world.random.fork('swarm')
  const names = Array.from({ length: 4 + random.below(8) }, (_, i) => `pod-${i}`)
  const kinds = new Map(names.map(name => [name, WORKLOADS[random.below(WORKLOADS.length)]!]))

  for (const [name, kind] of kinds) world.schedule(random.below(60_000), () => void client.create(Pod, podOf(name, kind)), `user creates ${name}`)
  const doomed = names.filter(() => random.below(4) === 0)
  for (const name of doomed)
    world.schedule(60_000 + random.below(STORM_MS - 60_000), () => void client.delete(Pod, { namespace: 'default', name }), `user deletes ${name}`)
  storm(virtual, random.fork('storm'))
  await world.advance(STORM_MS)

  for (const node of virtual.nodes.values()) {
    node.link.mend()
    node.link.setFaults({})
    if (!world.host(node.name).up) await world.finish(node.restart())
  }
  await world.advance(CALM_MS)

  const pods = (await world.finish(client.list(Pod, { namespace: 'default' }))).items
  assert.deepEqual(
    pods.map(({ metadata }) => metadata.name!).toSorted(),
    names.filter(name => !doomed.includes(name)).toSorted(),
    'who was deleted is gone, and nobody else',
  )
  for (const pod of pods) kinds.get(pod.metadata.name!)!.check(pod)
  await virtual.stop()
  const perPodSecond = world.events / names.length / (world.now() / 1_000)
  assert.ok(perPodSecond < EVENTS_PER_POD_SECOND_MAX, `somebody spins: ${perPodSecond.toFixed(1)} events for each Pod and second`)
  return { hash: world.trace.hash(), lines: world.trace.lines, events: world.events, virtualMs: world.now(), pods: names.length }
}

/** Crashes, lost messages and killed containers, at times the seed chooses. */
function storm({ world, nodes }: VirtualCluster, random: Random): void {
  for (const node of nodes.values()) {
    node.link.setFaults({
      loseRequest: [random.below(3), 100],
      loseReply: [random.below(3), 100],
      cutWatch: [random.below(2), 200],
      slow: { ratio: [1, 20], ms: 500 },
    })
    for (let i = random.below(3); i > 0; i--) {
      const at = random.below(STORM_MS - 40_000)
      world.schedule(at, () => node.crash(), `crash of ${node.name}`)
      world.schedule(
        at + 1 + random.below(30_000),
        () => {
          if (!world.host(node.name).up) void node.restart()
        },
        `restart of ${node.name}`,
      )
    }
    for (let i = random.below(4); i > 0; i--) {
      world.schedule(
        random.below(STORM_MS),
        () =>
          void node.runtime.listContainers().then(all => {
            const running = all.filter(({ state }) => state === 'running')
            const victim = running[random.below(Math.max(1, running.length))]
            if (victim && world.host(node.name).up) node.runtime[random.below(2) === 0 ? 'killContainer' : 'outOfMemory'](victim.id)
          }),
        `killer on ${node.name}`,
      )
    }
  }
}

interface Workload {
  readonly spec: Partial<Pod['spec']>
  readonly container: object
  /** What must be true of it when everything has come to rest. */
  check(pod: Pod): void
}

const serves = (pod: Pod) => assert.ok(pod.status.phase === 'Running' && isReady(pod), `${pod.metadata.name}: ${JSON.stringify(pod.status)}`)
const ended = (phase: string) => (pod: Pod) => assert.equal(pod.status.phase, phase, `${pod.metadata.name}: ${JSON.stringify(pod.status)}`)
const terminal = (pod: Pod) => assert.match(pod.status.phase ?? '', /Succeeded|Failed/, `${pod.metadata.name}: ${JSON.stringify(pod.status)}`)
const sh = (script: string) => ({ image: 'busybox', command: ['sh', '-c', script] })

const WORKLOADS: readonly Workload[] = [
  { spec: {}, container: { image: 'nginx:1.12-alpine', readinessProbe: { httpGet: { port: 80 }, periodSeconds: 5 } }, check: serves },
  { spec: { terminationGracePeriodSeconds: 5 }, container: sh('sleep 36000'), check: serves },
  { spec: {}, container: sh("trap 'exit 0' TERM; while true; do sleep 1; done"), check: serves },
  {
    spec: {},
    container: { ...sh('touch /tmp/ok; sleep 36000'), livenessProbe: { exec: { command: ['test', '-e', '/tmp/ok'] }, periodSeconds: 5 } },
    check: serves,
  },
  { spec: { restartPolicy: 'OnFailure' }, container: sh('sleep 20; exit 0'), check: ended('Succeeded') },
  { spec: { restartPolicy: 'Never' }, container: sh('sleep 15; exit 3'), check: terminal },
  { spec: {}, container: sh('sleep 3; exit 1'), check: pod => assert.ok(pod.status.containerStatuses![0]!.restartCount >= 3) },
]

function podOf(name: string, { spec, container }: Workload): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { ...spec, containers: [{ name: 'main', ...container }] },
  } as unknown as Pod
}
