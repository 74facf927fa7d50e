import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeText } from '../base/bytes.ts'
import { RuntimeError } from '../runtime/runtime.ts'
import type { ContainerConfig, ContainerRuntime, PodSandboxConfig } from '../runtime/runtime.ts'
import { containerConfig, sandboxConfig } from './configs.ts'
import { FAST_LATENCY } from './latency.ts'
import { createSimulatedRuntime } from './runtime.ts'
import type { SimulatedRuntimeOptions } from './runtime.ts'
import { createWorld } from './world.ts'

function newNode(options: SimulatedRuntimeOptions = {}, seed = 1) {
  const world = createWorld({ seed })
  const host = world.host('node-a')
  const runtime = createSimulatedRuntime(host, {
    images: ['busybox', 'nginx', 'nginx:1.12-alpine', 'ikubernetes/stress-ng', 'example/app'],
    latency: FAST_LATENCY,
    ...options,
  })
  const read = async (path: string) => decodeText(await host.machine.disk.readFile(path))
  return { world, host, runtime, read }
}

/** A started container; `over` is its configuration. */
async function started(runtime: ContainerRuntime, image: string, over: Partial<ContainerConfig> = {}, sandbox: Partial<PodSandboxConfig> = {}) {
  const pod = sandboxConfig('web', sandbox)
  const sandboxId = await runtime.runPodSandbox(pod)
  const id = await runtime.createContainer(sandboxId, containerConfig('main', image, over), pod)
  await runtime.startContainer(id)
  return { sandboxId, id }
}

const sh = (script: string) => ({ command: ['/bin/sh', '-c', script] })

test('a script runs, its output is in the log in CRI format, and its exit code in the status', async () => {
  const { world, runtime, read } = newNode()
  const { id } = await world.finish(started(runtime, 'busybox', sh('echo one; echo two >&2; sleep 5; exit 3')))
  assert.equal((await world.finish(runtime.containerStatus(id))).state, 'running')
  await world.advance(6_000)
  const status = await world.finish(runtime.containerStatus(id))
  assert.deepEqual([status.state, status.exitCode, status.reason], ['exited', 3, 'Error'])
  assert.equal(status.finishedAt - status.startedAt >= 5_000, true)
  assert.match(await read(status.logPath), /^2026-01-01T00:00:00\.\d{9}Z stdout F one\n2026-01-01T00:00:00\.\d{9}Z stderr F two\n$/)
})

test('each sandbox has an address of its own, and gives it back when it is stopped', async () => {
  const { world, runtime } = newNode({ podCidr: '10.244.7.0/24' })
  const one = await world.finish(runtime.runPodSandbox(sandboxConfig('one')))
  const two = await world.finish(runtime.runPodSandbox(sandboxConfig('two')))
  const ips = async (id: string) => (await world.finish(runtime.podSandboxStatus(id))).ips
  assert.deepEqual([await ips(one), await ips(two)], [['10.244.7.2'], ['10.244.7.3']])
  await world.finish(runtime.stopPodSandbox(one))
  assert.deepEqual(await ips(one), [])
  await world.finish(runtime.removePodSandbox(one))
  await assert.rejects(world.finish(runtime.podSandboxStatus(one)), { code: 'NotFound' })
})

test('a shell as PID 1 without a trap does not hear TERM and is killed when grace is over', async () => {
  const { world, runtime } = newNode()
  const { id } = await world.finish(started(runtime, 'busybox', sh('sleep 3600')))
  const began = world.now()
  await world.finish(runtime.stopContainer(id, 30_000))
  assert.ok(world.now() - began >= 30_000)
  assert.equal((await world.finish(runtime.containerStatus(id))).exitCode, 137)
})

test('sleep as PID 1 does not hear TERM either', async () => {
  const { world, runtime } = newNode()
  const { id } = await world.finish(started(runtime, 'busybox', { command: ['sleep', '3600'] }))
  const began = world.now()
  await world.finish(runtime.stopContainer(id, 2_000))
  assert.ok(world.now() - began >= 2_000)
})

