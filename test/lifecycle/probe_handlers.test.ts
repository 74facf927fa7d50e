/** How a probe asks: a command, a request, a connection, a health check over gRPC; and what it says of the answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HttpReply } from '../../src/base/network.ts'
import type { SimulatedHttpRequest } from '../../src/sim/network.ts'
import { beginStory, isReady, sh, simulated, statusOf, web, type Story, type StoryOptions } from './story.ts'

async function settled(options: StoryOptions = {}): Promise<Story> {
  const story = await beginStory(1, options)
  await story.at(60)
  return story
}
const once = { periodSeconds: 1, failureThreshold: 1 }

/** Answers every request with these replies, the last one again and again. */
function serve(story: Story, port: number, ...replies: Partial<HttpReply>[]): SimulatedHttpRequest[] {
  const seen: SimulatedHttpRequest[] = []
  story.runtime.fabric.listen(story.pod()!.status.podIP!, port, {
    async http(request) {
      seen.push(request)
      return { status: 200, headers: {}, body: '', ...replies[Math.min(seen.length, replies.length) - 1] }
    },
  })
  return seen
}

/** The Pod runs, and a server of ours listens in it. */
async function withServer(httpGet: object, ...replies: Partial<HttpReply>[]): Promise<{ story: Story; seen: SimulatedHttpRequest[]; ip: string }> {
  const story = await settled()
  story.run({
    metadata: simulated('listen=none'),
    spec: web({ readinessProbe: { httpGet: { port: 8080, ...httpGet }, ...once }, ports: [{ name: 'http', containerPort: 8080 }] }),
  })
  await story.until(({ status }) => status.podIP !== undefined, 2)
  const seen = serve(story, 8080, ...replies)
  await story.world.advance(2000)
  return { story, seen, ip: story.pod()!.status.podIP! }
}

for (const [status, isSuccess] of [
  [200, true],
  [204, true],
  [302, true],
  [399, true],
  [400, false],
  [404, false],
  [500, false],
] as const) {
  test(`§ httpGet: status ${status} is ${isSuccess ? 'a success' : 'a failure, and told'}`, async () => {
    const { story } = await withServer({}, { status })
    assert.equal(isReady(story.pod()!), isSuccess)
    assert.equal(story.said('Unhealthy').includes(`Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: ${status}`), !isSuccess)
  })
}

test('§ httpGet: the request goes to the IP of the Pod, names itself as a probe, and takes any type', async () => {
  const { seen } = await withServer({ path: '/healthz?full=1' })
  assert.deepEqual(
    [seen[0]?.path, seen[0]?.headers],
    [
      '/healthz?full=1',
      [
        ['User-Agent', 'kube-probe/1.34'],
        ['Accept', '*/*'],
      ],
    ],
  )
})

test('§ httpGet: headers of the probe go out, repeated ones too; an empty Accept takes that header away, a User-Agent replaces ours', async () => {
  const httpHeaders = [
    { name: 'X-Part', value: 'a' },
    { name: 'X-Part', value: 'b' },
    { name: 'Accept', value: '' },
    { name: 'user-agent', value: 'mine' },
  ]
  const { seen } = await withServer({ httpHeaders })
  assert.deepEqual(seen[0]?.headers, [
    ['X-Part', 'a'],
    ['X-Part', 'b'],
    ['user-agent', 'mine'],
  ])
})

test('§ httpGet: a port may be named as the container names it', async () => {
  const { story } = await withServer({ port: 'http' })
  assert.ok(isReady(story.pod()!))
})

test('§ httpGet: redirects on the same host are followed', async () => {
  const { story, seen } = await withServer({}, { status: 302, headers: { location: '/there' } }, { status: 200 })
  assert.ok(isReady(story.pod()!))
  assert.deepEqual(
    seen.slice(0, 2).map(({ path }) => path),
    ['/', '/there'],
  )
})

test('§ httpGet: a redirect to another host stops there: a success, and a warning', async () => {
  const { story } = await withServer({}, { status: 302, headers: { location: 'http://example.com/' }, body: 'moved' })
  assert.ok(isReady(story.pod()!))
  assert.equal(story.said('ProbeWarning')[0], 'ProbeWarning: Readiness probe warning: Probe terminated redirects, Response body: moved')
})

