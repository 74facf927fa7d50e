/**
 * What it costs that the timeline of every Pod is recorded: the CPU of a busy cluster with recording on, beside the same
 * cluster with recording off.
 *
 *   npm run bench -- timeline [slices] [rounds]        about two seconds a slice
 *
 * One seed is one run, so that all do the very same work in virtual time: some 1,000 API writes in each virtual second, by
 * Deployments that are rolled over behind Services on three nodes. A cluster is a process, which pays for its own garbage, that of
 * the threads that collect it too. They take turns, a virtual second each, so that whatever else the machine does meets all of
 * them. What one and the same work differs by from process to process is measured beside it: `off` runs twice.
 * Nothing goes over a socket or to a disk, which makes a write cheaper and the share of recording larger than in a real cluster.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { printMachine, printTable, quantile, spread, whole } from './report.ts'
import type { Collected, Looked, Slice, Word } from './timeline_cluster.ts'

const [slices = 15, rounds = 3] = process.argv.filter(word => /^\d+$/.test(word)).map(Number)
/** Until the code is warm, and as many Pods are remembered as there is room for. */
const WARM_UP_SLICES = 8

const KINDS = ['on', 'off', 'off again'] as const
type Kind = (typeof KINDS)[number]
type Round = Readonly<Record<Kind, readonly Slice[]>>

printMachine()
const taken: Round[] = []
let looked: Looked | undefined
const heapBytes: Record<Kind, number[]> = { on: [], off: [], 'off again': [] }
const sum = (all: readonly Slice[], of: keyof Slice): number => all.reduce((total, slice) => total + slice[of], 0)
const inRound = (all: readonly Slice[], of: 'cpuMs' | 'collectedMs') => (sum(all, of) / sum(all, 'writes')) * 1_000
for (let round = 0; round < rounds; round++) {
  const one = await takeRound(round)
  taken.push(one)
  console.log(`  round ${round + 1}, CPU ms for 1,000 writes: ${KINDS.map(kind => `${kind} ${whole(inRound(one[kind], 'cpuMs'))}`).join(', ')}`)
}

const perThousand = (kind: Kind, of: 'cpuMs' | 'collectedMs') => taken.map(round => inRound(round[kind], of))
const percent = (value: number) => `${(value * 100).toFixed(1)} %`
const writes = sum(taken[0]!.on, 'writes')
printTable(
  `${whole(writes / slices)} API writes in each of ${slices} virtual seconds, ${rounds} times: median (least to most)`,
  ['recording', 'CPU ms for 1,000 writes', 'stood still for the collector', 'MB of heap at the end'],
  KINDS.map(kind => [kind, spread(perThousand(kind, 'cpuMs')), spread(perThousand(kind, 'collectedMs')), spread(heapBytes[kind].map(bytes => bytes / 1e6))]),
)
const cpu = (round: Round, kind: Kind) => sum(round[kind], 'cpuMs')
/** Of all slices of a kind: neighbours on the machine make some dearer, and none cheaper. */
const undisturbed = (kind: Kind) =>
  quantile(
    taken.flatMap(round => round[kind].map(({ cpuMs, writes: done }) => cpuMs / done)),
    0.25,
  )
const total = (kind: Kind) => taken.reduce((all, round) => all + cpu(round, kind), 0)
console.log(`  on costs ${percent((2 * total('on')) / (total('off') + total('off again')) - 1)} more in all`)
console.log(`  off again costs ${percent(total('off again') / total('off') - 1)} more than off, which does the same`)
const beside = (kind: Kind) => percent((2 * undisturbed(kind)) / (undisturbed('off') + undisturbed('off again')) - 1)
console.log(`  in the slices that were disturbed least on costs ${beside('on')} more; off differs from the mean of both by ${beside('off')}`)
console.log(`  ${percent(looked!.cpuShare)} of the samples of a CPU profile and ${percent(looked!.allocatedShare)} of what is allocated are the recorder's`)
console.log(`  ${looked!.timelines} timelines are kept, with ${looked!.spans} spans`)

async function takeRound(round: number): Promise<Round> {
  const clusters = await Promise.all(KINDS.map(async kind => [kind, await begin(kind)] as const))
  const slicesOf: Record<Kind, Slice[]> = { on: [], off: [], 'off again': [] }
  for (let slice = 0; slice < WARM_UP_SLICES + slices; slice++) {
    if (slice === WARM_UP_SLICES) for (const [, cluster] of clusters) await tell(cluster, 'collect')
    // Each is first, second and last equally often.
    const first = (slice + round) % KINDS.length
    for (const [kind, cluster] of [...clusters.slice(first), ...clusters.slice(0, first)]) {
      const one = await tell<Slice>(cluster, 'slice')
      if (slice >= WARM_UP_SLICES) slicesOf[kind].push(one)
    }
    if (new Set(KINDS.map(kind => slicesOf[kind].at(-1)?.writes)).size > 1) throw new Error('recording has changed what happens')
  }
  for (const [kind, cluster] of clusters) {
    const { heapBytes: bytes } = await tell<Collected>(cluster, 'collect')
    heapBytes[kind].push(bytes)
    if (kind === 'on' && round === rounds - 1) looked = await tell<Looked>(cluster, 'look')
    cluster.disconnect()
  }
  return slicesOf
}

async function begin(kind: Kind): Promise<ChildProcess> {
  const cluster = fork(join(import.meta.dirname, 'timeline_cluster.js'), [kind], { execArgv: ['--expose-gc'] })
  await answer(cluster)
  return cluster
}

async function tell<Answer>(cluster: ChildProcess, word: Word): Promise<Answer> {
  const answered = answer(cluster)
  cluster.send(word)
  return (await answered) as Answer
}

function answer(cluster: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`a cluster ended with ${code}`))
    cluster.once('exit', ended)
    cluster.once('message', message => {
      cluster.off('exit', ended)
      resolve(message)
    })
  })
}
