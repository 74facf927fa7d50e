/** How what volumes show is kept up to date while their Pods run. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigMap } from '../../src/api/kinds/config_map.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { Secret } from '../../src/api/kinds/secret.ts'
import { decodeText } from '../../src/base/bytes.ts'
import { beginStory, isReady, sh, type Story } from './story.ts'

const CONFIG = { volumes: [{ name: 'config', configMap: { name: 'settings' } }], mount: { name: 'config', mountPath: '/etc/settings' } }

const web = (mounts: object[], rest: object = {}) => ({ name: 'web', image: 'busybox:1', command: sh('sleep 36000'), volumeMounts: mounts, ...rest })
const specWith = (volumes: object[], ...mounts: object[]) => ({ spec: { volumes, containers: [web(mounts)] } })
const create = (story: Story, name: string, data: object, rest: object = {}) =>
  story.api.create(ConfigMap as never, { metadata: { name, namespace: 'default' }, data, ...rest })
const update = (story: Story, name: string, data: Record<string, string>) =>
  story.world.finish(story.api.client.update(ConfigMap, { metadata: { name, namespace: 'default' }, data }))

async function read(story: Story, path: string): Promise<string> {
  const [instance] = await story.instances('web')
  const { exitCode, stdout } = await story.world.finish(story.runtime.execSync(instance!.id, ['cat', path], 0))
  return exitCode === 0 ? decodeText(stdout) : `exit ${exitCode}`
}

const ofConfig = (story: Story) => story.api.watched.filter(what => what.startsWith('configmaps') || what.startsWith('secrets'))

test('§ mounted ConfigMaps are updated: a hundred Pods share one watch, read nothing while nothing changes, and end it together', async () => {
  const story = await beginStory()
  create(story, 'settings', { color: 'blue' })
  for (let i = 0; i < 100; i++) story.run({ metadata: { name: `web-${i}` }, ...specWith(CONFIG.volumes, CONFIG.mount) })
  for (let i = 0; i < 100; i++) await story.world.until(() => isReady(story.pod(`web-${i}`)!), 120_000, 'all ready')
  const atStart = story.api.reads.get('configmaps/settings')!
  assert.equal(atStart, 100, 'each Pod starts with the object as it is')
  assert.deepEqual(ofConfig(story), ['configmaps metadata.name=settings'])
  await story.world.advance(600_000)
  assert.equal(story.api.reads.get('configmaps/settings'), atStart)
  for (let i = 0; i < 100; i++) await story.delete(`web-${i}`, 1)
  for (let i = 0; i < 100; i++) await story.gone(`web-${i}`)
  await story.world.advance(1000)
  assert.deepEqual(ofConfig(story), [])
})

test('§ mounted ConfigMaps are updated: within a second, all files at once, and once a second when they change all the time', async () => {
  const story = await beginStory()
  create(story, 'settings', { color: 'blue', old: 'x' })
  story.run(specWith(CONFIG.volumes, CONFIG.mount))
  await story.until(isReady)
  await story.world.advance(5000)
  await update(story, 'settings', { color: 'green', fresh: 'y' })
  await story.world.advance(500)
  assert.deepEqual([await read(story, '/etc/settings/color'), await read(story, '/etc/settings/fresh')], ['green', 'y'])
  assert.equal(await read(story, '/etc/settings/old'), 'exit 1')
  const directory = `/var/lib/poise/pods/${story.pod()!.metadata.uid}/volumes/kubernetes.io~configmap/config`
  const seen = new Set<string>()
  for (let i = 0; i < 100; i++) {
    await update(story, 'settings', { color: `shade ${i}` })
    await story.world.advance(100)
    seen.add(await story.world.finish(story.disk.readLink(`${directory}/..data`)))
  }
  assert.ok(seen.size >= 9 && seen.size <= 12, `${seen.size} versions in ten seconds`)
  await story.world.advance(1500)
  assert.equal(await read(story, '/etc/settings/color'), 'shade 99')
  assert.deepEqual(
    (await story.world.finish(story.disk.list(directory))).filter(name => /^\.\.\d/.test(name)).length,
    1,
    'nothing of the versions before is left',
  )
})

test('§ optional ConfigMaps and Secrets: their files come and go with them; those of others stay when the object goes', async () => {
  const story = await beginStory()
  create(story, 'settings', { color: 'blue' })
  const volumes = [
    ...CONFIG.volumes,
    { name: 'later', configMap: { name: 'later', optional: true } },
    { name: 'all', projected: { sources: [{ secret: { name: 'login', optional: true } }, { configMap: { name: 'later', optional: true } }] } },
  ]
  story.run(specWith(volumes, CONFIG.mount, { name: 'later', mountPath: '/later' }, { name: 'all', mountPath: '/all' }))
  await story.until(isReady)
  assert.equal(await read(story, '/later/note'), 'exit 1')
  create(story, 'later', { note: 'here' })
  story.api.create(Secret as never, { metadata: { name: 'login', namespace: 'default' }, data: { password: 'czNjcjN0' } })
  await story.world.advance(2500)
  assert.deepEqual([await read(story, '/later/note'), await read(story, '/all/note'), await read(story, '/all/password')], ['here', 'here', 's3cr3t'])
  for (const name of ['later', 'settings']) await story.world.finish(story.api.client.delete(ConfigMap, { namespace: 'default', name }))
  await story.world.advance(2500)
  assert.equal(await read(story, '/later/note'), 'exit 1')
  assert.equal(await read(story, '/etc/settings/color'), 'blue')
})

test('§ immutable ConfigMaps are not watched any longer once they have been seen', async () => {
  const story = await beginStory()
  create(story, 'settings', { color: 'blue' }, { immutable: true })
  story.run(specWith(CONFIG.volumes, CONFIG.mount))
  await story.until(isReady)
  await story.world.advance(1000)
  assert.deepEqual(ofConfig(story), [])
  await story.world.advance(180_000)
  assert.equal(await read(story, '/etc/settings/color'), 'blue')
})

test('§ a restarted kubelet follows what the Pods it finds show', async () => {
  const story = await beginStory()
  create(story, 'settings', { color: 'blue' })
  story.run(specWith(CONFIG.volumes, CONFIG.mount))
  await story.until(isReady)
  await story.restartKubelet()
  await story.world.advance(2000)
  await update(story, 'settings', { color: 'green' })
  await story.world.advance(1500)
  const file = `/var/lib/poise/pods/${story.pod()!.metadata.uid}/volumes/kubernetes.io~configmap/config/..data/color`
  assert.equal(decodeText(await story.world.finish(story.disk.readFile(file))), 'green')
  assert.equal(story.pod()!.status.containerStatuses?.[0]?.restartCount, 0)
})

test('§ downward API volumes show new labels and annotations', async () => {
  const story = await beginStory()
  const items = ['labels', 'annotations'].map(path => ({ path, fieldRef: { fieldPath: `metadata.${path}` } }))
  story.run({
    metadata: { labels: { b: '2', a: 'one "quoted"' } },
    ...specWith([{ name: 'about', downwardAPI: { items } }], { name: 'about', mountPath: '/about' }),
  })
  await story.until(isReady)
  assert.equal(await read(story, '/about/labels'), 'a="one \\"quoted\\""\nb="2"')
  const patch = { type: 'merge', body: { metadata: { labels: { c: '3' }, annotations: { note: 'x' } } } } as const
  await story.world.finish(story.api.client.patch(Pod, { namespace: 'default', name: 'web' }, patch))
  await story.world.advance(1500)
  assert.equal(await read(story, '/about/labels'), 'a="one \\"quoted\\""\nb="2"\nc="3"')
  assert.equal(await read(story, '/about/annotations'), 'note="x"')
})

const TOKEN = { name: 'token', projected: { sources: [{ serviceAccountToken: { path: 'token', expirationSeconds: 3600 } }] } }
const LIFE_MS = 3_600_000

test('§ projected tokens are renewed after four fifths of their life, up to ten seconds earlier, each Pod at a moment of its own', async () => {
  const story = await beginStory()
  for (let i = 0; i < 20; i++) story.run({ metadata: { name: i === 0 ? 'web' : `web-${i}` }, ...specWith([TOKEN], { name: 'token', mountPath: '/token' }) })
  await story.until(isReady)
  await story.world.advance(10_000)
  const first = story.api.tokens.asked.slice(0, 20)
  assert.equal(story.api.tokens.asked.length, 20)
  await story.world.advance(LIFE_MS * 0.8 + 1000)
  const renewed = story.api.tokens.asked.slice(20)
  assert.equal(renewed.length, 20, 'no token is asked for twice')
  const [earliest, latest] = [Math.min(...renewed) - Math.min(...first), Math.max(...renewed) - Math.max(...first)]
  // Expiry is given in whole seconds.
  assert.ok(earliest >= LIFE_MS * 0.8 - 11_000 && latest <= LIFE_MS * 0.8, `between ${earliest} and ${latest} ms`)
  assert.ok(new Set(renewed).size >= 15, 'they do not come together')
  assert.match(await read(story, '/token/token'), /^token-of-default-(2[1-9]|3\d|40)$/)
  assert.equal(story.pod()!.status.containerStatuses?.[0]?.restartCount, 0)
})

test('§ projected tokens: one that cannot be renewed stays while it is good, and is asked for again every minute', async () => {
  const story = await beginStory()
  story.run(specWith([TOKEN], { name: 'token', mountPath: '/token' }))
  await story.until(isReady)
  story.api.tokens.refuses = true
  await story.world.advance(LIFE_MS * 0.8 + 5 * 60_000)
  const asked = story.api.tokens.asked.length - 1
  assert.ok(asked >= 5 && asked <= 6, `${asked} times in five minutes`)
  assert.equal(await read(story, '/token/token'), 'token-of-default')
  story.api.tokens.refuses = false
  await story.world.advance(61_000)
  assert.match(await read(story, '/token/token'), /^token-of-default-\d+$/)
})
