/** The numbers of the scores, worked out by hand from their formulas (behaviour 7.4). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node } from '../api/kinds/node.ts'
import type { Pod } from '../api/kinds/pod.ts'
import { demandOf } from './demand.ts'
import type { NodeInfo } from './node_info.ts'
import { DEFAULT_PROFILE, profileOf } from './profiles.ts'
import { questionOf } from './question.ts'
import { scoreNodes } from './score.ts'
import { scoreImages } from './score_images.ts'
import { scoreInterPodAffinity, scoreTopologySpread } from './score_topology.ts'
import { createSnapshotKeeper } from './snapshot.ts'

const MI = 1024 * 1024
const HOSTNAME = 'kubernetes.io/hostname'

const node = (name: string, labels: Record<string, string> = {}, images: object[] = []): Node =>
  ({
    metadata: { name, labels: { [HOSTNAME]: name, ...labels } },
    spec: {},
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110' }, images },
  }) as unknown as Node

let count = 0
const pod = (spec: object = {}, nodeName?: string): Pod =>
  ({
    metadata: { uid: `uid-${count++}`, name: 'web', namespace: 'default', labels: { app: 'web' } },
    status: {},
    spec: { containers: [{ name: 'main', image: 'nginx', resources: {} }], ...spec, ...(nodeName && { nodeName }) },
  }) as unknown as Pod

function cluster(nodes: readonly Node[], running: readonly Pod[] = []) {
  const keeper = createSnapshotKeeper()
  for (const one of nodes) keeper.setNode(one.metadata.name!, one)
  for (const one of running) keeper.setPod(one.metadata.uid!, one)
  const snapshot = keeper.snapshot()
  const infos = nodes.map(({ metadata }) => snapshot.node(metadata.name!)!) as NodeInfo[]
  const question = (wanted: Pod) => questionOf(demandOf(wanted), snapshot)
  return { snapshot, infos, question }
}

test('an image counts by its size and by how many nodes have it', () => {
  const nginx = (sizeBytes: number) => [{ names: ['nginx:latest', 'nginx@sha256:0'], sizeBytes }]
  const { infos, question, snapshot } = cluster([node('a', {}, nginx(500 * MI)), node('b'), node('c', {}, nginx(20 * MI)), node('d')])
  // 500 MiB on two nodes of four: 100 * (250 - 23) / (1000 - 23).
  assert.deepEqual(scoreImages(question(pod()), infos, snapshot), [23, 0, 0, 0])
  const withDigest = pod({ containers: [{ name: 'main', image: 'nginx@sha256:0', resources: {} }] })
  assert.deepEqual(scoreImages(question(withDigest), infos, snapshot), [23, 0, 0, 0])
  assert.equal(scoreImages(question(pod({ containers: [{ name: 'main', image: 'other', resources: {} }] })), infos, snapshot), undefined)
})

test('spread: counts weighed by the number of domains, turned round', () => {
  const constraint = { topologyKey: 'zone', maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway', labelSelector: { matchLabels: { app: 'web' } } }
  const running = [pod({}, 'a1'), pod({}, 'a1'), pod({}, 'b1')]
  const { infos, question, snapshot } = cluster(
    [node('a1', { zone: 'a' }), node('a2', { zone: 'a' }), node('b1', { zone: 'b' }), node('c1', { zone: 'c' }), node('none')],
    running,
  )
  // Three zones: weight ln 5 = 1.609, so 3, 3, 2 and 0 rounded; 100 * (3 + 0 - x) / 3. A node without a zone gets nothing.
  assert.deepEqual(scoreTopologySpread(question(pod({ topologySpreadConstraints: [constraint] })), infos, snapshot), [0, 0, 33, 100, 0])
  const nobody = { ...constraint, labelSelector: { matchLabels: { app: 'nobody' } } }
  assert.deepEqual(scoreTopologySpread(question(pod({ topologySpreadConstraints: [nobody] })), infos, snapshot), [100, 100, 100, 100, 0])
})

test('affinity between Pods: weights summed up over both sides, from the least to the most', () => {
  const preferring = (side: string, weight: number) => ({
    affinity: {
      [side]: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight, podAffinityTerm: { topologyKey: HOSTNAME, labelSelector: { matchLabels: { app: 'web' } } } },
        ],
      },
    },
  })
  const requiring = {
    affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: HOSTNAME, labelSelector: { matchLabels: { app: 'web' } } }] } },
  }
  const running = [pod({}, 'a'), pod({}, 'a'), pod(preferring('podAntiAffinity', 30), 'b'), pod(requiring, 'c')]
  const { infos, question, snapshot } = cluster([node('a'), node('b'), node('c'), node('d')], running)
  // a: 2 * 10. b: 10 - 30. c: 10 + 1. d: 0.
  assert.deepEqual(scoreInterPodAffinity(question(pod(preferring('podAffinity', 10))), infos, snapshot), [100, 0, 77, 50])
  assert.deepEqual(scoreInterPodAffinity(question(pod()), infos, snapshot), [96, 0, 100, 96], 'also when only the others have a wish')
})

test('a profile weighs the scores, and packs instead of spreading', () => {
  const busy = pod({ containers: [{ name: 'main', image: 'nginx', resources: { requests: { cpu: '2', memory: '4Gi' } } }] }, 'a')
  const { infos, question, snapshot } = cluster([node('a'), node('b')], [busy])
  const only = { TaintToleration: 0, NodeAffinity: 0, PodTopologySpread: 0, InterPodAffinity: 0, NodeResourcesBalancedAllocation: 0, ImageLocality: 0 }
  const wanted = question(pod())
  // 100m of 4 cores and 200 of 8,192 MiB on top: 47 and 47 free on a, 97 and 97 on b.
  assert.deepEqual(scoreNodes(wanted, infos, snapshot, profileOf({ schedulerName: 'x', weights: only })), [47, 97])
  assert.deepEqual(scoreNodes(wanted, infos, snapshot, profileOf({ schedulerName: 'x', weights: only, packing: 'MostAllocated' })), [52, 2])
  assert.deepEqual(scoreNodes(wanted, infos, snapshot, DEFAULT_PROFILE), [147, 197], 'both are balanced')
})