test('§ httpGet: a server that does not answer within timeoutSeconds has failed', async () => {
  const story = await settled()
  story.run({
    metadata: simulated('listen=80, answer=3s'),
    spec: web({ livenessProbe: { httpGet: { port: 80 }, ...once, timeoutSeconds: 2, failureThreshold: 10 } }),
  })
  await story.at(64)
  const { podIP } = story.pod()!.status
  assert.equal(
    story.said('Unhealthy')[0],
    `Unhealthy: Liveness probe failed: Get "http://${podIP}:80/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
  )
})

test('§ exec: exit code 0 is a success; any other a failure with the output of the command', async () => {
  const story = await settled()
  const livenessProbe = { exec: { command: sh('echo out; echo err >&2; exit 3') }, ...once, failureThreshold: 5 }
  story.run({ spec: { containers: [{ name: 'web', image: 'busybox:1', command: sh('sleep 100'), livenessProbe }] } })
  await story.at(61.5)
  assert.equal(story.said('Unhealthy')[0], 'Unhealthy: Liveness probe failed: out\nerr\n')
})

test('§ exec: a command that takes longer than timeoutSeconds is ended, and has failed', async () => {
  const story = await settled()
  const livenessProbe = { exec: { command: ['sleep', '10'] }, ...once, timeoutSeconds: 2, failureThreshold: 5 }
  story.run({ spec: { containers: [{ name: 'web', image: 'busybox:1', command: sh('sleep 100'), livenessProbe }] } })
  await story.at(63.5)
  assert.equal(story.said('Unhealthy')[0], 'Unhealthy: Liveness probe failed: command timed out: "sleep 10" timed out after 2s')
})

test('§ exec: $(VAR) stands for a literal value of the environment, and for nothing else', async () => {
  const commands: string[] = []
  const story = await settled({
    between: runtime => ({
      execSync(id, command, timeoutMs) {
        commands.push(command.join(' '))
        return runtime.execSync(id, command, timeoutMs)
      },
    }),
  })
  const env = [
    { name: 'WORD', value: 'hello' },
    { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
  ]
  story.run({ spec: web({ env, livenessProbe: { exec: { command: ['echo', '$(WORD)', '$(NAME)', '$(NONE)', '$$(WORD)'] }, periodSeconds: 1 } }) })
  await story.at(61.5)
  assert.deepEqual(commands, ['echo hello $(NAME) $(NONE) $(WORD)'])
})

test('§ exec: of a long output 10 KiB are kept', async () => {
  const story = await settled()
  const command = sh('x=1234567890123456; for i in 1 2 3 4 5 6 7 8 9 10; do x=$x$x; done; echo -n $x; exit 1')
  story.run({
    spec: { containers: [{ name: 'web', image: 'busybox:1', command: sh('sleep 100'), livenessProbe: { exec: { command }, ...once, failureThreshold: 5 } }] },
  })
  await story.at(61.5)
  assert.equal(story.said('Unhealthy')[0]?.length, 'Unhealthy: Liveness probe failed: '.length + 10 * 1024)
})

test('§ tcpSocket: a connection is a success; a port where nobody listens is refused', async () => {
  const story = await settled()
  story.run({ metadata: simulated('start=3s, listen=80'), spec: web({ readinessProbe: { tcpSocket: { port: 80 }, ...once } }) })
  await story.at(62)
  const { podIP } = story.pod()!.status
  assert.equal(story.said('Unhealthy')[0], `Unhealthy: Readiness probe failed: dial tcp ${podIP}:80: connect: connection refused`)
  await story.until(isReady, 5)
})

test('§ tcpSocket: an address that nobody has runs into the timeout', async () => {
  const story = await settled()
  story.run({
    metadata: simulated('listen=80'),
    spec: web({ livenessProbe: { tcpSocket: { port: 80, host: '10.99.0.1' }, ...once, timeoutSeconds: 1, failureThreshold: 5 } }),
  })
  await story.at(63)
  assert.equal(story.said('Unhealthy')[0], 'Unhealthy: Liveness probe failed: dial tcp 10.99.0.1:80: i/o timeout')
})

test('§ grpc: SERVING is a success', async () => {
  const story = await settled()
  story.run({ metadata: simulated('listen=9000, grpc=SERVING'), spec: web({ readinessProbe: { grpc: { port: 9000 }, ...once } }) })
  await story.until(isReady, 3)
})

test('§ grpc: anything else is a failure and said, as is a server without the health service, and none at all', async () => {
  for (const [settings, pattern] of [
    ['listen=9000, grpc=NOT_SERVING', /^Unhealthy: Readiness probe failed: service unhealthy \(responded with "NOT_SERVING"\)$/],
    ['listen=9000', /^Unhealthy: Readiness probe failed: error: this server does not implement the grpc health protocol \(grpc\.health\.v1\.Health\): /],
    ['listen=none', /^Unhealthy: Readiness probe failed: timeout: failed to connect service "10\.244\.0\.\d+:9000" within 1s: /],
  ] as const) {
    const story = await settled()
    story.run({ metadata: simulated(settings), spec: web({ readinessProbe: { grpc: { port: 9000 }, ...once } }) })
    await story.at(63)
    assert.equal(isReady(story.pod()!), false)
    assert.match(story.said('Unhealthy')[0]!, pattern)
  }
})

test('§ probes of sidecars: they are asked as those of other containers; plain init containers and ephemeral ones have none', async () => {
  const story = await settled()
  const proxy = { name: 'proxy', image: 'nginx:1', restartPolicy: 'Always', readinessProbe: { tcpSocket: { port: 81 }, ...once } }
  story.run({
    metadata: { annotations: { 'simulate.poise.dev/proxy': 'start=3s, listen=81', 'simulate.poise.dev/web': 'listen=80' } },
    spec: web({}, { initContainers: [proxy] }),
  })
  await story.at(62)
  assert.equal(statusOf(story.pod(), 'proxy')?.ready, false)
  assert.equal(story.events.find(({ reason }) => reason === 'Unhealthy')?.fieldPath, 'spec.initContainers{proxy}')
  await story.until(isReady, 5)
})
