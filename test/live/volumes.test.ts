/** Volumes on real containers: Kubernetes' conformance tests of them, and what only a kernel can show. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { reasonToSkip, startSite, type Namespace, type Site } from './site.ts'
import { OBJECTS, VOLUME_CASES } from './volume_cases.ts'
import { hostPathTypes, propagation } from './volume_host.ts'
import { hasEnded, linesOf, runCases } from './volume_pods.ts'
import type { Pod } from '../../src/api/kinds/pod.ts'
import { LINKS, OWN_CASES, podWith, RECURSIVE, SHARED } from './volume_own_cases.ts'
import { changes, UPDATES, updatingPod } from './volume_updates.ts'

const IMAGES = ['busybox']
const skip = (await reasonToSkip(IMAGES)) ?? false

const list = (items: readonly object[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'List', items })

describe('volumes on real containers', { skip, concurrency: 100 }, () => {
  let site: Site
  let namespace: Namespace
  let said: Promise<ReadonlyMap<string, string>>
  let updated: Promise<string>

  before(async () => {
    site = await startSite(IMAGES)
    namespace = await site.inNamespace('volumes')
    const elsewhere = await site.inNamespace('volumes-elsewhere')
    await Promise.all([
      namespace.kubectl(['apply', '-f', '-'], list(OBJECTS)),
      elsewhere.kubectl(['create', 'secret', 'generic', 'login', '--from-literal=data-1=another']),
    ])
    updated = runUpdates(namespace)
    said = runCases(namespace, [...VOLUME_CASES, ...OWN_CASES])
    // Their failures are told by the tests that wait for them.
    updated.catch(() => undefined)
    said.catch(() => undefined)
  })
  after(() => site?.close())

  for (const { title, says } of [...VOLUME_CASES, ...OWN_CASES]) {
    it(title, async () => {
      const words = (await said).get(title) ?? ''
      if (typeof says === 'string') assert.equal(words, says)
      else assert.match(words, says)
    })
  }

  for (const { title, container } of UPDATES) {
    it(title, async () => assert.equal(linesOf(await updated, container), 'as it was\nas it is now'))
  }

  for (const [kind, title] of [
    ['configmap', 'ConfigMap should be immutable if `immutable` field is set'],
    ['secret', 'Secrets should be immutable if `immutable` field is set'],
  ] as const) {
    it(title, async () => {
      const { kubectl, refused } = namespace
      await kubectl(['create', ...(kind === 'secret' ? ['secret', 'generic'] : [kind]), 'fixed', '--from-literal=a=1'])
      const patch = (body: object) => ['patch', kind, 'fixed', '--type=merge', '-p', JSON.stringify(body)]
      await kubectl(patch({ immutable: true }))
      assert.match(await refused(patch({ data: { a: 'Mg==' } })), /data: Forbidden: field is immutable when `immutable` is set/)
      assert.match(await refused(patch({ immutable: false })), /immutable: Forbidden: field is immutable when `immutable` is set/)
      await kubectl(['label', kind, 'fixed', 'still=changes'])
      await kubectl(['delete', kind, 'fixed'])
    })
  }

  it('EmptyDir volumes pod should support shared volumes between containers', async () => {
    const { kubectl, until } = namespace
    await kubectl(['apply', '-f', '-'], JSON.stringify(podWith('shared', SHARED)))
    await until('shared', hasEnded)
    const output = await kubectl(['logs', 'shared', '--all-containers', '--prefix'])
    assert.equal(linesOf(output, 'reader'), 'from init\nfrom writer')
  })

  it('a subPath through a link out of the volume is refused, and nothing of the machine is shown', async () => {
    const { kubectl, until } = namespace
    await kubectl(['apply', '-f', '-'], JSON.stringify(podWith('links', LINKS)))
    const stuck = (pod: Pod | undefined) => pod?.status.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerConfigError'
    const pod = await until('links', stuck)
    assert.equal(pod?.status.containerStatuses?.[0]?.state?.waiting?.message, 'failed to prepare subPath for volumeMount "v" of container "web"')
    await kubectl(['delete', 'pod', 'links', '--grace-period=1', '--wait=false'])
  })

  it('hostPath of every type: made where it may be, and never removed', () => hostPathTypes(namespace))

  it('mount propagation: None, HostToContainer and Bidirectional', () => propagation(namespace))

  it('recursively read-only mounts: where the runtime has none, IfPossible is Disabled and Enabled does not start', async () => {
    const { kubectl, until } = namespace
    await kubectl(['apply', '-f', '-'], JSON.stringify(podWith('recursive', RECURSIVE)))
    const pod = await until('recursive', found => (found?.status.containerStatuses ?? []).every(({ state, started }) => started || state?.waiting?.message))
    const [enabled, possible] = pod?.status.containerStatuses ?? []
    const has = enabled?.started === true
    assert.equal(possible?.volumeMounts?.[0]?.recursiveReadOnly, has ? 'Enabled' : 'Disabled')
    if (has) assert.equal(enabled?.volumeMounts?.[0]?.recursiveReadOnly, 'Enabled')
    else assert.equal(enabled?.state?.waiting?.message, 'volume "v" requested recursive read-only mode, but it is not supported by the runtime')
    await kubectl(['delete', 'pod', 'recursive', '--grace-period=1', '--wait=false'])
  })
})

/** Every container waits for its own change: the Pod ends when all have come. */
async function runUpdates({ kubectl, until }: Namespace): Promise<string> {
  await kubectl(['apply', '-f', '-'], list([...changes.before, updatingPod]))
  await until('updates', pod => pod?.status.phase === 'Running' && (pod.status.containerStatuses ?? []).every(({ started }) => started), 60)
  await kubectl(['apply', '-f', '-'], list(changes.after))
  await kubectl(['delete', ...changes.removed])
  await kubectl(['label', '--overwrite', 'pod', 'updates', 'shade=dark'])
  await kubectl(['annotate', '--overwrite', 'pod', 'updates', 'note=new'])
  await until('updates', hasEnded, 120)
  return kubectl(['logs', 'updates', '--all-containers', '--prefix'])
}
