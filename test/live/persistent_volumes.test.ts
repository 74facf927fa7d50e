/** Claims on real containers: what only a kernel and a disk can show. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { PersistentVolume } from '../../src/api/kinds/persistent_volume.ts'
import type { Pod } from '../../src/api/kinds/pod.ts'
import { isReady, isTerminal } from '../../src/api/pod.ts'
import { reasonToSkip, startSite, type Namespace, type Site } from './site.ts'

const IMAGES = ['busybox']
const skip = (await reasonToSkip(IMAGES)) ?? false

const CLAIM = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } }

const claim = (name: string, spec: object = {}) => ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name }, spec: { ...CLAIM, ...spec } })

const podSpec = (script: string, volumes: object[], mount: object = {}) => ({
  terminationGracePeriodSeconds: 1,
  volumes,
  containers: [{ name: 'main', image: 'busybox:1.28', command: ['sh', '-c', script], volumeMounts: [{ name: 'data', mountPath: '/data', ...mount }] }],
})

const using = (claimName: string, source: object = {}) => [{ name: 'data', persistentVolumeClaim: { claimName, ...source } }]

const pod = (name: string, spec: object) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec })

const hasEnded = (it: Pod | undefined) => it !== undefined && isTerminal(it)
const runs = (it: Pod | undefined) => it !== undefined && isReady(it)

describe('claims on real containers', { skip, concurrency: 100 }, () => {
  let site: Site
  let elsewhere: string
  let namespace: Namespace

  before(async () => {
    site = await startSite(IMAGES)
    elsewhere = await mkdtemp(join(tmpdir(), 'poise-volumes-'))
    namespace = await site.inNamespace('storage')
  })
  after(async () => {
    await site?.close()
    if (elsewhere) await rm(elsewhere, { recursive: true, force: true })
  })

  const apply = (...objects: object[]) => namespace.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
  const logs = (name: string) => namespace.kubectl(['logs', name]).then(text => text.trim())

  /** The directory of the volume that a claim has. */
  async function directoryOf(claimName: string): Promise<string> {
    const volume = await namespace.kubectl(['get', 'pvc', claimName, '-o', 'jsonpath={.spec.volumeName}'])
    const { spec } = await site.cluster.client.get(PersistentVolume, { namespace: '', name: volume })
    assert.ok(spec.local, 'the volume is a directory')
    return spec.local.path
  }

  it('any user writes to a claim, the next Pod reads it, and the directory goes with the claim', async () => {
    const user = { securityContext: { runAsUser: 1000, runAsGroup: 1000 }, restartPolicy: 'Never' }
    await apply(claim('data'), pod('writes', { ...podSpec('echo kept > /data/file', using('data')), ...user }))
    assert.equal((await namespace.until('writes', hasEnded))?.status.phase, 'Succeeded')
    await namespace.kubectl(['delete', 'pod', 'writes'])
    const directory = await directoryOf('data')
    assert.equal(await readFile(join(directory, 'file'), 'utf8'), 'kept\n')

    await apply(pod('reads', { ...podSpec('cat /data/file; stat -c "%u %g" /data/file', using('data')), ...user }))
    await namespace.until('reads', hasEnded)
    assert.equal(await logs('reads'), 'kept\n1000 1000')
    await namespace.kubectl(['delete', 'pod', 'reads'])
    await namespace.kubectl(['delete', 'pvc', 'data'])
    await gone(directory)
  })

  it('a claim is given to the group of its Pod, with what is in it', async () => {
    const asRoot = { restartPolicy: 'Never' }
    await apply(
      claim('group'),
      pod('root-writes', { ...podSpec('mkdir -m 700 /data/dir && touch /data/dir/file && chmod 600 /data/dir/file', using('group')), ...asRoot }),
    )
    assert.equal((await namespace.until('root-writes', hasEnded))?.status.phase, 'Succeeded')
    await namespace.kubectl(['delete', 'pod', 'root-writes'])
    const securityContext = { runAsUser: 1000, runAsGroup: 1000, fsGroup: 2000 }
    const script = 'echo more >> /data/dir/file && touch /data/dir/new && stat -c "%n %g %a" /data /data/dir /data/dir/file && stat -c "%n %g" /data/dir/new'
    await apply(pod('group-writes', { ...podSpec(script, using('group')), securityContext, restartPolicy: 'Never' }))
    await namespace.until('group-writes', hasEnded)
    assert.equal(await logs('group-writes'), '/data 2000 2777\n/data/dir 2000 2770\n/data/dir/file 2000 660\n/data/dir/new 2000')
  })

  it('a volume of the machine: a subPath of it, and read-only for who says so', async () => {
    const path = join(elsewhere, 'shared')
    await mkdir(join(path, 'part'), { recursive: true })
    const volume = {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'shared' },
      spec: { accessModes: ['ReadWriteMany'], capacity: { storage: '1Gi' }, storageClassName: 'manual', hostPath: { path, type: 'Directory' } },
    }
    const spec = { accessModes: ['ReadWriteMany'], storageClassName: 'manual' }
    const readOnly = podSpec('exec 2>&1; cat /data/file; echo no > /data/file || echo refused', using('shared', { readOnly: true }), { subPath: 'part' })
    await apply(volume, claim('shared', spec), pod('one', podSpec('echo seen > /data/file; sleep 3600', using('shared'), { subPath: 'part' })))
    await namespace.until('one', runs)
    await written(join(path, 'part', 'file'))
    await apply(pod('two', { ...readOnly, restartPolicy: 'Never' }))
    await namespace.until('two', hasEnded)
    const [first, ...others] = (await logs('two')).split('\n')
    assert.equal(first, 'seen')
    assert.equal(others.at(-1), 'refused')
    await namespace.kubectl(['delete', 'pod', 'one', 'two'])
    await namespace.kubectl(['delete', 'pvc', 'shared'])
    assert.deepEqual(await readdir(path), ['part'], 'the data is the administrator’s')
    await namespace.kubectl(['delete', 'pv', 'shared'])
  })

  it('an ephemeral volume is there for its Pod, and gone with it', async () => {
    const volumes = [{ name: 'data', ephemeral: { volumeClaimTemplate: { spec: CLAIM } } }]
    await apply(pod('scratch', podSpec('echo here > /data/file; sleep 3600', volumes)))
    await namespace.until('scratch', runs)
    const directory = await directoryOf('scratch-data')
    await written(join(directory, 'file'))
    await namespace.kubectl(['delete', 'pod', 'scratch'])
    await gone(directory)
  })

  it('the Pod of a StatefulSet finds its data again', async () => {
    const set = {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'db' },
      spec: {
        serviceName: 'db',
        replicas: 1,
        selector: { matchLabels: { app: 'db' } },
        template: { metadata: { labels: { app: 'db' } }, spec: podSpec('echo started >> /data/log; cat /data/log; sleep 3600', []) },
        volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: CLAIM }],
      },
    }
    await apply(set)
    const first = await namespace.until('db-0', runs)
    await namespace.kubectl(['delete', 'pod', 'db-0'])
    await namespace.until('db-0', it => runs(it) && it?.metadata.uid !== first?.metadata.uid)
    assert.equal(await namespace.kubectl(['exec', 'db-0', '--', 'cat', '/data/log']), 'started\nstarted\n')
  })
})

/** A container may be ready a moment before its script has come so far. */
const written = (path: string) => eventually(`${path} is written`, async () => ((await stat(path).catch(() => undefined))?.size ?? 0) > 0)

/** Removed in the background, soon after its claim. */
const gone = (path: string) => eventually(`${path} is gone`, async () => (await stat(path).catch(() => undefined)) === undefined)

const WAIT_MS = 60_000

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WAIT_MS
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `${what}, within ${WAIT_MS / 1000} s`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
