/**
 * The life of Pods over a long time on one node: what runs in them crashes, hangs, runs out of memory and fails its probes,
 * the kubelet dies, the machine reboots, and their user deletes them and makes them again. The seed says when.
 */
import { Pod } from '../../src/api/kinds/pod.ts'
import { isTerminal } from '../../src/api/pod.ts'
import { isReason } from '../../src/api/status.ts'
import type { Random } from '../../src/base/random.ts'
import { startVirtualCluster, type VirtualCluster, type VirtualNode } from '../../src/launch/virtual_cluster.ts'
import { checkStore } from '../../src/sim/checkers/checker.ts'
import { createLives, type Lives } from '../../src/sim/checkers/lives.ts'
import { endsAreWritten } from '../../src/sim/checkers/pods.ts'
import type { Witness } from '../../src/sim/witness.ts'

export interface YearReport {
  readonly hash: string
  readonly days: number
  readonly events: number
  readonly seen: Lives['seen']
  readonly restarts: number
  readonly made: number
  readonly ended: number
  readonly kubeletLives: number
  readonly reboots: number
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Of a year, heartbeats and second looks would be nearly everything: here they come four times a day. */
const CHORES = { labels: /^(every (?!.* probe)|resync |watch |event expiry)/, everyMs: 6 * HOUR_MS }

export async function live({ seed, pods, days }: { seed: string | number; pods: number; days: number }): Promise<YearReport> {
  let witness: Witness = () => undefined
  const virtual = await startVirtualCluster({
    seed,
    world: { eventsMax: 100_000_000, traceLinesMax: 20_000, chores: CHORES },
    runtime: { images: ['busybox:1'], witness: event => witness(event) },
  })
  const { world, store } = virtual
  const lives = createLives(world, { isPreStop: command => command.includes(HOOK) })
  witness = lives.witness
  checkStore(world, store, [lives.checker, endsAreWritten()])
  const count = { made: 0, ended: 0, restarts: 0, kubeletLives: 1, reboots: 0 }
  const phases = store.watch('/pods/', store.revision, ({ stored, previous }) => {
    if (!previous) count.made++
    if (stored && isTerminal(stored.value as Pod) && previous && !isTerminal(previous.value as Pod)) count.ended++
    if (!stored) for (const { restartCount } of (previous!.value as Pod).status.containerStatuses ?? []) count.restarts += restartCount
  })

  const random = world.random.fork('year')
  const node = [...virtual.nodes.values()][0]!
  for (let i = 0; i < pods; i++) user(virtual, `pod-${i}`, KINDS[i % KINDS.length]!, random.fork(`user/${i}`))
  misfortune(virtual, node, lives, { pods, random: random.fork('misfortune'), count })
  await world.advance(days * DAY_MS)
  phases.stop()
  await virtual.stop()
  return { hash: world.trace.hash(), days, events: world.events, seen: lives.seen, ...count }
}

/** Makes the Pod, makes it again a while after it has ended, and now and then deletes it. */
function user({ world, client }: VirtualCluster, name: string, kind: Kind, random: Random): void {
  const key = { namespace: 'default', name }
  const later = (meanMs: number, what: string, act: () => void) => world.schedule(exponential(random, meanMs), act, `user ${what} ${name}`)
  const create = () => void client.create(Pod, { metadata: key, spec: kind.spec } as never).catch(tolerate)
  const look = () =>
    void client
      .get(Pod, key)
      .then(pod => (isTerminal(pod) ? client.delete(Pod, key).then(() => undefined) : undefined))
      .catch((error: unknown) => {
        if (isReason(error, 'NotFound')) create()
      })
      .finally(() => later(4 * HOUR_MS, 'looks after', look))
  const remove = () => {
    void client.delete(Pod, key, random.below(3) === 0 ? { gracePeriodSeconds: 1 + random.below(10) } : {}).catch(tolerate)
    later(10 * DAY_MS, 'deletes', remove)
  }
  create()
  later(4 * HOUR_MS, 'looks after', look)
  later(10 * DAY_MS, 'deletes', remove)
}

interface Trouble {
  readonly pods: number
  readonly random: Random
  readonly count: { kubeletLives: number; reboots: number }
}

function misfortune({ world }: VirtualCluster, node: VirtualNode, lives: Lives, { pods, random, count }: Trouble): void {
  const again = (meanMs: number, what: string, act: () => void) => {
    const happen = () => {
      act()
      world.schedule(exponential(random, meanMs), happen, what)
    }
    world.schedule(exponential(random, meanMs), happen, what)
  }
  // The kubelet's own connection dies with it.
  const runtime = node.runtime.connect(world.host('misfortune'))
  const withVictim = (act: (id: string) => void) => () =>
    void runtime.listContainers().then(all => {
      const running = all.filter(({ state }) => state === 'running')
      const victim = running[random.below(Math.max(1, running.length))]
      if (victim) act(victim.id)
    })
  const ofEach = (meanMs: number) => meanMs / pods

  again(
    ofEach(12 * HOUR_MS),
    'a container is killed',
    withVictim(id => node.runtime.killContainer(id)),
  )
  again(
    ofEach(3 * DAY_MS),
    'a container runs out of memory',
    withVictim(id => node.runtime.outOfMemory(id)),
  )
  again(
    ofEach(2 * DAY_MS),
    'a container falls ill',
    withVictim(id => void runtime.execSync(id, ['touch', '/tmp/ill'], 10_000).catch(() => undefined)),
  )
  // A bad hour: what starts is killed again, so that back-offs grow.
  again(ofEach(10 * DAY_MS), 'a bad hour', () => {
    for (let i = 0; i < 25; i++)
      world.schedule(
        random.below(HOUR_MS),
        withVictim(id => node.runtime.killContainer(id)),
        'a container is killed',
      )
  })
  again(7 * DAY_MS, 'the kubelet dies', () => crash(() => undefined))
  again(45 * DAY_MS, 'the machine reboots', () =>
    crash(() => {
      count.reboots++
      node.runtime.rebootMachine()
    }),
  )

  function crash(then: () => void): void {
    if (!world.host(node.name).up) return
    node.crash()
    then()
    lives.kubeletDied()
    count.kubeletLives++
    world.schedule(
      1_000 + random.below(120_000),
      () => void node.restart().then(() => world.schedule(120_000, () => lives.settled(), 'settled')),
      'the kubelet starts',
    )
  }
}

const tolerate = (error: unknown): void => {
  if (!isReason(error, 'NotFound') && !isReason(error, 'AlreadyExists') && !isReason(error, 'Conflict')) throw error
}

/** Such that it happens once in `meanMs`, and no more often now than later. */
const exponential = (random: Random, meanMs: number): number => Math.ceil(-Math.log((random.below(1_000_000) + 1) / 1_000_001) * meanMs)

interface Kind {
  readonly spec: object
}

const HOOK = 'farewell'
const sh = (name: string, script: string, rest: object = {}) => ({ name, image: 'busybox:1', command: ['sh', '-c', script], ...rest })
const serve = "trap 'exit 0' TERM; sleep 100000000 & wait"
/** It does not hear TERM, and is killed each time. */
const deaf = 'sleep 100000000; true'
const hasHook = { lifecycle: { preStop: { exec: { command: ['sh', '-c', 'sleep 2', HOOK] } } } }
const probe = (periodSeconds: number, rest: object = {}) => ({ exec: { command: ['sh', '-c', '! test -e /tmp/ill'] }, periodSeconds, ...rest })
const spec = (rest: object) => ({ spec: { automountServiceAccountToken: false, terminationGracePeriodSeconds: 10, ...rest } })

const KINDS: readonly Kind[] = [
  // Everything at once.
  spec({
    initContainers: [sh('prepare', 'sleep 3'), sh('helper', deaf, { restartPolicy: 'Always', ...hasHook })],
    containers: [
      sh('main', serve, {
        ...hasHook,
        startupProbe: probe(5, { failureThreshold: 30 }),
        livenessProbe: probe(3_600, { terminationGracePeriodSeconds: 5 }),
        readinessProbe: probe(3_600),
      }),
    ],
  }),
  spec({ containers: [sh('deaf', deaf, { livenessProbe: probe(3_600), ...hasHook })] }),
  // It crashes by itself: an ordinary crash loop, all year.
  spec({ containers: [sh('loops', 'sleep 7000; exit 1')] }),
  // It ends well after a day, and is run again until it does.
  spec({ restartPolicy: 'OnFailure', containers: [sh('job', 'sleep 86400; exit 0'), sh('other', 'sleep 600; exit 0')] }),
  // Whatever happens to it is its end.
  spec({ restartPolicy: 'Never', containers: [sh('once', 'sleep 172800; exit 0')], initContainers: [sh('prepare', 'sleep 1')] }),
]
