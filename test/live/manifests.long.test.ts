/** The manifests that sleep for a minute, byte for byte, with the grace period Kubernetes gives them. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { initStates, isReady, restartsOf, statusesIn } from './observe.ts'
import { manifest, reasonToSkip, startSite, type Site } from './site.ts'

const IMAGES = ['busybox']
const skip = (await reasonToSkip(IMAGES)) ?? false

describe("the articles' slow manifests as printed, on real containers", { skip, concurrency: 4 }, () => {
  let site: Site
  before(async () => {
    site = await startSite(IMAGES)
  })
  after(() => site?.close())

  it('b5 is healthy for 60 s, fails three times, and ends with the grace period: one restart', async () => {
    const { kubectl, until } = await site.inNamespace('b5')
    await kubectl(['apply', '-f', '-'], await manifest('b5-liveness-exec'))
    const before = await until('liveness-exec-demo', isReady)
    const pod = await until('liveness-exec-demo', found => restartsOf(found) === 1, 150)
    const { startedAt = '', finishedAt = '', exitCode } = pod?.status.containerStatuses?.[0]?.lastState?.terminated ?? {}
    assert.equal(startedAt, before?.status.containerStatuses?.[0]?.state?.running?.startedAt)
    assert.equal(exitCode, 137)
    // 60 s healthy, then three failures ten seconds apart, the first of them up to ten seconds late, then 30 s of grace.
    const seconds = (Date.parse(finishedAt ?? '') - Date.parse(startedAt ?? '')) / 1000
    assert.ok(seconds >= 109 && seconds <= 125, `it ended after ${seconds} s`)
    const events = await kubectl(['events'])
    assert.match(events, /\(x3 over .*\) +Warning +Unhealthy +Pod\/liveness-exec-demo +Liveness probe failed:/)
    assert.match(events, /Normal +Killing +Pod\/liveness-exec-demo +Container liveness-exec-demo failed liveness probe, will be restarted/)
  })

  it('c4 is restarted again and again, each time after its minute', async () => {
    const { kubectl, until } = await site.inNamespace('default')
    await kubectl(['apply', '-f', '-'], await manifest('c4-liveness-exec'))
    await until('liveness-exec-pod', found => restartsOf(found) === 2, 300)
    assert.match(await kubectl(['get', 'pod', 'liveness-exec-pod', '--no-headers']), / 2 \(\d+m?\d*s ago\) /)
    assert.match(await kubectl(['events']), /Killing +Pod\/liveness-exec-pod +Container liveness-exec-container failed liveness probe, will be restarted/)
  })

  it('c1 leaves only when its grace period of 30 s is over, because its shell does not heed TERM', async () => {
    const { kubectl, until, follow } = await site.inNamespace('c1')
    await kubectl(['create', 'service', 'clusterip', 'myservice', '--tcp=80:9376'])
    await kubectl(['create', 'service', 'clusterip', 'mydb', '--tcp=80:9377'])
    const watch = follow(['get', 'pods', '--watch', '--no-headers'])
    await kubectl(['apply', '-f', '-'], await manifest('c1-init-containers'))
    const pod = await until('myapp-pod', isReady)
    assert.deepEqual(initStates(pod), ['terminated', 'terminated'])
    const begin = performance.now()
    await kubectl(['delete', 'pod', 'myapp-pod'])
    const seconds = (performance.now() - begin) / 1000
    assert.ok(seconds >= 29.5 && seconds <= 34, `it left after ${seconds} s`)
    await watch.stop()
    assert.equal(statusesIn(watch.lines).at(-1), 'Error')
  })
})
