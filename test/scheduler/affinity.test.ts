/** Affinity between Pods and topology spread, over a whole cluster in virtual time (behaviour 7.3 and 7.4). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Namespace } from '../../src/api/kinds/namespace.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { ReplicaSet } from '../../src/api/kinds/replica_set.ts'
import { Service } from '../../src/api/kinds/service.ts'
import { begin, farFrom, HOSTNAME, near, spreadOver, ZONE, type Site } from './site.ts'

const web = { app: 'web' }
const HELPLESS = (n: number) => `no new claims to deallocate, preemption: 0/${n} nodes are available: ${n} Preemption is not helpful for scheduling.`
const NO_VICTIMS = (n: number) => `no new claims to deallocate, preemption: 0/${n} nodes are available: ${n} No preemption victims found for incoming pod.`

test('Pods that keep away from each other get a node each, and one too many waits until one of them is gone', async () => {
  const site = await begin({ seed: 1, nodes: 3 })
  const wishes = { labels: web, affinity: farFrom('web'), terminationGracePeriodSeconds: 2 }
  const nodes = [await site.place('a', wishes), await site.place('b', wishes), await site.place('c', wishes)]
  assert.equal(new Set(nodes).size, 3)
  assert.equal(await site.failToPlace('d', wishes), `0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules. ${NO_VICTIMS(3)}`)
  await site.running('b')
  await site.delete('b')
  await site.until('d', ({ spec }) => spec.nodeName === nodes[1])
  assert.equal(await site.find('b'), undefined, 'until it is gone it counts')
  await site.cluster.stop()
})

test('anti-affinity holds both ways: who says nothing is kept away too', async () => {
  const site = await begin({ seed: 2 })
  await site.place('loner', { affinity: farFrom('web') })
  assert.equal(
    await site.failToPlace('web', { labels: web }),
    `0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules. ${NO_VICTIMS(1)}`,
  )
  await site.place('other', { labels: { app: 'other' } })
  await site.delete('loner', 0)
  await site.until('web', ({ spec }) => spec.nodeName !== undefined)
  await site.cluster.stop()
})

test('a Pod that wants to be near another waits for it, and follows it into its zone', async () => {
  const site = await begin({ seed: 3, nodes: 3 })
  await site.label('node-0', { [ZONE]: 'a' })
  await site.label('node-1', { [ZONE]: 'b' })
  assert.equal(
    await site.failToPlace('follower', { affinity: near('web', ZONE) }),
    `0/3 nodes are available: 3 node(s) didn't match pod affinity rules. ${HELPLESS(3)}`,
  )
  await site.place('web', { labels: web, nodeSelector: { [HOSTNAME]: 'node-1' } })
  await site.until('follower', ({ spec }) => spec.nodeName === 'node-1')
  await site.cluster.stop()
})

test('the first of those who want to be together may go anywhere that has the topology', async () => {
  const site = await begin({ seed: 4, nodes: 3 })
  for (const name of ['node-1', 'node-2']) await site.label(name, { [ZONE]: 'b' })
  const wishes = { labels: web, affinity: near('web', ZONE) }
  for (const name of ['a', 'b', 'c', 'd']) assert.notEqual(await site.place(name, wishes), 'node-0')
  await site.cluster.stop()
})

test('a term speaks of its own namespace, of those it names, or of those whose labels it selects', async () => {
  const site = await begin({ seed: 5 })
  const { run, client } = site
  for (const [name, team] of [
    ['red', 'x'],
    ['blue', 'y'],
  ] as const)
    await run(client.create(Namespace, { metadata: { name, labels: { team } } }))
  await site.advance(1_000)
  await site.create('web', { labels: web, namespace: 'red' })
  await site.advance(1_000)
  await site.place('own', { affinity: farFrom('web') })
  await site.place('other-team', { affinity: farFrom('web', HOSTNAME, { namespaceSelector: { matchLabels: { team: 'y' } } }) })
  const waits = /^0\/1 nodes are available: 1 node\(s\) didn't match pod anti-affinity rules\. /
  assert.match(await site.failToPlace('named', { affinity: farFrom('web', HOSTNAME, { namespaces: ['red'] }) }), waits)
  assert.match(await site.failToPlace('selected', { affinity: farFrom('web', HOSTNAME, { namespaceSelector: { matchLabels: { team: 'x' } } }) }), waits)
  assert.match(await site.failToPlace('everywhere', { affinity: farFrom('web', HOSTNAME, { namespaceSelector: {} }) }), waits)
  await run(client.patch(Namespace, { namespace: '', name: 'red' }, { type: 'merge', body: { metadata: { labels: { team: 'z' } } } }))
  await site.until('selected', ({ spec }) => spec.nodeName !== undefined)
  assert.equal(await site.nodeOf('everywhere'), undefined)
  await site.cluster.stop()
})

test('matchLabelKeys keep generations apart: a new one does not keep away from the old one', async () => {
  const site = await begin({ seed: 6 })
  const affinity = farFrom('web', HOSTNAME, { matchLabelKeys: ['generation'] })
  await site.place('old', { labels: { ...web, generation: '1' }, affinity })
  await site.place('new', { labels: { ...web, generation: '2' }, affinity })
  const [term] = (await site.get('new')).spec.affinity!.podAntiAffinity!.requiredDuringSchedulingIgnoredDuringExecution!
  assert.deepEqual(term!.labelSelector, { matchLabels: web, matchExpressions: [{ key: 'generation', operator: 'In', values: ['2'] }] })
  assert.match(await site.failToPlace('newer', { labels: { ...web, generation: '2' }, affinity }), /anti-affinity rules/)
  const mismatch = farFrom('web', HOSTNAME, { mismatchLabelKeys: ['generation'] })
  assert.match(await site.failToPlace('exclusive', { labels: { ...web, generation: '3' }, affinity: mismatch }), /anti-affinity rules/)
  await site.cluster.stop()
})

test('Pods are spread over zones no more unevenly than they say, and an empty zone that appears is filled', async () => {
  const site = await begin({ seed: 7, nodes: 3 })
  for (const [name, zone] of [
    ['node-0', 'a'],
    ['node-1', 'a'],
    ['node-2', 'b'],
  ] as const)
    await site.label(name, { [ZONE]: zone })
  await site.cordon('node-2')
  const wishes = { labels: web, topologySpreadConstraints: [spreadOver(ZONE)] }
  assert.match(await site.place('a', wishes), /node-[01]/)
  const message = await site.failToPlace('b', wishes)
  assert.equal(
    message,
    "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't match pod topology spread constraints. no new claims to deallocate, " +
      'preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.',
  )
  await site.cordon('node-2', false)
  await site.until('b', ({ spec }) => spec.nodeName === 'node-2')
  await site.cluster.stop()
})

test('a node without the topology key takes no Pod that is to be spread by it', async () => {
  const site = await begin({ seed: 8 })
  assert.equal(
    await site.failToPlace('a', { labels: web, topologySpreadConstraints: [spreadOver(ZONE)] }),
    `0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints (missing required label). ${HELPLESS(1)}`,
  )
  await site.label('node-0', { [ZONE]: 'a' })
  await site.until('a', ({ spec }) => spec.nodeName === 'node-0')
  await site.cluster.stop()
})

test('with fewer domains than minDomains the emptiest counts as empty', async () => {
  const site = await begin({ seed: 9, nodes: 2 })
  const wishes = { labels: web, topologySpreadConstraints: [spreadOver(HOSTNAME, { minDomains: 3 })] }
  await site.place('a', wishes)
  await site.place('b', wishes)
  assert.match(await site.failToPlace('c', wishes), /2 node\(s\) didn't match pod topology spread constraints\. /)
  await site.cluster.stop()
})

test('nodes that a Pod may not use count for the skew only when it says so', async () => {
  const site = await begin({ seed: 10, nodes: 3 })
  for (const name of ['node-0', 'node-1']) await site.label(name, { disk: 'ssd' })
  const wishes = (more: object) => ({ labels: web, nodeSelector: { disk: 'ssd' }, topologySpreadConstraints: [spreadOver(HOSTNAME, more)] })
  for (const name of ['a', 'b', 'c', 'd']) await site.place(name, wishes({}))
  assert.match(await site.failToPlace('e', wishes({ nodeAffinityPolicy: 'Ignore' })), /2 node\(s\) didn't match pod topology spread constraints/)
  await site.changeNode('node-1', { spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } })
  await site.place('f', wishes({ nodeTaintsPolicy: 'Honor' }))
  assert.equal(await site.nodeOf('f'), 'node-0')
  assert.match(await site.failToPlace('g', wishes({})), /1 node\(s\) didn't match pod topology spread constraints/)
  await site.cluster.stop()
})

test('a Pod on its way out does not count for the spread any more', async () => {
  const site = await begin({ seed: 11, nodes: 2 })
  const wishes = { labels: web, topologySpreadConstraints: [spreadOver(HOSTNAME)], terminationGracePeriodSeconds: 20 }
  const first = await site.place('a', wishes)
  await site.cordon(first === 'node-0' ? 'node-1' : 'node-0')
  await site.failToPlace('b', wishes)
  await site.running('a')
  await site.delete('a')
  await site.until('b', ({ spec }) => spec.nodeName === first, 5_000)
  assert.ok(await site.find('a'), 'and it is still there')
  await site.cluster.stop()
})

test('Pods of a ReplicaSet and Pods of a Service are spread over zones without being told to', async () => {
  const site = await begin({ seed: 12, nodes: 4 })
  const { client, run } = site
  for (const [name, zone] of [
    ['node-0', 'a'],
    ['node-1', 'a'],
    ['node-2', 'b'],
    ['node-3', 'b'],
  ] as const)
    await site.label(name, { [ZONE]: zone })
  const template = { metadata: { labels: web }, spec: { containers: [{ name: 'main', image: 'nginx:1' }] } }
  await run(
    client.create(ReplicaSet, { metadata: { name: 'web', namespace: 'default' }, spec: { replicas: 6, selector: { matchLabels: web }, template } } as never),
  )
  await site.advance(2_000)
  assert.deepEqual(await zones(site, 'web'), { a: 3, b: 3 })

  await run(client.create(Service, { metadata: { name: 'api', namespace: 'default' }, spec: { selector: { app: 'api' }, ports: [{ port: 80 }] } } as never))
  await site.advance(1_000)
  for (let i = 0; i < 6; i++) await site.place(`api-${i}`, { labels: { app: 'api' } })
  assert.deepEqual(await zones(site, 'api'), { a: 3, b: 3 })
  await site.cluster.stop()
})

test('preferences draw together and apart, from both sides', async () => {
  const site = await begin({ seed: 13, nodes: 3 })
  const preferring = (side: string, app: string) => ({
    [side]: {
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 50, podAffinityTerm: { topologyKey: HOSTNAME, labelSelector: { matchLabels: { app } } } }],
    },
  })
  await site.place('web', { labels: web, requests: { cpu: '1' }, nodeSelector: { [HOSTNAME]: 'node-1' } })
  assert.equal(await site.place('near', { affinity: preferring('podAffinity', 'web'), requests: { cpu: '1' } }), 'node-1')
  assert.notEqual(await site.place('far', { affinity: preferring('podAntiAffinity', 'web') }), 'node-1')
  await site.place('shy', { affinity: preferring('podAntiAffinity', 'loud'), nodeSelector: { [HOSTNAME]: 'node-0' } })
  assert.notEqual(await site.place('loud', { labels: { app: 'loud' } }), 'node-0', 'the other one would not like it')
  await site.cluster.stop()
})

async function zones({ client, run }: Site, app: string): Promise<Record<string, number>> {
  const { items } = await run(client.list(Pod, { namespace: 'default', labelSelector: `app=${app}` }))
  const counts: Record<string, number> = { a: 0, b: 0 }
  for (const { spec } of items) counts[spec.nodeName === 'node-2' || spec.nodeName === 'node-3' ? 'b' : 'a']! += 1
  return counts
}
