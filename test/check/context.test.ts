/** A check on somebody's cluster, seen from outside: with the timelines it records, and without. Its containers are simulated, so that the way in is the API server's proxy. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Namespace } from '../../src/api/kinds/namespace.ts'
import { PodTimeline } from '../../src/api/kinds/pod_timeline.ts'
import { ServiceAccount } from '../../src/api/kinds/service_account.ts'
import { notFound } from '../../src/api/status.ts'
import { silentLog } from '../../src/base/log.ts'
import { startContextSite } from '../../src/check/context_site.ts'
import { readManifests } from '../../src/check/manifests.ts'
import { planCheck } from '../../src/check/plan_check.ts'
import { runCheck } from '../../src/check/run_check.ts'
import type { Client } from '../../src/client/client.ts'
import { startCluster, type TestCluster } from '../../src/launch/start_cluster.ts'

const CARELESS = JSON.stringify({
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'shop' },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: {
            containers: [{ name: 'web', image: 'poise.dev/server:1', command: ['server', 'listen=8080', 'start=5s'], ports: [{ containerPort: 8080 }] }],
          },
        },
      },
    },
    { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'high' }, value: 1 },
  ],
})

async function checkOn(cluster: TestCluster, client: Client, signal?: AbortSignal) {
  const site = await startContextSite({ connection: { client, context: 'theirs', server: cluster.server, close() {} }, log: silentLog })
  const notes: string[] = []
  const words = { path: '/', ratePerSecond: 100, repeat: 1, warmUpMs: 500, settleMs: 500, timeoutMs: 120_000, requestTimeoutMs: 5_000 }
  try {
    const plan = planCheck(['web.yaml'], readManifests([{ file: 'web.yaml', text: CARELESS }]), words)
    return { report: await runCheck(site, plan, { progress: { step: () => () => {}, note: text => void notes.push(text) }, ...(signal && { signal }) }), notes }
  } finally {
    await site.close()
  }
}

/** As on any other cluster: it has never heard of timelines. */
const withoutTimelines = (client: Client): Client => ({
  ...client,
  list: async (kind, options) => {
    if (kind.kind === PodTimeline.kind) throw notFound(PodTimeline, '')
    return client.list(kind, options)
  },
})

test("on somebody's cluster a check keeps to a namespace of its own, and says what it cannot see", async () => {
  await using cluster = await startCluster()
  for (const recordsTimelines of [true, false]) {
    const { report, notes } = await checkOn(cluster, recordsTimelines ? cluster.client : withoutTimelines(cluster.client))
    assert.equal(report.verdict, 'lost')
    assert.equal(report.site.kind, 'context')
    assert.equal(report.ratePerSecond, 50, 'an API server has others to serve')
    const [{ entrance, timelines }] = report.repetitions as [(typeof report.repetitions)[number]]
    assert.equal(entrance.through, 'proxy')
    assert.equal(timelines.length, 2, 'the Pod that has gone, and the one that came')
    assert.ok(
      timelines.every(({ spans }) => spans.length > 0 && spans.every(({ startMs }) => startMs === undefined)),
      'only the time of day means the same in two processes',
    )
    const blind = report.site.blindSpots.join('\n')
    assert.match(blind, /The load goes through the API server/)
    assert.equal(/records no timelines/.test(blind), !recordsTimelines)
    assert.match(notes.join('\n'), /PriorityClass high is not written to this cluster/)
    assert.match(notes.join('\n'), /not into shop/)
    assert.deepEqual(await namespacesOfChecks(cluster), [], 'nothing is left of it')
  }
})

test('whoever gives up before anything was written leaves no namespace behind', async () => {
  await using cluster = await startCluster()
  const abort = new AbortController()
  const client: Client = {
    ...cluster.client,
    async get(kind, key) {
      if (kind.kind !== ServiceAccount.kind) return cluster.client.get(kind, key)
      assert.equal((await namespacesOfChecks(cluster)).length, 1)
      abort.abort(new Error('the user has had enough'))
      throw notFound(ServiceAccount, key.name)
    },
  }
  await assert.rejects(checkOn(cluster, client, abort.signal), /the user has had enough/)
  assert.deepEqual(await namespacesOfChecks(cluster), [])
})

const namespacesOfChecks = async ({ client }: TestCluster) =>
  (await client.list(Namespace)).items.map(({ metadata }) => metadata.name!).filter(name => /shop|check/.test(name))
