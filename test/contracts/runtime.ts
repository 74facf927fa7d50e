/** What every container runtime must do: run on containerd (test/live) and on the simulated one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeText, encodeText } from '../../src/base/bytes.ts'
import type { ByteSink, ByteSource } from '../../src/base/bytes.ts'
import { sleep } from '../../src/base/clock.ts'
import { RuntimeError } from '../../src/runtime/runtime.ts'
import type { ContainerState } from '../../src/runtime/runtime.ts'
import { DEAF, failsWith, OBEDIENT, Story } from './runtime_subject.ts'
import type { RuntimeSubject } from './runtime_subject.ts'

export type { RuntimeSubject } from './runtime_subject.ts'

export interface RuntimeContractOptions {
  /** Why nothing of it can run here. */
  readonly skip?: string | undefined
  /** By the beginning of a test's title: why this runtime cannot pass it. */
  readonly skips?: Readonly<Record<string, string>>
}

export function runtimeContract(name: string, create: () => Promise<RuntimeSubject>, { skip, skips = {} }: RuntimeContractOptions = {}): void {
  const check = (title: string, run: (story: Story) => Promise<void>) => {
    const reason = skip ?? Object.entries(skips).find(([beginning]) => title.startsWith(beginning))?.[1]
    test(`${name}: ${title}`, reason === undefined ? {} : { skip: reason }, async () => {
      const subject = await create()
      try {
        await subject.finish(run(new Story(subject)))
      } finally {
        await subject.close()
      }
    })
  }

  sandboxes(check)
  containers(check)
  stopping(check)
  surroundings(check)
  commands(check)
  images(check)
  hints(check)
}

type Check = (title: string, run: (story: Story) => Promise<void>) => void

function sandboxes(check: Check) {
  check('it is ready and says what it is', async ({ runtime }) => {
    const { runtimeName, runtimeVersion } = await runtime.version()
    assert.ok(runtimeName.length > 0 && runtimeVersion.length > 0)
    const status = await runtime.status()
    assert.deepEqual([status.runtimeReady, status.networkReady], [true, true], status.message)
    assert.ok(status.handlers.some(handler => handler.name === ''))
  })

  check('a sandbox has an address as soon as it runs, and another one than its neighbour', async story => {
    const [a, b] = [await story.sandbox(), await story.sandbox()]
    const [first, second] = await Promise.all([story.runtime.podSandboxStatus(a.id), story.runtime.podSandboxStatus(b.id)])
    assert.match(first.ips[0] ?? '', /^\d+\.\d+\.\d+\.\d+$/)
    assert.match(second.ips[0] ?? '', /^\d+\.\d+\.\d+\.\d+$/)
    assert.notEqual(first.ips[0], second.ips[0])
    assert.deepEqual([first.ready, first.networkMode], [true, 'POD'])
  })

  check('a sandbox on the machine\'s own network has no address of its own', async story => {
    const { id } = await story.sandbox({ namespaces: { network: 'NODE', pid: 'CONTAINER', ipc: 'POD', targetId: '' } })
    const { ips, networkMode } = await story.runtime.podSandboxStatus(id)
    assert.deepEqual([ips, networkMode], [[], 'NODE'])
  })

  check('ten sandboxes can be made at once', async story => {
    const sandboxes = await Promise.all(Array.from({ length: 10 }, () => story.sandbox()))
    const statuses = await Promise.all(sandboxes.map(({ id }) => story.runtime.podSandboxStatus(id)))
    assert.equal(new Set(statuses.map(({ ips }) => ips[0])).size, 10)
  })

  check('a sandbox keeps its metadata, labels and annotations', async story => {
    const begin = story.subject.clock.wall()
    const { id, config } = await story.sandbox({ labels: { app: 'web', tier: 'front' }, annotations: { 'example.com/note': 'ü ✓' } })
    const status = await story.runtime.podSandboxStatus(id)
    assert.deepEqual(status.metadata, config.metadata)
    assert.deepEqual(status.labels, { app: 'web', tier: 'front' })
    assert.deepEqual(status.annotations, { 'example.com/note': 'ü ✓' })
    assert.ok(status.createdAt >= begin - 1 && status.createdAt <= story.subject.clock.wall(), `created at ${status.createdAt}, begun at ${begin}`)
  })

  check('sandboxes are found by their labels', async story => {
    const a = await story.sandbox({ labels: { app: 'a', tier: 'x' } })
    await story.sandbox({ labels: { app: 'b', tier: 'x' } })
    const found = await story.runtime.listPodSandboxes({ labels: { app: 'a', tier: 'x' } })
    assert.deepEqual(found.map(({ id }) => id), [a.id])
    assert.equal((await story.runtime.listPodSandboxes({ labels: { tier: 'x' } })).length, 2)
  })

  check('stopping a sandbox ends its containers; it is not ready then, and has not gone', async story => {
    const sandbox = await story.sandbox()
    const container = await story.container(sandbox, { command: ['sleep', '3600'] })
    await story.runtime.stopPodSandbox(sandbox.id)
    assert.equal((await story.runtime.podSandboxStatus(sandbox.id)).ready, false)
    assert.equal((await story.runtime.containerStatus(container)).state, 'exited')
  })

  check('a sandbox can be stopped and removed again and again', async story => {
    const { id } = await story.sandbox()
    await story.runtime.stopPodSandbox(id)
    await story.runtime.stopPodSandbox(id)
    await story.runtime.removePodSandbox(id)
    await story.runtime.removePodSandbox(id)
    await story.runtime.stopPodSandbox(id)
    await assert.rejects(story.runtime.podSandboxStatus(id), failsWith('NotFound'))
    assert.deepEqual(await story.runtime.listPodSandboxes(), [])
  })

  check('removing a sandbox forgets its containers', async story => {
    const sandbox = await story.sandbox()
    const container = await story.container(sandbox, { command: ['sleep', '3600'] })
    await story.runtime.stopPodSandbox(sandbox.id)
    await story.runtime.removePodSandbox(sandbox.id)
    await assert.rejects(story.runtime.containerStatus(container), failsWith('NotFound'))
  })
}

