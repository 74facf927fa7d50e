/**
 * A rolling update made by hand: Pods as a cluster records them, a load over them, and the report a check would give. Careless, it
 * loses what is sent between the end of a Pod and the change of the rules; with patience it loses nothing.
 */
import type { PodTimeline } from '../../src/api/kinds/pod_timeline.ts'
import type { TimelineSpan } from '../../src/api/types/pod_timeline.ts'
import { nameSuffix, seededRandom } from '../../src/base/random.ts'
import type { LoadRequest } from '../../src/check/observation.ts'
import type { CheckReport, Finding, Repetition } from '../../src/check/report.ts'
import { podTimeline, span, BEGAN_MS, BEGAN_WALL_MS } from '../../src/timeline/testing/fixtures.ts'

const NODES = ['node-a', 'node-b', 'node-c']
const CHANGE_MS = 12_000

export interface RollingUpdate {
  readonly pods: number
  readonly requests: number
  readonly isCareless: boolean
}

export function rollingUpdate({ pods, requests: count, isCareless }: RollingUpdate): Repetition {
  const random = seededRandom(`rolling update of ${pods}, ${isCareless ? 'careless' : 'patient'}`)
  const between = (from: number, to: number): number => from + random.fraction() * (to - from)
  const surge = Math.max(1, Math.round(pods / 4))
  const timelines: PodTimeline[] = []
  const gone: { name: string; ip: string; exitMs: number; ruleMs: number; node: string }[] = []
  let settledMs = CHANGE_MS
  for (let index = 0; index < pods; index++) {
    const wave = Math.floor(index / surge)
    const node = NODES[index % NODES.length]!
    const oldIp = `10.244.${(index % 3) + 1}.${index + 10}`
    const createdMs = CHANGE_MS + 40 + wave * (isCareless ? 2_900 : 4_600) + between(0, 90)
    const fresh = starting(createdMs, { pull: between(700, 1_400), boot: between(500, 900) })
    const leaveMs = fresh.readyMs + between(30, 80)
    const ending = leaving(leaveMs, { preStopMs: isCareless ? 0 : 2_000, workMs: between(8, 60), lagMs: between(60, 420) })
    const born = starting(between(0, 400), { pull: between(20, 60), boot: between(500, 900) })
    timelines.push(
      podTimeline(`web-5d4f7c9b8-${nameSuffix(random)}`, [...closed(born.spans, leaveMs, ending), ...ending.spans], {
        node,
        ip: oldIp,
        owner: 'ReplicaSet/web-5d4f7c9b8',
        phase: 'Succeeded',
      }),
      podTimeline(`web-7c66bdf4d-${nameSuffix(random)}`, fresh.spans, {
        node,
        ip: `10.244.${(index % 3) + 1}.${index + 110}`,
        owner: 'ReplicaSet/web-7c66bdf4d',
      }),
    )
    gone.push({ name: timelines.at(-2)!.pod.name, ip: oldIp, exitMs: ending.exitMs, ruleMs: ending.ruleMs, node })
    settledMs = Math.max(settledMs, ending.goneMs)
  }
  const endMs = settledMs + 2_500
  const fromMs = 6_000
  const requests = Array.from({ length: count }, (_, id): LoadRequest => {
    const atMs = fromMs + (id * (endMs - fromMs)) / count
    const lagging = gone.filter(({ exitMs, ruleMs }) => atMs > exitMs && atMs < ruleMs)
    const hit = lagging.length > 0 && random.fraction() < Math.max(0.25, lagging.length / pods) ? lagging[0] : undefined
    const dying = gone.find(({ exitMs }) => isCareless && atMs < exitMs && atMs > exitMs - 12 && random.fraction() < 0.6)
    const latency = 1.5 + 4 * random.fraction() ** 4 + (random.fraction() < 0.01 ? between(20, 300) : 0) + (random.fraction() < 0.0015 ? 1_100 : 0)
    const base = {
      id,
      plannedMs: BEGAN_MS + atMs,
      sentMs: BEGAN_MS + atMs + 0.2,
      client: id % 2 ? ('keep-alive' as const) : ('new' as const),
      connection: id % 7,
    }
    const pod = hit ?? dying
    if (hit)
      return {
        ...base,
        endedMs: BEGAN_MS + atMs + 1.1,
        target: { address: hit.ip, port: 8080 },
        outcome: { is: 'failed', symptom: 'refused', during: 'connect' },
      }
    if (pod)
      return { ...base, endedMs: BEGAN_MS + atMs + 9, target: { address: pod.ip, port: 8080 }, outcome: { is: 'failed', symptom: 'reset', during: 'response' } }
    return { ...base, endedMs: BEGAN_MS + atMs + latency, outcome: { is: 'answered', status: 200 } }
  })
  return repetitionOf(requests, timelines, { settledMs, endMs, fromMs, gone })
}

