/** postStart and preStop: what runs in a container right after its start and before its end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SimulatedHttpRequest } from '../../src/sim/network.ts'
import { beginStory, isAt, isReady, sh, simulated, stateOf, statusOf, verdictOf, web, type Story } from './story.ts'

const postStart = (handler: object) => ({ lifecycle: { postStart: handler } })
const preStop = (handler: object) => ({ lifecycle: { preStop: handler } })
const exec = (...command: string[]) => ({ exec: { command } })

/** Serves hooks inside the Pod and keeps what they asked. */
function serve(story: Story, port: number, status = 200): SimulatedHttpRequest[] {
  const seen: SimulatedHttpRequest[] = []
  story.runtime.fabric.listen(story.pod()!.status.podIP!, port, {
    async http(request) {
      seen.push(request)
      return { status, headers: {}, body: 'ok' }
    },
  })
  return seen
}

test('§ postStart: it runs right after the start; until it is done the container is neither started nor ready, and the next one waits', async () => {
  const story = await beginStory()
  story.run({
    spec: {
      containers: [
        { name: 'web', image: 'nginx:1', ...postStart(exec('sleep', '3')) },
        { name: 'next', image: 'busybox:1', command: sh('sleep 60') },
      ],
    },
  })
  await story.at(2)
  assert.deepEqual([stateOf(story.pod(), 'web'), stateOf(story.pod(), 'next')], ['Running', 'Waiting ContainerCreating'])
  assert.deepEqual([statusOf(story.pod(), 'web')?.started, statusOf(story.pod(), 'web')?.ready], [false, false])
  assert.equal(story.pod()?.status.phase, 'Pending')
  await story.until(isReady, 5)
  isAt(story.calls.execs[0]!.at, story.calls.starts[0]!.at)
  isAt(story.calls.starts[1]!.at, story.calls.starts[0]!.at + 3)
})

test('§ postStart: when it fails the container is killed, waits with PostStartHookError and is started again as its policy says', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('listen=80, drain=2s'), spec: web(postStart(exec('false'))) })
  await story.at(1)
  assert.equal(verdictOf(story.pod()!, 'Ready'), 'False ContainersNotReady: containers with unready status: [web]')
  await story.until(pod => statusOf(pod, 'web')?.restartCount === 2, 60)
  assert.deepEqual(story.said('FailedPostStartHook', 'Killing', 'Failed').slice(0, 2), [
    'FailedPostStartHook: PostStartHook failed',
    'Killing: FailedPostStartHook',
  ])
  const waiting = story.statuses().map(({ containerStatuses }) => containerStatuses?.[0]?.state?.waiting)
  assert.equal(
    waiting.find(state => state?.reason === 'PostStartHookError')?.message,
    'Exec lifecycle hook (false) for Container "web" in Pod "web_default(pod-1)" failed - error: command \'false\' exited with 1: , message: ""',
  )
  assert.ok(
    waiting.some(state => state?.reason === 'CrashLoopBackOff'),
    'the second time it waits',
  )
  const [, second, third] = story.calls.starts.map(({ at }) => at)
  isAt(third! - second!, 12, 'two seconds of draining and ten of back-off')
})

test('§ postStart: with restartPolicy Never a hook that fails ends the Pod', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('term=fast, exit=1'), spec: web(postStart(exec('false')), { restartPolicy: 'Never' }) })
  await story.until(({ status }) => status.phase === 'Failed', 10)
  assert.equal(story.calls.starts.length, 1)
})

test('§ postStart: the preStop hook of a container whose postStart failed runs, too', async () => {
  const story = await beginStory()
  const lifecycle = { postStart: exec('false'), preStop: exec('sleep', '1') }
  story.run({ metadata: simulated('term=fast'), spec: web({ lifecycle }, { restartPolicy: 'Never' }) })
  await story.at(10)
  assert.deepEqual(
    story.calls.execs.map(({ command }) => command),
    ['false', 'sleep 1'],
  )
})

test('§ preStop: it runs before TERM and inside the grace, of which it takes whole seconds', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('term=ignore'), spec: web(preStop({ sleep: { seconds: 4 } }), { terminationGracePeriodSeconds: 10 }) })
  await story.until(isReady)
  await story.at(10)
  await story.delete()
  await story.gone()
  assert.deepEqual([story.calls.stops.length, story.calls.stops[0]?.timeoutMs], [1, 6000])
  isAt(story.calls.stops[0]!.at, 14)
  isAt(story.seconds(), 20)
  assert.equal(story.events.find(({ reason }) => reason === 'Killing')?.at, 10, 'the Event comes first')
})

test('§ preStop: one that takes less than a second takes nothing off the grace', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('term=ignore'), spec: web(preStop(exec('sleep', '0.5')), { terminationGracePeriodSeconds: 10 }) })
  await story.until(isReady)
  await story.at(10)
  await story.delete()
  await story.gone()
  isAt(story.seconds(), 20.5)
})

test('§ preStop: one that uses all of the grace still leaves two seconds between TERM and KILL, and is cut off with its container', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('term=ignore'), spec: web(preStop(exec('sleep', '60')), { terminationGracePeriodSeconds: 5 }) })
  await story.until(isReady)
  await story.at(10)
  await story.delete()
  await story.gone()
  isAt(story.calls.stops[0]!.at, 15, 'TERM: it is no longer waited for')
  isAt(story.seconds(), 17, 'KILL')
  await story.at(30)
  const [failed] = story.events.filter(({ reason }) => reason === 'FailedPreStopHook')
  isAt(failed!.at, 17, 'the command ended with the container')
})

