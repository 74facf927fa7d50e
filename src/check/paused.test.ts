/** A Deployment that is paused, as a check meets it: in virtual time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readManifests } from './manifests.ts'
import { parseRollout } from './plan_change.ts'
import { planCheck } from './plan_check.ts'
import { CheckProblem } from './problem.ts'
import type { CheckReport } from './report.ts'
import { runCheck } from './run_check.ts'
import { webManifest } from './testing/web_manifest.ts'
import { startVirtualSite, type VirtualSite } from './virtual_site.ts'

const GRACEFUL = webManifest({
  replicas: 2,
  container: `image: 'poise.dev/server:1', command: [server, listen=8080, drain=1s], ports: [{ containerPort: 8080 }],
            readinessProbe: { httpGet: { path: /, port: 8080 }, periodSeconds: 1 }, lifecycle: { preStop: { sleep: { seconds: 6 } } }`,
})
const PAUSED = GRACEFUL.replace('  replicas: 2', '  paused: true\n  replicas: 2')

function check(site: VirtualSite, text: string, rollout: string): Promise<CheckReport> {
  const plan = planCheck(['web.yaml'], readManifests([{ file: 'web.yaml', text }]), {
    rollout: parseRollout(rollout)!,
    namespace: 'shop',
    path: '/',
    ratePerSecond: 50,
    repeat: 1,
    warmUpMs: 2_000,
    settleMs: 2_000,
    timeoutMs: 120_000,
    requestTimeoutMs: 5_000,
  })
  return site.run(runCheck(site, plan, { keep: true }))
}

test('one that never got Pods is told of after seconds, and not after the whole --timeout', async () => {
  const site = await startVirtualSite({ seed: 1 })
  try {
    const beganMs = site.host.clock.now()
    await assert.rejects(
      check(site, PAUSED, 'delete'),
      (error: unknown) =>
        error instanceof CheckProblem &&
        /^Deployment\/web never became ready: Deployment\/web is paused, and its template is not rolled out$/.test(error.message) &&
        error.next!.endsWith('kubectl rollout resume deployment/web'),
    )
    assert.ok(site.host.clock.now() - beganMs < 10_000, `${site.host.clock.now() - beganMs} ms`)
  } finally {
    await site.close()
  }
})

test('one that has its Pods is scaled, however long those take that go', async () => {
  const site = await startVirtualSite({ seed: 1 })
  try {
    await check(site, GRACEFUL, 'delete')
    const report = await check(site, PAUSED, 'scale=4')
    assert.equal(report.verdict, 'clean')
  } finally {
    await site.close()
  }
})
