/** Conformance, sig-node: Pods and Pods Extended, as far as no real container is needed. */
import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { test } from 'node:test'
import { Pod } from '../../src/api/kinds/pod.ts'
import type { ObjectList } from '../../src/client/client.ts'
import { beginConformance, busybox, condition, isReady, isRunning, NAMESPACE, pause, PODS, type Ground } from './conformance.ts'

const listed = async (ground: Ground, labelSelector: string): Promise<(string | undefined)[]> =>
  (await ground.run(ground.client.list(Pod, { namespace: NAMESPACE, labelSelector }))).items.map(({ metadata }) => metadata.name)

test('Pods should allow activeDeadlineSeconds to be updated', async () => {
  await using ground = await beginConformance('deadline')
  await ground.create('deadline', { activeDeadlineSeconds: 300, containers: [pause()] })
  const pod = await ground.until('deadline', isRunning)
  await ground.send('PUT', `${PODS}/deadline`, { ...pod, spec: { ...pod.spec, activeDeadlineSeconds: 5 } })
  const failed = await ground.until('deadline', ({ status }) => status.phase === 'Failed', 60)
  assert.equal(failed.status.reason, 'DeadlineExceeded')
})

test('Pods should be submitted and removed', async () => {
  await using ground = await beginConformance('submitted')
  assert.deepEqual(await listed(ground, 'time=now'), [])
  await ground.create('submitted', { containers: [pause()] }, { labels: { name: 'foo', time: 'now' } })
  await ground.until('submitted', isRunning)
  assert.equal(ground.seen[0]?.type, 'ADDED')
  assert.deepEqual(await listed(ground, 'time=now'), ['submitted'])
  await ground.send('DELETE', `${PODS}/submitted?gracePeriodSeconds=30`)
  await ground.gone('submitted')
  const last = ground.seen.at(-1)!
  assert.equal(last.type, 'DELETED')
  assert.ok(last.pod.metadata.deletionTimestamp, 'the last state tells when it was to go')
  assert.notEqual(last.pod.spec.terminationGracePeriodSeconds, 0)
  assert.deepEqual(await listed(ground, 'time=now'), [])
})

test('Pods should be updated', async () => {
  await using ground = await beginConformance('updated')
  await ground.create('updated', { containers: [pause()] }, { labels: { time: 'then' } })
  const stale = ground.pod('updated')!
  const fresh = await ground.until('updated', isRunning)
  const relabelled = (pod: Pod) => ground.send('PUT', `${PODS}/updated`, { ...pod, metadata: { ...pod.metadata, labels: { time: 'updated' } } })
  await assert.rejects(relabelled(stale), /the object has been modified/, 'and then one tries again with the newest')
  await relabelled(fresh)
  assert.deepEqual([await listed(ground, 'time=updated'), await listed(ground, 'time=then')], [['updated'], []])
})

test('Pods should delete a collection of pods', async () => {
  await using ground = await beginConformance('collection')
  const names = ['test-pod-1', 'test-pod-2', 'test-pod-3']
  for (const name of names) await ground.create(name, { terminationGracePeriodSeconds: 1, containers: [pause()] }, { labels: { type: 'Testing' } })
  await ground.create('bystander', { containers: [pause()] })
  for (const name of names) await ground.until(name, isRunning)
  await ground.send('DELETE', `${PODS}?labelSelector=type%3DTesting`)
  for (const name of names) await ground.gone(name)
  assert.deepEqual(await listed(ground, ''), ['bystander'])
})

test('Pods should get a host IP', async () => {
  await using ground = await beginConformance('host IP')
  await ground.create('hosted', { containers: [pause()] })
  const { status } = await ground.until('hosted', isRunning)
  assert.equal(isIP(status.hostIP ?? ''), 4)
  assert.deepEqual(status.hostIPs, [{ ip: status.hostIP }])
})

test('Pods should patch a pod status', async () => {
  await using ground = await beginConformance('patched status')
  await ground.create('patched', { containers: [pause()] })
  await ground.until('patched', isRunning)
  await ground.send('PATCH', `${PODS}/patched/status`, { status: { message: 'Patched by e2e test', reason: 'E2E' } }, 'application/merge-patch+json')
  const { status } = (await ground.send('GET', `${PODS}/patched/status`)) as Pod
  assert.deepEqual([status.message, status.reason], ['Patched by e2e test', 'E2E'])
})

test('Pods should run through the lifecycle of Pods and PodStatus', async () => {
  await using ground = await beginConformance('lifecycle')
  await ground.create('lives', { terminationGracePeriodSeconds: 1, containers: [pause()] }, { labels: { 'test-pod-static': 'true' } })
  await ground.until('lives', isReady)
  assert.equal(ground.seen[0]?.type, 'ADDED')

  const patch = {
    metadata: { labels: { 'test-pod': 'patched' } },
    spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: 'agnhost' }] },
  }
  await ground.send('PATCH', `${PODS}/lives`, patch, 'application/strategic-merge-patch+json')
  const patched = await ground.until('lives', ({ metadata }) => metadata.labels?.['test-pod'] === 'patched')
  assert.equal(patched.spec.containers[0]?.image, 'agnhost')
  const replaced = await ground.until('lives', pod => isReady(pod) && pod.status.containerStatuses?.[0]?.restartCount === 1)

  const conditions = replaced.status.conditions!.map(one => (one.type === 'Ready' ? { ...one, status: 'False' } : one))
  const put = (await ground.send('PUT', `${PODS}/lives/status`, { ...replaced, status: { ...replaced.status, conditions } })) as Pod
  assert.equal(condition(put, 'Ready')?.status, 'False')
  await ground.until('lives', pod => condition(pod, 'Ready')?.status === 'False')

  await ground.send('DELETE', `${PODS}?labelSelector=test-pod-static%3Dtrue`)
  await ground.gone('lives')
  assert.equal(ground.seen.at(-1)?.type, 'DELETED')
  assert.equal(((await ground.send('GET', PODS)) as ObjectList<Pod>).items.length, 0)
})

test('Pods Extended Pods Set QOS Class should be set on Pods with matching resource requests and limits for memory and cpu', async () => {
  await using ground = await beginConformance('QoS')
  const amounts = { cpu: '100m', memory: '100Mi' }
  const created = await ground.create('guaranteed', { containers: [busybox('sleep 1', { resources: { requests: amounts, limits: amounts } })] })
  assert.equal(created.status.qosClass, 'Guaranteed')
})

test('Sysctls should reject invalid sysctls', async () => {
  await using ground = await beginConformance('sysctls')
  const sysctls = [
    { name: 'foo-', value: 'bar' },
    { name: 'kernel.shmmax', value: '100000000' },
    { name: 'safe-and-unsafe', value: '100000000' },
    { name: 'bar..', value: '42' },
  ]
  await assert.rejects(ground.create('refused', { securityContext: { sysctls }, containers: [pause()] }), (error: Error) => {
    assert.match(error.message, /spec\.securityContext\.sysctls\[0\]\.name: Invalid value: "foo-"/)
    assert.match(error.message, /spec\.securityContext\.sysctls\[3\]\.name: Invalid value: "bar\.\."/)
    assert.doesNotMatch(error.message, /safe-and-unsafe|kernel\.shmmax/)
    return true
  })
})
