import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod } from '../../src/api/kinds/pod.ts'
import { decodeText } from '../../src/base/bytes.ts'
import type { Status } from '../../src/api/status.ts'
import { beginStory, isReady, isRunning, sh, type Story } from './story.ts'

const chatty = 'for i in 1 2 3 4 5; do echo line $i; sleep 1; done; sleep 3600'

async function ask(story: Story, query: string, path = 'containerLogs/default/web/web', method = 'GET') {
  const response = await story.world.finish(
    story.kubelet.handle({
      method,
      path: `/${path}`,
      query: new URLSearchParams(query),
      headers: {},
      body: { is: 'none' },
      signal: new AbortController().signal,
    }),
  )
  return response
}

async function logs(story: Story, query = ''): Promise<string> {
  const { body } = await ask(story, query)
  if (body.is === 'object') return `${(body.object as Status).code} ${(body.object as Status).message}`
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

test('§ logs: everything, the tail, since a time, with times, no more than so many bytes', async () => {
  const story = await beginStory()
  story.run({ spec: { containers: [{ name: 'web', image: 'busybox:1', command: sh(chatty) }] } })
  await story.until(isReady)
  await story.world.advance(10_000)
  assert.equal(await logs(story), 'line 1\nline 2\nline 3\nline 4\nline 5\n')
  assert.equal(await logs(story, 'tailLines=2'), 'line 4\nline 5\n')
  assert.equal(await logs(story, 'tailLines=0'), '')
  assert.equal(await logs(story, 'sinceSeconds=7'), 'line 5\n')
  assert.equal(await logs(story, 'limitBytes=10'), 'line 1\nlin')
  assert.match(await logs(story, 'timestamps=true&tailLines=1'), /^2026-01-01T00:00:04\.\d+Z line 5\n$/)
})

test('§ logs: following goes on until the container has ended', async () => {
  const story = await beginStory()
  story.run({
    spec: { restartPolicy: 'Never', containers: [{ name: 'web', image: 'busybox:1', command: sh('echo one; sleep 2; echo two; sleep 2; echo three') }] },
  })
  await story.until(isRunning)
  assert.equal(await logs(story, 'follow=true'), 'one\ntwo\nthree\n')
  assert.ok(story.seconds() > 4 && story.seconds() < 6, `${story.seconds()} s`)
})

test('§ logs: of the instance before, and of none', async () => {
  const story = await beginStory()
  story.run({ spec: { containers: [{ name: 'web', image: 'busybox:1', command: sh('echo started at $(date +%S); sleep 1; exit 1') }] } })
  await story.until(isRunning)
  assert.equal(await logs(story, 'previous=true'), '400 previous terminated container "web" in pod "web" not found')
  await story.until(({ status }) => status.containerStatuses?.[0]?.restartCount === 2 && status.containerStatuses[0].state?.running !== undefined)
  const [now, before] = [await logs(story), await logs(story, 'previous=true')]
  assert.notEqual(now, before)
  assert.match(before, /^started at \d\d\n$/)
})

test('§ exec: a command runs in the container, and its exit code comes back; without one running there is an error', async () => {
  const story = await beginStory()
  story.run({ spec: { restartPolicy: 'Never', containers: [{ name: 'web', image: 'busybox:1', command: sh('sleep 20') }] } })
  await story.until(isReady)
  const { body } = await ask(story, 'command=sh&command=-c&command=echo hello; exit 7&output=1', 'exec/default/web/web', 'POST')
  assert.ok(body.is === 'session' && body.session.is === 'remoteCommand')
  let output = ''
  const stdout = { write: async (bytes: Uint8Array) => void (output += decodeText(bytes)), end: async () => undefined }
  const streams = { stdin: undefined, stdout, stderr: undefined, resize: undefined, signal: new AbortController().signal }
  assert.deepEqual(await story.world.finish(body.session.run(streams)), { is: 'exited', exitCode: 7 })
  assert.equal(output, 'hello\n')
  await story.until(({ status }) => status.phase === 'Succeeded', 60)
  const refused = await ask(story, 'command=true&output=1', 'exec/default/web/web', 'POST')
  assert.match((refused.body as { object: Status }).object.message ?? '', /container not running/)
})

test('§ ephemeral containers: one that is added starts, is not started again, and does not count for readiness', async () => {
  const story = await beginStory()
  story.run({ spec: { containers: [{ name: 'web', image: 'nginx:1' }] } })
  await story.until(isReady)
  const pod = story.pod()!
  await story.world.finish(
    story.api.client.update(Pod, {
      ...pod,
      spec: { ...pod.spec, ephemeralContainers: [{ name: 'debug', image: 'busybox:1', command: sh('sleep 2; exit 1'), targetContainerName: 'web' }] },
    } as never),
  )
  const ended = await story.until(({ status }) => status.ephemeralContainerStatuses?.[0]?.state?.terminated !== undefined, 20)
  assert.equal(isReady(ended), true)
  await story.world.advance(60_000)
  assert.equal(story.pod()!.status.ephemeralContainerStatuses?.[0]?.restartCount, 0)
})

test('§ kubelet admission: a Pod that does not fit is Failed with the reason', async () => {
  const story = await beginStory()
  story.run({ spec: { containers: [{ name: 'web', image: 'nginx:1', resources: { requests: { cpu: '5' } } }] } })
  const failed = await story.until(({ status }) => status.phase === 'Failed', 5)
  assert.deepEqual(
    [failed.status.reason, failed.status.message],
    ['OutOfcpu', "Pod was rejected: Node didn't have enough resource: cpu, requested: 5000, used: 0, capacity: 4000"],
  )
  assert.equal(failed.status.containerStatuses, undefined, 'so that kubectl shows the reason as its STATUS')
  assert.deepEqual(await story.instances('web'), [])
})

const countTo = (last: number, text: string) => `i=0; while [ $i -lt ${last} ]; do i=$((i+1)); echo $i ${text}; sleep 1; done; sleep 3600`
const LIMITS = { bytesMax: 4096, filesMax: 5 }
const LONG = 'x'.repeat(200)

test('§ log rotation: a log stays below its limits, however long its container writes; the current file is what logs show', async () => {
  const story = await beginStory(1, { logLimits: LIMITS })
  story.run({ spec: { containers: [{ name: 'web', image: 'busybox:1', command: sh(countTo(6000, LONG)) }] } })
  await story.until(isReady)
  await story.world.advance(620_000)
  const [instance] = await story.instances('web')
  const directory = instance!.logPath.replace(/\/[^/]*$/, '')
  const files = (await story.world.finish(story.disk.list(directory))).sort()
  assert.equal(files.length, 5, files.join(' '))
  assert.deepEqual(
    files.map(name => name.replace(/\d{8}-\d{6}$/, 'TIME')),
    ['0.log', ...Array.from({ length: 4 }, () => '0.log.TIME')],
  )
  for (const name of files) assert.ok((await story.world.finish(story.disk.stat(`${directory}/${name}`)))!.size < 1.1 * LIMITS.bytesMax, name)
  let shown = await logs(story)
  // It may have been rotated in this very second.
  while (shown === '') {
    await story.world.advance(500)
    shown = await logs(story)
  }
  const lines = shown.trimEnd().split('\n')
  const newest = Number(lines.at(-1)!.split(' ')[0])
  assert.ok(newest > story.seconds() - 5, `line ${newest} after ${story.seconds()} s`)
  assert.ok(lines.length < 40, `${lines.length} lines`)
})

test('§ log rotation: whoever follows misses no line and sees none twice', async () => {
  const story = await beginStory(2, { logLimits: LIMITS })
  story.run({
    spec: { restartPolicy: 'Never', containers: [{ name: 'web', image: 'busybox:1', command: sh(countTo(200, LONG).replace('; sleep 3600', '')) }] },
  })
  await story.until(isReady)
  const seen = (await logs(story, 'follow=true'))
    .trimEnd()
    .split('\n')
    .map(line => Number(line.split(' ')[0]))
  assert.deepEqual(
    seen,
    Array.from({ length: 200 }, (_, i) => i + 1),
  )
})

test('§ log rotation: of the instance before, the last file is shown; older instances leave no files', async () => {
  const story = await beginStory(3, { logLimits: LIMITS })
  story.run({ spec: { containers: [{ name: 'web', image: 'busybox:1', command: sh(`${countTo(60, LONG).replace('; sleep 3600', '')}; exit 1`) }] } })
  await story.until(({ status }) => status.containerStatuses?.[0]?.restartCount === 3 && status.containerStatuses[0].state?.running !== undefined, 1000)
  assert.equal((await logs(story, 'previous=true')).trimEnd().split('\n').at(-1), `60 ${LONG}`)
  await story.world.advance(5000)
  const [instance] = await story.instances('web')
  const files = await story.world.finish(story.disk.list(instance!.logPath.replace(/\/[^/]*$/, '')))
  assert.deepEqual(new Set(files.map(name => name.split('.')[0])), new Set(['2', '3']))
})

test('§ log rotation: logs of Pods that went while the kubelet was away go when it is back', async () => {
  const story = await beginStory(4)
  await story.world.finish(story.disk.makeDirectory('/var/lib/poise/logs/default_old_gone/web'))
  await story.world.finish(story.disk.writeFile('/var/lib/poise/logs/default_old_gone/web/0.log', 'x'))
  await story.restartKubelet()
  assert.deepEqual(await story.world.finish(story.disk.list('/var/lib/poise/logs').catch(() => [])), [])
})