function containers(check: Check) {
  check('a container is created, running and exited, in this order and with these times', async story => {
    const sandbox = await story.sandbox()
    const id = await story.runtime.createContainer(sandbox.id, story.containerConfig({ command: ['sh', '-c', 'sleep 1'] }), sandbox.config)
    const states: ContainerState[] = [(await story.runtime.containerStatus(id)).state]
    await story.runtime.startContainer(id)
    const running = await story.runtime.containerStatus(id)
    states.push(running.state)
    assert.deepEqual([running.finishedAt, running.sandboxId], [0, sandbox.id])
    const ended = await story.exited(id)
    assert.deepEqual([...states, ended.state], ['created', 'running', 'exited'])
    assert.ok(ended.createdAt <= ended.startedAt, `created ${ended.createdAt}, started ${ended.startedAt}`)
    const ranMs = ended.finishedAt - ended.startedAt
    assert.ok(ranMs >= 950 && ranMs < 3_000, `it ran for ${ranMs} ms`)
  })

  for (const [script, exitCode, reason] of [['exit 0', 0, 'Completed'], ['exit 3', 3, 'Error'], ['echo hello; exit 42', 42, 'Error']] as const) {
    check(`\`sh -c '${script}'\` ends with ${exitCode}, ${reason}`, async story => {
      const status = await story.ran({ command: ['sh', '-c', script] })
      assert.deepEqual([status.exitCode, status.reason], [exitCode, reason])
    })
  }

  check('a command that is not there fails the start and is a StartError with code 128', async story => {
    const sandbox = await story.sandbox()
    const id = await story.runtime.createContainer(sandbox.id, story.containerConfig({ command: ['no-such-command'] }), sandbox.config)
    await assert.rejects(story.runtime.startContainer(id), failsWith('Unknown', /"no-such-command": executable file not found in \$PATH/))
    const status = await story.runtime.containerStatus(id)
    assert.deepEqual([status.state, status.exitCode, status.reason], ['exited', 128, 'StartError'])
    assert.match(status.message, /no-such-command/)
  })

  check('a container keeps its metadata, labels, annotations and log path', async story => {
    const sandbox = await story.sandbox()
    const labels = { role: 'main' }
    const annotations = { hash: 'abc', 'a/b': '{"x":1}' }
    const id = await story.container(sandbox, { metadata: { name: 'main', attempt: 7 }, labels, annotations, logPath: 'main/7.log' })
    const status = await story.runtime.containerStatus(id)
    assert.deepEqual(status.metadata, { name: 'main', attempt: 7 })
    assert.deepEqual([status.labels, status.annotations], [labels, annotations])
    assert.equal(status.logPath, `${sandbox.config.logDirectory}/main/7.log`)
    assert.match(status.image, /busybox/)
    assert.match(status.imageRef, /sha256:/)
  })

  check('containers are found by sandbox and by labels', async story => {
    const [a, b] = [await story.sandbox(), await story.sandbox()]
    const first = await story.container(a, { metadata: { name: 'first', attempt: 0 }, labels: { role: 'first' } })
    const second = await story.container(a, { metadata: { name: 'second', attempt: 0 }, labels: { role: 'second' } })
    await story.container(b, { labels: { role: 'first' } })
    const ids = async (filter: { sandboxId?: string; labels?: Record<string, string> }) =>
      (await story.runtime.listContainers(filter)).map(({ id }) => id).toSorted()
    assert.deepEqual(await ids({ sandboxId: a.id }), [first, second].toSorted())
    assert.deepEqual(await ids({ sandboxId: a.id, labels: { role: 'first' } }), [first])
    assert.equal((await ids({ labels: { role: 'first' } })).length, 2)
  })

  check('removing a running container kills it; removing it again is no error', async story => {
    const id = await story.running({ command: DEAF })
    await story.runtime.removeContainer(id)
    await story.runtime.removeContainer(id)
    await assert.rejects(story.runtime.containerStatus(id), failsWith('NotFound'))
  })

  check('a second container of the same name runs when its attempt is another', async story => {
    const sandbox = await story.sandbox()
    const first = await story.exited(await story.container(sandbox, { command: ['sh', '-c', 'exit 1'] }))
    const second = await story.container(sandbox, { metadata: { name: 'main', attempt: 1 }, logPath: 'main-1.log' })
    assert.equal(first.exitCode, 1)
    assert.equal((await story.runtime.containerStatus(second)).state, 'running')
  })

  check('another client sees the same sandboxes and containers', async story => {
    const sandbox = await story.sandbox()
    const id = await story.container(sandbox, { annotations: { restartCount: '4' } })
    const before = await story.runtime.containerStatus(id)
    const other = await story.subject.reconnect()
    try {
      assert.deepEqual(await other.containerStatus(id), before)
      assert.deepEqual((await other.listPodSandboxes()).map(found => [found.id, found.ready]), [[sandbox.id, true]])
      await other.stopContainer(id, 5_000)
      assert.equal((await story.runtime.containerStatus(id)).state, 'exited')
    } finally {
      await other.close()
    }
  })
}