test('a trap runs when the foreground command has ended', async () => {
  const { world, runtime } = newNode()
  const { id } = await world.finish(started(runtime, 'busybox', sh("trap 'echo bye; exit 0' TERM; while true; do sleep 1; done")))
  await world.advance(10_000)
  const began = world.now()
  await world.finish(runtime.stopContainer(id, 30_000))
  assert.ok(world.now() - began <= 1_100, `${world.now() - began}`)
  const status = await world.finish(runtime.containerStatus(id))
  assert.deepEqual([status.exitCode, status.reason], [0, 'Completed'])
})

test('a trap behind one long sleep comes too late, and behind `wait` at once', async () => {
  for (const [script, atMostMs, exitCode] of [
    ["trap 'exit 0' TERM; sleep 600", 5_100, 137],
    ["trap 'exit 0' TERM; sleep 600 & wait", 100, 0],
  ] as const) {
    const { world, runtime } = newNode()
    const { id } = await world.finish(started(runtime, 'busybox', sh(script)))
    await world.advance(1_000)
    const began = world.now()
    await world.finish(runtime.stopContainer(id, 5_000))
    assert.ok(world.now() - began <= atMostMs)
    assert.equal((await world.finish(runtime.containerStatus(id))).exitCode, exitCode, script)
  }
})

test('an exec probe sees the files of the container: the manifest of the liveness article', async () => {
  const { world, runtime } = newNode()
  const { id } = await world.finish(started(runtime, 'busybox', { args: ['/bin/sh', '-c', ' touch /tmp/healthy;sleep 60; rm -rf /tmp/healthy;sleep 600'] }))
  const probe = async () => (await world.finish(runtime.execSync(id, ['test', '-e', '/tmp/healthy'], 1_000))).exitCode
  await world.advance(30_000)
  assert.equal(await probe(), 0)
  await world.advance(31_000)
  assert.equal(await probe(), 1)
})

test('exec tells a command that fails from one that cannot be started and from one that takes too long', async () => {
  const { world, runtime } = newNode()
  const { id } = await world.finish(started(runtime, 'busybox', sh('sleep 3600')))
  const failed = await world.finish(runtime.execSync(id, ['cat', '/tmp/healthy'], 0))
  assert.deepEqual([failed.exitCode, decodeText(failed.stderr)], [1, "cat: can't open '/tmp/healthy': No such file or directory\n"])
  const unknown = await world.finish(runtime.execSync(id, ['sh', '-c', 'foo'], 0))
  assert.deepEqual([unknown.exitCode, decodeText(unknown.stderr)], [127, 'sh: foo: not found\n'])
  await assert.rejects(world.finish(runtime.execSync(id, ['foo'], 0)), /exec: "foo": executable file not found in \$PATH/)
  await assert.rejects(world.finish(runtime.execSync(id, ['sleep', '10'], 1_000)), { code: 'DeadlineExceeded' })
})

test('init containers of the first article wait until the name resolves', async () => {
  const names = new Set<string>()
  const { world, runtime } = newNode({ resolve: async name => (names.has(name) ? ['10.96.3.4'] : []) })
  const { id } = await world.finish(
    started(runtime, 'busybox', { command: ['sh', '-c', 'until nslookup myservice; do echo waiting for myservice; sleep 2; done;'] }),
  )
  await world.advance(20_000)
  assert.equal((await world.finish(runtime.containerStatus(id))).state, 'running')
  names.add('myservice.default.svc.cluster.local')
  await world.advance(2_500)
  assert.equal((await world.finish(runtime.containerStatus(id))).exitCode, 0)
})

