/** CrashLoopBackOff: how long a container that ended waits before it is started again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginStory, isAt, sh, simulated, stateOf, statusOf, web, type Story } from './story.ts'

/** Seconds between the end of each instance and the start of the next. */
async function pausesOf(story: Story, container: string, restarts: number): Promise<number[]> {
  const ends: number[] = []
  for (let restart = 1; restart <= restarts; restart++) {
    await story.until(pod => statusOf(pod, container)?.restartCount === restart)
    const before = (await story.instances(container)).find(({ metadata }) => metadata.attempt === restart - 1)!
    ends.push((before.finishedAt - story.epochMs) / 1000)
  }
  const starts = story.calls.starts.filter(call => call.container.startsWith(`${container}#`)).slice(1)
  return starts.slice(0, restarts).map(({ at }, index) => at - ends[index]!)
}

test('§ container back-off: after the first end a container is started again at once, then after 10 20 40 80 160 300 300 s, counted from its end, without jitter', async () => {
  for (const exit of [0, 1]) {
    const story = await beginStory()
    story.run({ spec: { containers: [{ name: 'web', image: 'busybox:1', command: sh(`sleep 2; exit ${exit}`) }] } })
    const pauses = await pausesOf(story, 'web', 9)
    pauses.forEach((pause, index) => isAt(pause, [0, 10, 20, 40, 80, 160, 300, 300, 300][index]!, `restart ${index + 1}`))
  }
})

test('§ container back-off: the delay is printed as Go prints it', async () => {
  const story = await beginStory()
  story.run({ spec: { containers: [{ name: 'web', image: 'busybox:1', command: sh('exit 1') }] } })
  const seen: string[] = []
  for (let restart = 1; restart <= 7; restart++) {
    await story.until(pod => statusOf(pod, 'web')?.restartCount === restart)
    const pod = await story.until(one => stateOf(one, 'web') === 'Waiting CrashLoopBackOff')
    seen.push(statusOf(pod, 'web')!.state!.waiting!.message!.split(' ')[1]!)
  }
  assert.deepEqual(seen, ['10s', '20s', '40s', '1m20s', '2m40s', '5m0s', '5m0s'])
})

test('§ container back-off: a run of more than ten minutes resets it, one of ten minutes does not', async () => {
  for (const [minutes, pause] of [
    [10, 20],
    [10.1, 0],
  ] as const) {
    const story = await beginStory()
    const volumes = [{ name: 'data', emptyDir: {} }]
    // Twice it fails at once; then it runs for a while before it fails again.
    const script = `echo x >> /data/runs; test $(cat /data/runs | wc -l) -eq 3 && sleep ${minutes * 60}; exit 1`
    story.run({
      spec: { volumes, containers: [{ name: 'web', image: 'busybox:1', command: sh(script), volumeMounts: [{ name: 'data', mountPath: '/data' }] }] },
    })
    const pauses = await pausesOf(story, 'web', 4)
    isAt(pauses[1]!, 10)
    isAt(pauses[2]!, pause, `after ${minutes} minutes`)
    isAt(pauses[3]!, pause === 0 ? 10 : 40)
  }
})

test('§ container back-off: another image starts it afresh', async () => {
  const story = await beginStory(1, { images: ['busybox:1', 'busybox:2'] })
  story.run({ spec: { containers: [{ name: 'web', image: 'busybox:1', command: sh('exit 1') }] } })
  await story.until(pod => statusOf(pod, 'web')?.restartCount === 3)
  await story.until(pod => stateOf(pod, 'web') === 'Waiting CrashLoopBackOff')
  const editedAt = story.seconds()
  await story.edit(({ spec }) => (spec.containers[0]!.image = 'busybox:2'))
  await story.until(pod => statusOf(pod, 'web')?.restartCount === 4)
  isAt(story.calls.starts.at(-1)!.at, editedAt)
})

test('§ container back-off: each container of a Pod has its own', async () => {
  const story = await beginStory()
  story.run({
    spec: {
      containers: [
        { name: 'web', image: 'busybox:1', command: sh('exit 1') },
        { name: 'other', image: 'busybox:1', command: sh('sleep 35; exit 1') },
      ],
    },
  })
  await story.at(34)
  assert.deepEqual([statusOf(story.pod(), 'web')?.restartCount, statusOf(story.pod(), 'other')?.restartCount], [3, 0])
  await story.at(36)
  assert.deepEqual([statusOf(story.pod(), 'web')?.restartCount, statusOf(story.pod(), 'other')?.restartCount], [3, 1], 'at once')
})

test('§ container back-off: a killed container waits, too, and so does one that was never told to end', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('listen=80'), spec: web() })
  for (const restart of [1, 2]) {
    await story.until(pod => stateOf(pod, 'web') === 'Running' && statusOf(pod, 'web')?.restartCount === restart - 1)
    story.runtime.killContainer((await story.instances('web'))[0]!.id)
  }
  const killedAt = story.seconds()
  await story.until(pod => statusOf(pod, 'web')?.restartCount === 2)
  isAt(story.calls.starts.at(-1)!.at - killedAt, 10)
})

test('§ container back-off: the Event BackOff is told once for each time a container waits', async () => {
  const story = await beginStory()
  story.run({ spec: { containers: [{ name: 'web', image: 'busybox:1', command: sh('sleep 2; exit 1') }] } })
  await story.until(pod => statusOf(pod, 'web')?.restartCount === 4)
  assert.deepEqual(story.said('BackOff'), Array(3).fill('BackOff: Back-off restarting failed container web in pod web_default(pod-1)'))
})