interface Outline {
  readonly settledMs: number
  readonly endMs: number
  readonly fromMs: number
  readonly gone: readonly { name: string; exitMs: number; ruleMs: number; node: string }[]
}

function repetitionOf(requests: readonly LoadRequest[], timelines: readonly PodTimeline[], { settledMs, endMs, fromMs, gone }: Outline): Repetition {
  const failed = (symptom: string) => requests.filter(({ outcome }) => outcome.is === 'failed' && outcome.symptom === symptom).map(({ id }) => id)
  const [refused, reset] = [failed('refused'), failed('reset')]
  const slow = requests.filter(({ outcome, plannedMs, endedMs }) => outcome.is === 'answered' && endedMs - plannedMs > 1_000).length
  const latencies = requests.map(({ plannedMs, endedMs }) => endedMs - plannedMs).sort((a, b) => a - b)
  const at = (share: number): number => latencies[Math.floor(share * (latencies.length - 1))]!
  const [worst] = gone.toSorted((a, b) => b.ruleMs - b.exitMs - (a.ruleMs - a.exitMs))
  const findings: Finding[] = []
  if (refused.length > 0 && worst)
    findings.push({
      cause: 'refused-after-exit',
      summary: `${refused.length} requests were refused: their node still sent them to a Pod whose process had ended.`,
      requests: refused,
      lost: refused.length,
      slow: 0,
      evidence: [
        { atMs: BEGAN_MS + worst.exitMs - 30, text: `${worst.name}: TERM was sent to container web`, pod: worst.name },
        { atMs: BEGAN_MS + worst.exitMs, text: `${worst.name}: exited with code 0, at once; nothing listens on 8080 any more`, pod: worst.name },
        {
          atMs: BEGAN_MS + worst.ruleMs,
          text: `${worst.node}: its rules stopped sending there, ${Math.round(worst.ruleMs - worst.exitMs)} ms later`,
          pod: worst.name,
          node: worst.node,
        },
      ],
      advice: [
        {
          text: 'Let the container go on serving until every node has heard: a preStop hook that sleeps longer than the rules took.',
          patch: {
            kind: 'Deployment',
            name: 'web',
            type: 'strategic',
            body: { spec: { template: { spec: { containers: [{ name: 'web', lifecycle: { preStop: { sleep: { seconds: 5 } } } }] } } } },
          },
        },
      ],
      docs: 'causes.md#refused-after-exit',
    })
  if (reset.length > 0)
    findings.push({
      cause: 'reset-at-term',
      summary: `${reset.length} requests were under way when the process ended at TERM; their connections were reset.`,
      requests: reset,
      lost: reset.length,
      slow: 0,
      evidence: [{ atMs: undefined, text: 'The first process has no handler for TERM (SigCgt in /proc).' }],
      advice: [{ text: 'Handle TERM: stop listening, answer what is under way, then exit.' }],
      docs: 'causes.md#reset-at-term',
    })
  const lost = refused.length + reset.length
  return {
    entrance: { service: 'web', through: 'NodePort', url: 'http://10.0.0.1:30080/', node: 'node-a' },
    change: { rollout: 'restart', workload: 'Deployment/web', beganMs: BEGAN_MS + CHANGE_MS, settledMs: BEGAN_MS + settledMs },
    beganMs: BEGAN_MS + fromMs,
    endedMs: BEGAN_MS + endMs,
    beganWallMs: BEGAN_WALL_MS + fromMs,
    sent: requests.length,
    lost,
    lostBeforeChange: 0,
    slow,
    slowMs: 1_000,
    latencyMs: { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) },
    perClient: { new: { sent: requests.length, lost, slow } },
    findings,
    requests,
    timelines,
  }
}