function stopping(check: Check) {
  check('stop sends TERM, and a container that obeys ends by itself', async story => {
    const id = await story.running({ command: OBEDIENT })
    await sleep(story.subject.clock, 300)
    const tookMs = await story.measure(() => story.runtime.stopContainer(id, 10_000))
    assert.ok(tookMs < 2_000, `it took ${tookMs} ms`)
    const status = await story.runtime.containerStatus(id)
    assert.deepEqual([status.state, status.exitCode, status.reason], ['exited', 0, 'Completed'])
  })

  check('stop kills when the grace is over and not before', async story => {
    const id = await story.running({ command: DEAF })
    await sleep(story.subject.clock, 300)
    const tookMs = await story.measure(() => story.runtime.stopContainer(id, 2_000))
    assert.ok(tookMs >= 1_950 && tookMs < 3_000, `it took ${tookMs} ms`)
    const status = await story.runtime.containerStatus(id)
    assert.deepEqual([status.state, status.exitCode, status.reason], ['exited', 137, 'Error'])
  })

  check('stop without grace kills at once', async story => {
    const id = await story.running({ command: DEAF })
    const tookMs = await story.measure(() => story.runtime.stopContainer(id, 0))
    assert.ok(tookMs < 1_000, `it took ${tookMs} ms`)
    assert.equal((await story.runtime.containerStatus(id)).exitCode, 137)
  })

  check('stopping what has ended already changes nothing', async story => {
    const ended = await story.ran({ command: ['sh', '-c', 'exit 3'] })
    await story.runtime.stopContainer(ended.id, 5_000)
    assert.deepEqual(await story.runtime.containerStatus(ended.id), ended)
  })

  check('a container over its memory limit is OOMKilled', async story => {
    const status = await story.ran({
      command: ['sh', '-c', 'x=aaaaaaaaaaaaaaaa; while true; do x=$x$x; done'], resources: { memoryLimitBytes: 16 * 1024 * 1024 },
    })
    assert.deepEqual([status.exitCode, status.reason], [137, 'OOMKilled'])
  })
}