test('a volume is one place for the machine and for two containers, through the links of a ConfigMap', async () => {
  const { world, host, runtime } = newNode()
  const disk = host.machine.disk
  await disk.makeDirectory('/pods/volume/..2026')
  await disk.writeFile('/pods/volume/..2026/namespace', 'default')
  await disk.symlink('..2026', '/pods/volume/..data')
  await disk.symlink('..data/namespace', '/pods/volume/namespace')
  const mount = { containerPath: '/var/run/secrets', hostPath: '/pods/volume', readOnly: true, recursiveReadOnly: false, propagation: 'None' as const }
  const { id } = await world.finish(
    started(runtime, 'busybox', {
      ...sh('echo ns is $(cat /var/run/secrets/namespace).svc; echo x > /var/run/secrets/y || echo refused; sleep 100'),
      mounts: [mount],
    }),
  )
  await world.advance(100)
  const log = decodeText(await disk.readFile((await world.finish(runtime.containerStatus(id))).logPath))
  assert.match(log, /stdout F ns is default\.svc\n/)
  assert.match(log, /stderr F sh: can't create \/var\/run\/secrets\/y: Read-only file system\n.*stdout F refused\n/)
})

test('nginx listens after its start, serves a file that a hook wrote, and quits gracefully', async () => {
  const { world, host, runtime } = newNode()
  const { sandboxId, id } = await world.finish(started(runtime, 'nginx:1.12-alpine'))
  const ip = (await world.finish(runtime.podSandboxStatus(sandboxId))).ips[0]!
  const get = (path: string) =>
    world.finish(host.network.http({ scheme: 'http', host: ip, port: 80, path, method: 'GET', headers: [], bodyBytesMax: 1_000, timeoutMs: 1_000 }))
  await world.advance(100)
  assert.equal((await get('/')).status, 200)
  assert.equal((await get('/healthz')).status, 404)
  await world.finish(runtime.execSync(id, ['/bin/sh', '-c', ' echo Healthy > /usr/share/nginx/html/healthz'], 0))
  assert.equal((await get('/healthz')).body, 'Healthy\n')
  await world.finish(runtime.execSync(id, ['/bin/sh', '-c', 'nginx -s quit; while killall -0 nginx; do sleep 1; done'], 0)).catch(() => {})
  await world.advance(2_000)
  const status = await world.finish(runtime.containerStatus(id))
  assert.deepEqual([status.state, status.exitCode], ['exited', 0])
  await assert.rejects(get('/'), { message: `Get "http://${ip}:80/": dial tcp ${ip}:80: connect: connection refused` })
})

test('the Debian nginx image has no killall, as in life', async () => {
  const { world, runtime } = newNode()
  const { id } = await world.finish(started(runtime, 'nginx'))
  const result = await world.finish(runtime.execSync(id, ['/bin/sh', '-c', 'killall -0 nginx'], 0))
  assert.deepEqual([result.exitCode, decodeText(result.stderr)], [127, 'sh: killall: not found\n'])
})

test('an annotation says how a server starts, drains and exits', async () => {
  const { world, host, runtime } = newNode()
  const { sandboxId, id } = await world.finish(
    started(runtime, 'example/app', {}, { annotations: { 'simulate.poise.dev/main': 'start=2s, listen=8080, drain=3s, exit=7' } }),
  )
  const ip = (await world.finish(runtime.podSandboxStatus(sandboxId))).ips[0]!
  const connect = () => world.finish(host.network.connect(ip, 8080, { timeoutMs: 1_000 }))
  await assert.rejects(connect(), { code: 'Refused' })
  await world.advance(2_000)
  await connect()
  const began = world.now()
  await world.finish(runtime.stopContainer(id, 30_000))
  assert.ok(world.now() - began >= 3_000 && world.now() - began < 3_100)
  assert.equal((await world.finish(runtime.containerStatus(id))).exitCode, 7)
})

test('more memory than the limit allows ends in OOMKilled', async () => {
  const { world, runtime } = newNode()
  const { id } = await world.finish(
    started(runtime, 'ikubernetes/stress-ng', {
      command: ['/usr/bin/stress-ng', '-m 1', '-c 1', '--metrics-brief'],
      resources: { memoryLimitBytes: 128 * 2 ** 20 },
    }),
  )
  await world.advance(5_000)
  const status = await world.finish(runtime.containerStatus(id))
  assert.deepEqual([status.exitCode, status.reason], [137, 'OOMKilled'])
})

test('busybox without a command ends at once, and with stdin it is a shell that waits', async () => {
  const { world, runtime } = newNode()
  const one = await world.finish(started(runtime, 'busybox'))
  await world.advance(10)
  assert.equal((await world.finish(runtime.containerStatus(one.id))).exitCode, 0)
  const two = await world.finish(runtime.createContainer(one.sandboxId, containerConfig('shell', 'busybox', { stdin: true }), sandboxConfig('web')))
  await world.finish(runtime.startContainer(two))
  await world.advance(10_000)
  assert.equal((await world.finish(runtime.containerStatus(two))).state, 'running')
})

test('a command that is not in the image is a StartError with exit code 128', async () => {
  const { world, runtime } = newNode()
  await assert.rejects(world.finish(started(runtime, 'busybox', { command: ['no-such'] })), /exec: "no-such": executable file not found in \$PATH/)
  const [container] = await world.finish(runtime.listContainers())
  const status = await world.finish(runtime.containerStatus(container!.id))
  assert.deepEqual([status.state, status.exitCode, status.reason], ['exited', 128, 'StartError'])
})

test('an image is on the machine only after it has been pulled; missing and forbidden ones say so', async () => {
  const { world, runtime } = newNode({ images: [] })
  assert.equal(await world.finish(runtime.imageStatus('busybox')), undefined)
  const began = world.now()
  const reference = await world.finish(runtime.pullImage('busybox', undefined, new AbortController().signal))
  assert.ok(world.now() - began >= 500)
  assert.match(reference, /^docker\.io\/library\/busybox@sha256:[0-9a-f]{64}$/)
  assert.deepEqual((await world.finish(runtime.imageStatus('busybox')))?.repoTags, ['docker.io/library/busybox:latest'])
  runtime.registry.set('secret:v1', { is: 'unauthorized' })
  runtime.registry.set('nowhere:v1', { is: 'missing' })
  await assert.rejects(world.finish(runtime.pullImage('secret:v1', undefined, new AbortController().signal)), /authorization failed/)
  await assert.rejects(
    world.finish(runtime.pullImage('nowhere:v1', undefined, new AbortController().signal)),
    (error: Error) => error instanceof RuntimeError && error.code === 'NotFound',
  )
})

test('containers outlive the crash of the kubelet, and its next life finds them', async () => {
  const { world, host, runtime } = newNode()
  const { id } = await world.finish(started(runtime, 'busybox', sh('sleep 20; exit 4')))
  host.crash()
  await world.advance(30_000)
  const next = runtime.connect(host.restart())
  const status = await world.finish(next.containerStatus(id))
  assert.equal(status.exitCode, 4)
})

test('hints come soon after a container has started and after it has exited', async () => {
  const { world, runtime } = newNode()
  const hints: number[] = []
  runtime.events(() => hints.push(world.now()))
  const { id } = await world.finish(started(runtime, 'busybox', sh('sleep 5')))
  await world.advance(1_000)
  const before = hints.length
  assert.ok(before >= 2)
  await world.advance(10_000)
  const { finishedAt, startedAt } = await world.finish(runtime.containerStatus(id))
  assert.ok(hints.length > before && finishedAt - startedAt >= 5_000)
})

test('a loop that never sleeps costs virtual time and none of ours', async () => {
  const { world, runtime } = newNode()
  await world.finish(started(runtime, 'busybox', sh('while true; do :; done')))
  await world.advance(600_000)
  assert.ok(world.events < 20_000, `${world.events}`)
})

test('the same seed gives the same trace, another one another', async () => {
  const story = async (seed: number) => {
    const { world, runtime } = newNode({}, seed)
    const { id } = await world.finish(started(runtime, 'busybox', sh('for i in 1 2 3; do echo $i; sleep 1; done')))
    await world.finish(runtime.stopContainer(id, 1_000))
    return world.trace.hash()
  }
  assert.equal(await story(1), await story(1))
  assert.notEqual(await story(1), await story(2))
})
