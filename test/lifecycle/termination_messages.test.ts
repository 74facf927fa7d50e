/** A container's last words: state.terminated.message. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginStory, sh, statusOf, type Story } from './story.ts'

const FALLBACK = { terminationMessagePolicy: 'FallbackToLogsOnError' }

async function ended(script: string, container: object = {}, spec: object = {}): Promise<Story> {
  const story = await beginStory()
  story.run({ spec: { restartPolicy: 'Never', containers: [{ name: 'web', image: 'busybox:1', command: sh(script), ...container }], ...spec } })
  await story.until(({ status }) => status.phase === 'Succeeded' || status.phase === 'Failed', 60)
  return story
}
/** 5,123 bytes. */
const LONG = 'x=1234567890; for i in 1 2 3 4 5 6 7 8 9; do x=$x$x; done; echo -n "${x}END" > /dev/termination-log'
const lastWords = (story: Story, name = 'web') => statusOf(story.pod(), name)?.state?.terminated?.message

test('§ termination message: what the container has written into its file, by default /dev/termination-log', async () => {
  assert.equal(lastWords(await ended('echo -n done > /dev/termination-log')), 'done')
  assert.equal(lastWords(await ended('echo -n there > /tmp/words; exit 1', { terminationMessagePath: '/tmp/words' })), 'there')
  assert.equal(lastWords(await ended('exit 1')), undefined)
})

test('§ termination message: with the policy File logs are not looked at', async () => {
  assert.equal(lastWords(await ended('echo in the log; exit 1')), undefined)
})

test('§ termination message: with FallbackToLogsOnError the log speaks, if the exit code is not 0 and the file is empty', async () => {
  assert.equal(lastWords(await ended('echo one; echo two; exit 1', FALLBACK)), 'one\ntwo\n')
  assert.equal(lastWords(await ended('echo one; exit 0', FALLBACK)), undefined)
  assert.equal(lastWords(await ended('echo one; echo -n file > /dev/termination-log; exit 1', FALLBACK)), 'file')
})

test('§ termination message: of a file the last 4096 bytes are taken', async () => {
  const message = lastWords(await ended(LONG))!
  assert.equal(message.length, 4096)
  assert.ok(message.startsWith('8901') && message.endsWith('7890END'))
})

test('§ termination message: of the log the last 80 lines are taken, and of these no more than 2048 bytes', async () => {
  const lines = lastWords(await ended('for i in $(seq 1 200); do echo "l$i"; done; exit 1', FALLBACK))!.split('\n')
  assert.deepEqual([lines.length, lines[0], lines[79]], [81, 'l121', 'l200'])
  const long = lastWords(await ended('for i in $(seq 1 100); do echo "a line that is not exactly a short one, number $i"; done; exit 1', FALLBACK))!
  assert.equal(long.length, 2048)
  assert.ok(long.endsWith('number 100\n'))
})

test('§ termination message: the containers of a Pod share 12 KiB, each the same part of it, init and ephemeral ones counted', async () => {
  const others = Array.from({ length: 5 }, (_, index) => ({ name: `other-${index}`, image: 'busybox:1', command: sh('true') }))
  const story = await ended(
    'true',
    {},
    { initContainers: others.slice(0, 2), containers: [{ name: 'web', image: 'busybox:1', command: sh(LONG) }, ...others.slice(2)] },
  )
  assert.equal(lastWords(story)?.length, 12_288 / 6)
})

test('§ termination message: each instance has its own', async () => {
  const story = await beginStory()
  story.run({
    spec: { containers: [{ name: 'web', image: 'busybox:1', command: sh('hostname > /dev/null; date +%s > /dev/termination-log; sleep 5; exit 1') }] },
  })
  const first = await story.until(pod => statusOf(pod, 'web')?.restartCount === 1)
  const second = await story.until(pod => statusOf(pod, 'web')?.restartCount === 2)
  const words = [first, second].map(pod => statusOf(pod, 'web')?.lastState?.terminated?.message)
  assert.ok(words[0] && words[1] && words[0] !== words[1], words.join(' '))
})

test('§ termination message: what the runtime says of the end comes before what the container said', async () => {
  const story = await beginStory(1, {
    between: runtime => ({ containerStatus: async id => ({ ...(await runtime.containerStatus(id)), message: 'killed from outside' }) }),
  })
  story.run({ spec: { restartPolicy: 'Never', containers: [{ name: 'web', image: 'busybox:1', command: sh('echo -n busy > /dev/termination-log; exit 1') }] } })
  await story.until(({ status }) => status.phase === 'Failed', 10)
  assert.equal(lastWords(story), 'killed from outside: busy')
})
