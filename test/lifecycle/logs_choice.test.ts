/** Which log is shown, and in which words there is none (behaviour 11.11, items 7 and 8). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod } from '../../src/api/kinds/pod.ts'
import { decodeText } from '../../src/base/bytes.ts'
import type { Status } from '../../src/api/status.ts'
import { beginStory, isReady, isRunning, sh, type Story } from './story.ts'

async function logs(story: Story, query = '', container = 'web'): Promise<string> {
  const { body } = await story.world.finish(
    story.kubelet.handle({
      method: 'GET',
      path: `/containerLogs/default/web/${container}`,
      query: new URLSearchParams(query),
      headers: {},
      body: { is: 'none' },
      signal: new AbortController().signal,
    }),
  )
  if (body.is === 'object') return `${(body.object as Status).code} ${(body.object as Status).message}`
  if (body.is === 'bytes') return decodeText(body.bytes)
  assert.ok(body.is === 'stream')
  const { stream } = body
  return story.world.finish(
    (async () => {
      let text = ''
      for await (const bytes of stream) text += decodeText(bytes)
      return text
    })(),
  )
}

const web = (script: string, rest: object = {}) => ({ containers: [{ name: 'web', image: 'busybox:1', command: sh(script) }], ...rest })
const runs =
  (instance: number) =>
  ({ status }: Pod) =>
    status.containerStatuses?.[0]?.restartCount === instance && status.containerStatuses[0].state?.running !== undefined

test('§ logs: following ends with the container, also when it is started again; the next one has a log of its own', async () => {
  const story = await beginStory()
  story.run({ spec: web('echo begin at $(date +%S); sleep 5; echo end; exit 1') })
  await story.until(isRunning)
  const first = await logs(story, 'follow=true')
  assert.match(first, /^begin at 0\d\nend\n$/)
  await story.until(runs(1))
  const second = await logs(story, 'follow=true')
  assert.match(second, /^begin at \d\d\nend\n$/)
  assert.notEqual(second, first)
})

test('§ logs: while a container waits to be started again they are of the one that ended, which is the previous one as well', async () => {
  const story = await beginStory()
  story.run({ spec: web('echo I am $(date +%M:%S); exit 1') })
  await story.until(
    ({ status }) => status.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff' && status.containerStatuses[0].restartCount === 2,
  )
  const [current, previous] = [await logs(story), await logs(story, 'previous=true')]
  assert.match(current, /^I am /)
  assert.equal(previous, current)
})

test('§ logs: of a finished Pod they stay, and there is no previous one', async () => {
  const story = await beginStory()
  story.run({ spec: web('echo done', { restartPolicy: 'Never' }) })
  await story.until(({ status }) => status.phase === 'Succeeded')
  await story.world.advance(3600_000)
  assert.equal(await logs(story), 'done\n')
  assert.equal(await logs(story, 'previous=true'), '400 previous terminated container "web" in pod "web" not found')
  assert.equal(await logs(story, 'follow=true'), 'done\n', 'nothing to follow')
})

test('§ logs: init containers and ephemeral ones have theirs', async () => {
  const story = await beginStory()
  story.run({ spec: web('echo main; sleep 3600', { initContainers: [{ name: 'init', image: 'busybox:1', command: sh('echo prepared; sleep 3') }] }) })
  await story.until(({ status }) => status.initContainerStatuses?.[0]?.state?.running !== undefined)
  assert.equal(await logs(story, '', 'web'), '400 container "web" in pod "web" is waiting to start: PodInitializing')
  assert.equal(await logs(story, 'follow=true', 'init'), 'prepared\n')
  const pod = await story.until(isReady)
  assert.equal(await logs(story, '', 'init'), 'prepared\n', 'also when it is over')
  const ephemeralContainers = [{ name: 'debug', image: 'busybox:1', command: sh('echo looking; sleep 2') }]
  await story.world.finish(story.api.client.update(Pod, { ...pod, spec: { ...pod.spec, ephemeralContainers } } as never))
  await story.until(({ status }) => status.ephemeralContainerStatuses?.[0]?.state?.terminated !== undefined)
  assert.equal(await logs(story, '', 'debug'), 'looking\n')
})

test('§ logs: a line longer than the runtime writes at once is one line, with one time', async () => {
  const story = await beginStory()
  story.run({ spec: web('x=0123456789; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do x=$x$x; done; echo $x; echo short; sleep 3600') })
  await story.until(isRunning)
  await story.world.advance(2000)
  const long = '0123456789'.repeat(4096)
  assert.equal(await logs(story), `${long}\nshort\n`)
  const timed = (await logs(story, 'timestamps=true')).trimEnd().split('\n')
  assert.deepEqual(
    timed.map(line => line.replace(/^2026-01-01T00:00:0\d\.\d{9}Z /, '')),
    [long, 'short'],
  )
})

test('§ logs: before a container has begun they say why: no image, no configuration, no room', async () => {
  const story = await beginStory()
  story.runtime.registry.set('nowhere/app:1', { is: 'missing' })
  story.run({ spec: { containers: [{ name: 'web', image: 'nowhere/app:1' }] } })
  const waiting =
    (reason: string) =>
    ({ status }: Pod) =>
      status.containerStatuses?.[0]?.state?.waiting?.reason === reason
  await story.until(waiting('ErrImagePull'))
  assert.equal(await logs(story), `400 container "web" in pod "web" is waiting to start: image can't be pulled`)
  await story.until(waiting('ImagePullBackOff'))
  assert.equal(await logs(story), `400 container "web" in pod "web" is waiting to start: trying and failing to pull image`)
  await story.delete('web', 0)
  await story.gone()

  const env = [{ name: 'KEY', valueFrom: { configMapKeyRef: { name: 'missing', key: 'key' } } }]
  story.run({ spec: { containers: [{ name: 'web', image: 'busybox:1', env }] } })
  await story.until(waiting('CreateContainerConfigError'))
  assert.equal(await logs(story), '400 container "web" in pod "web" is waiting to start: CreateContainerConfigError')
  await story.delete('web', 0)
  await story.gone()

  story.run({ spec: { containers: [{ name: 'web', image: 'busybox:1', resources: { requests: { cpu: '99' } } }] } })
  await story.until(({ status }) => status.phase === 'Failed')
  assert.equal(await logs(story), '400 container "web" in pod "web" is not available')
})

test('§ logs: of a container that the runtime has no more they are shown as long as their file is there', async () => {
  const story = await beginStory()
  story.run({ spec: web('echo words; exit 0', { restartPolicy: 'Never' }) })
  const { status } = await story.until(({ status: { phase } }) => phase === 'Succeeded')
  const [instance] = await story.instances('web')
  await story.world.finish(story.runtime.removeContainer(instance!.id))
  await story.restartKubelet()
  await story.world.advance(5000)
  assert.equal(await logs(story), 'words\n')
  await story.world.finish(story.disk.remove(instance!.logPath))
  assert.equal(await logs(story), `unable to retrieve container logs for ${status.containerStatuses![0]!.state!.terminated!.containerID}`)
})

test('§ logs: of a Pod that is not here, and of a container that is none of it', async () => {
  const story = await beginStory()
  assert.equal(await logs(story), '404 pods "web" not found')
  story.run({ spec: web('sleep 3600') })
  await story.until(isReady)
  assert.equal(await logs(story, '', 'other'), '400 container other is not valid for pod web')
})

test('§ logs: sinceTime and sinceSeconds say the same', async () => {
  const story = await beginStory()
  story.run({ spec: web('for i in 1 2 3 4 5 6; do echo $i; sleep 10; done; sleep 3600') })
  await story.until(isReady)
  await story.world.advance(60_000)
  const wallMs = story.epochMs + story.world.now()
  const since = await logs(story, 'sinceSeconds=35')
  assert.equal(since, '4\n5\n6\n')
  assert.equal(await logs(story, `sinceTime=${encodeURIComponent(new Date(wallMs - 35_000).toISOString())}`), since)
  assert.equal(await logs(story, 'sinceSeconds=35&tailLines=1'), '6\n')
  assert.equal(await logs(story, 'sinceSeconds=1'), '')
})