test('§ preStop: one that fails is told without its details, and stopping goes on at once', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('term=fast'), spec: web(preStop(exec('cat', '/secret'))) })
  await story.until(isReady)
  await story.at(10)
  await story.delete()
  await story.gone()
  isAt(story.seconds(), 10)
  assert.deepEqual(story.said('FailedPreStopHook'), ['FailedPreStopHook: PreStopHook failed'])
  assert.equal(story.events.find(({ reason }) => reason === 'FailedPreStopHook')?.fieldPath, 'spec.containers{web}')
})

test('§ preStop: it does not run when the container ends by itself', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('after=5s'), spec: web(preStop(exec('true'))) })
  await story.until(pod => statusOf(pod, 'web')?.restartCount === 1, 30)
  assert.deepEqual(story.calls.execs, [])
  await story.until(pod => /CrashLoopBackOff/.test(stateOf(pod, 'web')), 30)
  await story.delete()
  await story.gone()
  assert.deepEqual(story.calls.execs, [], 'and not for one that has stopped already')
})

test('§ preStop: of all containers they run at the same time', async () => {
  const story = await beginStory()
  const container = (name: string, seconds: number) => ({ name, image: 'nginx:1', ...preStop(exec('sleep', String(seconds))) })
  story.run({
    metadata: { annotations: { 'simulate.poise.dev/a': 'listen=none, term=fast', 'simulate.poise.dev/b': 'listen=none, term=fast' } },
    spec: { containers: [container('a', 2), container('b', 3)] },
  })
  await story.until(isReady)
  await story.at(10)
  await story.delete()
  await story.gone()
  isAt(story.seconds(), 13)
  for (const { at } of story.calls.execs) isAt(at, 10)
})

test('§ hooks over HTTP: any answer is a success; the request names the kubelet and its headers go out', async () => {
  const story = await beginStory()
  const httpGet = { port: 8080, path: '/bye?now=1', httpHeaders: [{ name: 'X-Part', value: 'a' }] }
  story.run({ metadata: simulated('term=fast'), spec: web(preStop({ httpGet })) })
  await story.until(isReady)
  const seen = serve(story, 8080, 500)
  await story.delete()
  await story.gone()
  assert.deepEqual(
    [seen.length, seen[0]?.path, seen[0]?.headers],
    [
      1,
      '/bye?now=1',
      [
        ['User-Agent', 'kube-lifecycle/1.34'],
        ['X-Part', 'a'],
      ],
    ],
  )
  assert.deepEqual(story.said('FailedPreStopHook'), [])
})

test('§ hooks over HTTP: only a server that cannot be reached fails them', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('listen=80, term=fast'), spec: web(preStop({ httpGet: { port: 8081 } })) })
  await story.until(isReady)
  await story.delete()
  await story.gone()
  assert.deepEqual(story.said('FailedPreStopHook'), ['FailedPreStopHook: PreStopHook failed'])
})

test('§ hooks over HTTPS: one that is answered in plain HTTP is retried so, without its Authorization, and that is told', async () => {
  const story = await beginStory()
  const httpHeaders = [
    { name: 'Authorization', value: 'Bearer secret' },
    { name: 'X-Part', value: 'a' },
  ]
  story.run({ metadata: simulated('term=fast'), spec: web(preStop({ httpGet: { port: 8443, scheme: 'HTTPS', httpHeaders } })) })
  await story.until(isReady)
  const seen = serve(story, 8443)
  const { podIP } = story.pod()!.status
  await story.delete()
  await story.gone()
  assert.deepEqual(
    seen.map(({ headers }) => headers.map(([name]) => name)),
    [['User-Agent', 'X-Part']],
  )
  assert.deepEqual(story.said('LifecycleHTTPFallback', 'FailedPreStopHook'), [
    `LifecycleHTTPFallback: request to HTTPS lifecycle hook ${podIP}:8443 got HTTP response, retry with HTTP succeeded`,
  ])
})

test('§ hooks: tcpSocket always fails, for there is no way to run it', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('listen=80, term=fast'), spec: web(postStart({ tcpSocket: { port: 80 } }), { restartPolicy: 'Never' }) })
  await story.at(5)
  const waiting = story.statuses().map(({ containerStatuses }) => containerStatuses?.[0]?.state?.waiting)
  assert.deepEqual(story.said('FailedPostStartHook'), ['FailedPostStartHook: PostStartHook failed'])
  assert.equal(story.pod()?.status.phase, 'Succeeded', 'the container obeyed TERM with exit code 0')
  assert.ok(waiting.every(state => state?.reason !== 'CrashLoopBackOff'))
})

test('§ hooks: sleep pauses for so many seconds', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('term=fast'), spec: web({ lifecycle: { postStart: { sleep: { seconds: 2 } }, preStop: { sleep: { seconds: 3 } } } }) })
  await story.until(isReady)
  isAt(story.seconds(), 2)
  await story.at(10)
  await story.delete()
  await story.gone()
  isAt(story.seconds(), 13)
})