function surroundings(check: Check) {
  check('output goes to the log, a line a line, with time and stream', async story => {
    const begin = story.subject.clock.wall()
    const status = await story.ran({ command: ['sh', '-c', 'echo hello; echo oops >&2; sleep 1; echo bye'] })
    const lines = (await story.log(status)).trimEnd().split('\n').map(line => /^(\S+) (stdout|stderr) ([FP]) (.*)$/.exec(line)?.slice(1) ?? [line])
    assert.deepEqual(lines.map(([, stream, tag, text]) => `${stream} ${tag} ${text}`).toSorted(), ['stderr F oops', 'stdout F bye', 'stdout F hello'])
    const times = lines.map(([time]) => Date.parse(time!))
    assert.ok(times.every(time => time >= begin - 1 && time <= story.subject.clock.wall()), `${lines.map(([time]) => time).join(' ')}`)
    const text = (line: string) => lines.findIndex(([, , , said]) => said === line)
    assert.ok(times[text('bye')]! - times[text('hello')]! >= 950)
  })

  check('output without a line end is marked as partial', async story => {
    const status = await story.ran({ command: ['sh', '-c', 'printf partial'] })
    assert.match(await story.log(status), /^\S+ stdout P partial\n/)
  })

  check('a reopened log begins a new file', async story => {
    const id = await story.running({ command: ['sh', '-c', 'trap "exit 0" TERM; echo first; while true; do test -e /tmp/go && echo second && rm /tmp/go; sleep 1; done'] })
    const status = await story.runtime.containerStatus(id)
    await story.until('the first line', async () => (await story.subject.disk.stat(status.logPath))!.size > 0)
    await story.subject.disk.rename(status.logPath, `${status.logPath}.old`)
    await story.runtime.reopenContainerLog(id)
    await story.shell(id, 'touch /tmp/go')
    await story.until('the second line', async () => (await story.log(status)).includes('second'))
    assert.doesNotMatch(await story.log(status), /first/)
  })

  check('command and args, environment, working directory and host name are as asked', async story => {
    const status = await story.ran({
      command: ['sh', '-c'], args: ['echo "$GREETING from $(pwd) on $(hostname)"'], workingDir: '/tmp', env: [{ name: 'GREETING', value: 'héllo  you' }],
    })
    assert.match(await story.log(status), / stdout F héllo {2}you from \/tmp on web\n/)
  })

  check('mounts show the disk, and those that are read-only refuse to be written', async story => {
    const { disk, directory } = story.subject
    await disk.makeDirectory(`${directory}/in`, { mode: 0o777 })
    await disk.makeDirectory(`${directory}/out`, { mode: 0o777 })
    await disk.writeFile(`${directory}/in/name`, 'poise')
    const mount = { recursiveReadOnly: false, propagation: 'None' as const }
    const status = await story.ran({
      command: ['sh', '-c', 'cat /in/name > /out/copy; touch /in/forbidden || exit 7'],
      mounts: [
        { containerPath: '/in', hostPath: `${directory}/in`, readOnly: true, ...mount },
        { containerPath: '/out', hostPath: `${directory}/out`, readOnly: false, ...mount },
      ],
    })
    assert.equal(status.exitCode, 7)
    assert.equal(decodeText(await disk.readFile(`${directory}/out/copy`)), 'poise')
    assert.equal(await disk.stat(`${directory}/in/forbidden`), undefined)
    assert.deepEqual(status.mounts.map(({ containerPath, readOnly }) => [containerPath, readOnly]), [['/in', true], ['/out', false]])
  })

  check('a read-only root file system refuses to be written', async story => {
    const config = story.containerConfig()
    const status = await story.ran({ command: ['sh', '-c', 'touch /file || exit 7'], security: { ...config.security, readOnlyRootFilesystem: true } })
    assert.equal(status.exitCode, 7)
  })

  check('it runs as the user it was told', async story => {
    const config = story.containerConfig()
    const status = await story.ran({ command: ['sh', '-c', 'id -u; id -g'], security: { ...config.security, runAsUser: 1234, runAsGroup: 56 } })
    const log = await story.log(status)
    assert.match(log, / stdout F 1234\n/)
    assert.match(log, / stdout F 56\n/)
  })

  check('containers of one sandbox reach each other on localhost', async story => {
    const sandbox = await story.sandbox()
    await story.container(sandbox, { metadata: { name: 'server', attempt: 0 }, command: ['sh', '-c', 'echo it works > /tmp/index.html; exec httpd -f -p 8080 -h /tmp'] })
    const client = await story.container(sandbox, { metadata: { name: 'client', attempt: 0 }, command: ['sleep', '3600'] })
    let answer = ''
    await story.until('the server answers', async () => {
      answer = (await story.shell(client, 'wget -q -O - http://127.0.0.1:8080/index.html')).stdout
      return answer !== ''
    })
    assert.equal(answer, 'it works\n')
  })

  check('resources can be changed while it runs, and figures of it are told', async story => {
    const id = await story.running({ resources: { memoryLimitBytes: 64 * 1024 * 1024 } })
    await story.runtime.updateContainerResources(id, { memoryLimitBytes: 96 * 1024 * 1024 })
    assert.equal((await story.runtime.containerStatus(id)).state, 'running')
    const stats = (await story.runtime.listContainerStats()).find(({ containerId }) => containerId === id)
    assert.ok(stats && stats.at > 0 && stats.memoryWorkingSetBytes > 0, JSON.stringify(stats))
  })
}