export function reportOf(repetitions: readonly Repetition[]): CheckReport {
  const lost = repetitions.filter(repetition => repetition.lost > 0).length
  return {
    verdict: lost > 0 ? 'lost' : 'clean',
    files: ['examples/check/web.yaml'],
    site: {
      kind: 'containerd',
      description: '3 nodes, real containers (containerd and runc)',
      blindSpots: ['Which connection of a client a reset belongs to is seen at the client only.'],
    },
    ratePerSecond: 200,
    repetitions,
    lossRate: { lost, of: repetitions.length, low: 0, high: 1 },
  }
}

function starting(at: number, { pull, boot }: { pull: number; boot: number }): { spans: TimelineSpan[]; readyMs: number } {
  const started = at + 260 + pull
  const readyMs = started + boot + 120
  return {
    readyMs,
    spans: [
      span('Scheduling', at, at + 6),
      span('Delivery', at + 6, at + 14),
      span('Volumes', at + 14, at + 34),
      span('Sandbox', at + 34, at + 170),
      span('ImagePull', at + 170, at + 170 + pull, { container: 'web', reason: pull < 100 ? 'AlreadyPresent' : 'Pulled', message: 'poise.dev/server:1' }),
      span('ContainerStart', at + 170 + pull, started, { container: 'web' }),
      span('Container', started, undefined, { container: 'web' }),
      span('Probe', started + 20, started + boot, { container: 'web', probe: 'readiness', result: 'failure', count: 3, message: 'connection refused' }),
      span('Probe', readyMs - 2, undefined, { container: 'web', probe: 'readiness', result: 'success', count: 20 }),
      span('Ready', readyMs, undefined),
      span('Endpoint', started + 15, readyMs + 12, { service: 'web', reason: 'EndpointNotReady' }),
      span('Endpoint', readyMs + 12, undefined, { service: 'web', reason: 'EndpointReady' }),
      ...NODES.map((node, index) => span('RulesProgrammed', readyMs + 12, readyMs + 30 + index * 14, { service: 'web', node, reason: 'EndpointReady' })),
    ],
  }
}

function leaving(at: number, { preStopMs, workMs, lagMs }: { preStopMs: number; workMs: number; lagMs: number }) {
  const termMs = at + 12 + preStopMs
  const exitMs = termMs + workMs
  const ruleMs = at + 20 + lagMs
  const goneMs = exitMs + 190
  return {
    exitMs,
    ruleMs,
    goneMs,
    spans: [
      span('Deletion', at, goneMs),
      span('Terminating', at + 8, exitMs + 150),
      ...(preStopMs > 0 ? [span('PreStop', at + 10, termMs, { container: 'web', reason: 'Completed', message: 'sleep 2 s' })] : []),
      span('Term', termMs, exitMs, { container: 'web', message: 'SIGTERM' }),
      span('SandboxStop', exitMs + 20, exitMs + 150),
      span('Endpoint', at + 18, goneMs, { service: 'web', reason: preStopMs > 0 ? 'EndpointServing' : 'EndpointTerminating' }),
      ...NODES.map((node, index) => span('RulesProgrammed', at + 18, ruleMs - index * 15, { service: 'web', node, reason: 'EndpointTerminating' })),
    ],
  }
}

/** What went on while it lived ends with it. */
const closed = (spans: readonly TimelineSpan[], leaveMs: number, { exitMs }: { exitMs: number }): TimelineSpan[] =>
  spans.map(one => {
    if (one.finishMs !== undefined) return one
    const { type, startMs = 0, startAt: _, ...rest } = one
    const endMs = type === 'Container' ? exitMs : type === 'Endpoint' ? leaveMs + 18 : leaveMs + 5
    return span(type, startMs - BEGAN_MS, endMs, { ...rest, ...(type === 'Container' && { reason: 'Completed', exitCode: 0 }) })
  })
