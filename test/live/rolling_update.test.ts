/**
 * The article's rolling update: four Pods behind a Service are replaced while somebody asks all the time. Stock kubectl
 * shows each step, and no request is lost. On real containers: two nodes, and whoever asks is on the first.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Service } from '../../src/api/kinds/service.ts'
import { startLoad } from './load.ts'
import { isReady } from './observe.ts'
import { inNetworkOf } from './pod_network.ts'
import { fileOf, reasonToSkip, startSite, type Site } from './site.ts'

/** Its server, nginx, ends at TERM without finishing anything. */
const IMAGES = ['ikubernetes/myapp:v1', 'ikubernetes/myapp:v2', 'busybox']
const skip = (await reasonToSkip(IMAGES)) ?? false

const REPLICAS = 4
const SETTINGS = [
  { name: 'one more', maxSurge: 1, maxUnavailable: 0, mayBeMissing: 0 },
  { name: 'one fewer', maxSurge: 0, maxUnavailable: 1, mayBeMissing: 1 },
  { name: 'all at once', maxSurge: '100%', maxUnavailable: '25%', mayBeMissing: 1 },
] as const

describe('a rolling update of four real Pods under load', { skip, concurrency: SETTINGS.length }, () => {
  let site: Site
  let inClient: readonly string[]
  before(async () => {
    site = await startSite(IMAGES, {}, [], 2)
    const { kubectl, until } = await site.inNamespace('client')
    const spec = {
      nodeName: site.cluster.nodes[0]!.name,
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image: 'busybox', imagePullPolicy: 'Never', command: ['sleep', '36000'] }],
    }
    // Without its default ServiceAccount no Pod can be made.
    await kubectl(['wait', '--for=create', 'serviceaccount/default'])
    await kubectl(['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'client' }, spec }))
    inClient = await inNetworkOf((await until('client', isReady))!.metadata.uid!)
  })
  after(() => site?.close())

  for (const { name, maxSurge, maxUnavailable, mayBeMissing } of SETTINGS)
    it(`loses no request with ${name} (surge ${maxSurge}, unavailable ${maxUnavailable}), and kubectl get -w shows each step`, async t => {
      const namespace = await site.inNamespace(name.replaceAll(' ', '-'))
      const { kubectl, follow } = namespace
      await kubectl(['wait', '--for=create', 'serviceaccount/default'])
      await kubectl(['apply', '-f', '-'], await fileOf('examples/rolling-update.yaml'))
      await kubectl(['patch', 'deployment', 'web', '-p', JSON.stringify({ spec: { strategy: { rollingUpdate: { maxSurge, maxUnavailable } } } })])
      assert.match(await kubectl(['rollout', 'status', 'deployment/web', '--timeout=90s']), /deployment "web" successfully rolled out/)
      const { spec } = await site.cluster.client.get(Service, { namespace: namespace.name, name: 'web' })
      const load = await startLoad(inClient, { address: spec.clusterIP!, perSecond: 50, connections: 'new', pods: REPLICAS })
      const watch = follow(['get', 'pods', '--watch', '--no-headers'])
      while (watch.lines.length < REPLICAS) await pause(50)
      const old = watch.lines.slice(0, REPLICAS).map(line => line.split(' ')[0]!)

      await kubectl(['set', 'image', 'deployment/web', 'web=ikubernetes/myapp:v2'])
      assert.match(await kubectl(['rollout', 'status', 'deployment/web', '--timeout=90s']), /deployment "web" successfully rolled out/)
      // Until the old Pods have gone, too.
      await kubectl(['wait', '--for=delete', ...old.map(pod => `pod/${pod}`), '--timeout=60s'])
      const results = await load.stop()
      await watch.stop()

      assert.deepEqual(
        results.filter(({ outcome }) => outcome !== '200'),
        [],
      )
      assert.equal(await kubectl(['get', 'pods', '-o', 'jsonpath={.items[*].spec.containers[*].image}']), Array(REPLICAS).fill(IMAGES[1]).join(' '))
      const steps = stepsIn(watch.lines, old)
      for (const [index] of steps.entries()) {
        const [begun, left] = [count(steps, index, 'ready'), count(steps, index, 'leaves')]
        assert.ok(left <= begun + mayBeMissing, `${left} old Pods left when ${begun} new ones were ready: ${steps.slice(0, index + 1).join(', ')}`)
      }
      assert.deepEqual([count(steps, steps.length, 'ready'), count(steps, steps.length, 'leaves')], [REPLICAS, REPLICAS])
      t.diagnostic(`${results.length} requests, none lost: ${steps.join(', ')}`)
    })
})

type Step = 'ready' | 'leaves'

/** What became of the Pods, in the order of the watch: a new one is ready for the first time, an old one is on its way out. */
function stepsIn(lines: readonly string[], old: readonly string[]): Step[] {
  const seen = new Set<string>()
  const steps: Step[] = []
  for (const line of lines) {
    const [pod = '', ready, status] = line.split(/ +/)
    const step = old.includes(pod) ? status === 'Terminating' && 'leaves' : ready === '1/1' && status === 'Running' && 'ready'
    if (!step || seen.has(pod)) continue
    seen.add(pod)
    steps.push(step)
  }
  return steps
}

const count = (steps: readonly Step[], index: number, wanted: Step): number => steps.slice(0, index + 1).filter(step => step === wanted).length