function commands(check: Check) {
  check('a command runs in a container: output, errors and exit code', async story => {
    const id = await story.running()
    assert.deepEqual(await story.shell(id, 'echo out; echo err >&2; exit 5'), { exitCode: 5, stdout: 'out\n', stderr: 'err\n' })
    assert.deepEqual(await story.shell(id, 'touch /tmp/here'), { exitCode: 0, stdout: '', stderr: '' })
    assert.equal((await story.runtime.execSync(id, ['test', '-e', '/tmp/here'], 1_000)).exitCode, 0)
    assert.equal((await story.runtime.execSync(id, ['test', '-e', '/tmp/there'], 1_000)).exitCode, 1)
  })

  check('a command that takes too long fails with DeadlineExceeded', async story => {
    const id = await story.running()
    const tookMs = await story.measure(() => assert.rejects(story.runtime.execSync(id, ['sleep', '30'], 1_000), failsWith('DeadlineExceeded')))
    assert.ok(tookMs >= 950 && tookMs < 5_000, `it took ${tookMs} ms`)
  })

  check('no command runs in a container that does not run, or in none', async story => {
    const ended = await story.ran({ command: ['sh', '-c', 'exit 0'] })
    await assert.rejects(story.runtime.execSync(ended.id, ['true'], 1_000), (error: unknown) => error instanceof RuntimeError)
    await assert.rejects(story.runtime.execSync('no-such-container', ['true'], 1_000), failsWith('NotFound'))
  })

  check('an interactive command streams both ways and passes its exit code on', async story => {
    const id = await story.running()
    const output = collector()
    const result = await story.runtime.exec(id, ['sh', '-c', 'read name; echo "hello $name"; exit 3'], { stdin: true, stdout: true, stderr: true, tty: false }, {
      stdin: sourceOf('poise\n'), stdout: output.sink, stderr: collector().sink, resize: undefined, signal: new AbortController().signal,
    })
    assert.deepEqual(result, { is: 'exited', exitCode: 3 })
    assert.equal(output.text(), 'hello poise\n')
  })

  check('the end of the input reaches an interactive command', async story => {
    const id = await story.running()
    const output = collector()
    const result = await story.runtime.exec(id, ['cat'], { stdin: true, stdout: true, stderr: false, tty: false }, {
      stdin: sourceOf('one\n', 'two\n'), stdout: output.sink, stderr: undefined, resize: undefined, signal: new AbortController().signal,
    })
    assert.deepEqual(result, { is: 'exited', exitCode: 0 })
    assert.equal(output.text(), 'one\ntwo\n')
  })

  check('attaching connects to the container\'s own input and output until it ends', async story => {
    const id = await story.running({ command: ['sh', '-c', 'read name; echo "hello $name"'], stdin: true, stdinOnce: true })
    const output = collector()
    const result = await story.runtime.attach(id, { stdin: true, stdout: true, stderr: false, tty: false }, {
      stdin: sourceOf('poise\n'), stdout: output.sink, stderr: undefined, resize: undefined, signal: new AbortController().signal,
    })
    assert.equal(output.text(), 'hello poise\n')
    assert.deepEqual(result, { is: 'exited', exitCode: 0 })
    assert.match(await story.log(await story.exited(id)), / stdout F hello poise\n/)
  })

  check('a port of a sandbox can be reached from outside', async story => {
    const sandbox = await story.sandbox()
    const id = await story.container(sandbox, { command: ['sh', '-c', 'echo it works > /tmp/index.html; exec httpd -f -p 8080 -h /tmp'] })
    await story.until('the server listens', async () => (await story.shell(id, 'wget -q -O - http://127.0.0.1:8080/index.html')).exitCode === 0)
    const output = collector()
    await story.runtime.portForward(sandbox.id, 8080, { incoming: sourceOf('GET /index.html HTTP/1.0\r\n\r\n'), outgoing: output.sink })
    assert.match(output.text(), /^HTTP\/1\.[01] 200 OK\r\n[^]*\r\n\r\nit works\n$/)
  })
}

function images(check: Check) {
  check('an image is found by its names, and what is not there is undefined', async ({ runtime }) => {
    const byShortName = await runtime.imageStatus('busybox')
    assert.match(byShortName?.id ?? '', /sha256:[0-9a-f]{64}/)
    assert.deepEqual(await runtime.imageStatus('docker.io/library/busybox:latest'), byShortName)
    assert.equal(await runtime.imageStatus('no-such-image:v1'), undefined)
    assert.ok((await runtime.listImages()).some(({ repoTags }) => repoTags.some(tag => tag.endsWith('busybox:latest'))))
    assert.ok(byShortName!.sizeBytes > 0)
  })

  check('pulling an image gives its reference in digest form', async ({ runtime }) => {
    assert.match(await runtime.pullImage('busybox', undefined, new AbortController().signal), /sha256:[0-9a-f]{64}$/)
  })

  check('pulling an image that nobody has fails with the reason', async ({ runtime }) => {
    const pull = runtime.pullImage('no-such-image:v1', undefined, new AbortController().signal)
    await assert.rejects(pull, (error: unknown) => error instanceof RuntimeError && /no-such-image:v1/.test(error.message))
  })

  check('a container of an image that is not there cannot be created', async story => {
    const sandbox = await story.sandbox()
    const create = story.runtime.createContainer(sandbox.id, story.containerConfig({ image: 'no-such-image:v1' }), sandbox.config)
    await assert.rejects(create, (error: unknown) => error instanceof RuntimeError)
  })
}

function hints(check: Check) {
  check('a hint comes soon after a container has ended, and who looks then sees it', async story => {
    const { clock } = story.subject
    const sandbox = await story.sandbox()
    const id = await story.container(sandbox, { command: ['sh', '-c', 'sleep 1; exit 3'] })
    const hinted: string[] = []
    let seenAt = 0
    const events = story.runtime.events(sandboxId => {
      hinted.push(sandboxId)
      void story.runtime.containerStatus(id).then(({ state }) => {
        if (state === 'exited' && seenAt === 0) seenAt = clock.wall()
      })
    })
    await story.until('the end was seen after a hint', async () => seenAt > 0)
    events.stop()
    const { finishedAt } = await story.runtime.containerStatus(id)
    assert.ok(hinted.every(sandboxId => sandboxId === sandbox.id))
    assert.ok(seenAt - finishedAt < 500, `seen ${seenAt - finishedAt} ms after the end`)
  })

  check('hints come for what starts, stops and goes away, and none after the watch was stopped', async story => {
    const hinted = new Set<string>()
    const events = story.runtime.events(sandboxId => hinted.add(sandboxId))
    const sandbox = await story.sandbox()
    const id = await story.container(sandbox)
    const heard = (what: string) => story.until(`a hint of ${what}`, async () => hinted.delete(sandbox.id))
    await heard('the start')
    await story.runtime.stopContainer(id, 0)
    await heard('the end')
    await sleep(story.subject.clock, 200)
    hinted.clear()
    await story.runtime.removeContainer(id)
    await heard('the removal')
    events.stop()
    await sleep(story.subject.clock, 200)
    hinted.clear()
    await story.runtime.stopPodSandbox(sandbox.id)
    await sleep(story.subject.clock, 1_500)
    assert.deepEqual([...hinted], [])
  })
}

async function* sourceOf(...texts: string[]): ByteSource {
  for (const text of texts) yield encodeText(text)
}

function collector(): { sink: ByteSink; text(): string } {
  const chunks: Uint8Array[] = []
  return {
    sink: {
      async write(bytes) {
        chunks.push(bytes.slice())
      },
      async end() {},
    },
    text: () => chunks.map(decodeText).join(''),
  }
}
