/** The runtime's contract: containers, their ends and what surrounds them. */
import assert from 'node:assert/strict'
import { decodeText } from '../../src/base/bytes.ts'
import type { ContainerState } from '../../src/runtime/runtime.ts'
import { watchStandstill } from '../standstill.ts'
import { DEAF, failsWith, OBEDIENT } from './runtime_subject.ts'
import type { Check } from './runtime_subject.ts'

export function containers(check: Check) {
  check('a container is created, running and exited, in this order and with these times', async story => {
    const sandbox = await story.sandbox()
    const id = await story.runtime.createContainer(sandbox.id, story.containerConfig({ command: ['sh', '-c', 'sleep 1'] }), sandbox.config)
    const standstill = watchStandstill(story.subject.clock)
    const states: ContainerState[] = [(await story.runtime.containerStatus(id)).state]
    await story.runtime.startContainer(id)
    const running = await story.runtime.containerStatus(id)
    states.push(running.state)
    assert.deepEqual([running.finishedAt, running.sandboxId], [0, sandbox.id])
    const ended = await story.exited(id)
    assert.deepEqual([...states, ended.state], ['created', 'running', 'exited'])
    assert.ok(ended.createdAt <= ended.startedAt, `created ${ended.createdAt}, started ${ended.startedAt}`)
    const stoodMs = standstill.stop()
    const ranMs = ended.finishedAt - ended.startedAt
    assert.ok(ranMs >= 950 && ranMs - stoodMs < 3_000, `it ran for ${ranMs} ms, and the machine stood still for ${stoodMs} of them`)
  })

  for (const [script, exitCode, reason] of [
    ['exit 0', 0, 'Completed'],
    ['exit 3', 3, 'Error'],
    ['echo hello; exit 42', 42, 'Error'],
  ] as const) {
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

  check('a list of containers and a list of images tell which image a container was made from', async story => {
    const id = await story.container(await story.sandbox(), {})
    const found = (await story.runtime.listContainers()).find(container => container.id === id)
    const busybox = (await story.runtime.listImages()).find(({ repoTags }) => repoTags.some(tag => tag.endsWith('busybox:latest')))
    assert.ok(busybox && [busybox.id, ...busybox.repoDigests].includes(found?.imageRef ?? ''), `${found?.imageRef} is none of ${busybox?.id}`)
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
      assert.deepEqual(
        (await other.listPodSandboxes()).map(found => [found.id, found.ready]),
        [[sandbox.id, true]],
      )
      await other.stopContainer(id, 5_000)
      assert.equal((await story.runtime.containerStatus(id)).state, 'exited')
    } finally {
      await other.close()
    }
  })
}

export function stopping(check: Check) {
  check('stop sends TERM, and a container that obeys ends by itself', async story => {
    const id = await story.trapped(OBEDIENT)
    await story.takes({ belowMs: 2_000 }, () => story.runtime.stopContainer(id, 10_000))
    const status = await story.runtime.containerStatus(id)
    assert.deepEqual([status.state, status.exitCode, status.reason], ['exited', 0, 'Completed'])
  })

  check('stop kills when the grace is over and not before', async story => {
    const id = await story.trapped(DEAF)
    await story.takes({ atLeastMs: 1_950, belowMs: 3_000 }, () => story.runtime.stopContainer(id, 2_000))
    const status = await story.runtime.containerStatus(id)
    assert.deepEqual([status.state, status.exitCode, status.reason], ['exited', 137, 'Error'])
  })

  check('stop without grace kills at once', async story => {
    const id = await story.running({ command: DEAF })
    await story.takes({ belowMs: 1_000 }, () => story.runtime.stopContainer(id, 0))
    assert.equal((await story.runtime.containerStatus(id)).exitCode, 137)
  })

  check('stopping what has ended already changes nothing', async story => {
    const ended = await story.ran({ command: ['sh', '-c', 'exit 3'] })
    await story.runtime.stopContainer(ended.id, 5_000)
    assert.deepEqual(await story.runtime.containerStatus(ended.id), ended)
  })

  check('a container over its memory limit is OOMKilled', async story => {
    const status = await story.ran({
      command: ['sh', '-c', 'x=aaaaaaaaaaaaaaaa; while true; do x=$x$x; done'],
      resources: { memoryLimitBytes: 16 * 1024 * 1024 },
    })
    assert.deepEqual([status.exitCode, status.reason], [137, 'OOMKilled'])
  })
}

export function surroundings(check: Check) {
  check('output goes to the log, a line a line, with time and stream', async story => {
    const begin = story.subject.clock.wall()
    const status = await story.ran({ command: ['sh', '-c', 'echo hello; echo oops >&2; sleep 1; echo bye'] })
    const lines = (await story.log(status))
      .trimEnd()
      .split('\n')
      .map(line => /^(\S+) (stdout|stderr) ([FP]) (.*)$/.exec(line)?.slice(1) ?? [line])
    assert.deepEqual(lines.map(([, stream, tag, text]) => `${stream} ${tag} ${text}`).toSorted(), ['stderr F oops', 'stdout F bye', 'stdout F hello'])
    const times = lines.map(([time]) => Date.parse(time!))
    assert.ok(
      times.every(time => time >= begin - 1 && time <= story.subject.clock.wall()),
      `${lines.map(([time]) => time).join(' ')}`,
    )
    const text = (line: string) => lines.findIndex(([, , , said]) => said === line)
    assert.ok(times[text('bye')]! - times[text('hello')]! >= 950)
  })

  check('output without a line end is marked as partial', async story => {
    const status = await story.ran({ command: ['sh', '-c', 'printf partial'] })
    assert.match(await story.log(status), /^\S+ stdout P partial\n/)
  })

  check('a reopened log begins a new file', async story => {
    const id = await story.running({
      command: ['sh', '-c', 'trap "exit 0" TERM; echo first; while true; do test -e /tmp/go && echo second && rm /tmp/go; sleep 1; done'],
    })
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
      command: ['sh', '-c'],
      args: ['echo "$GREETING from $(pwd) on $(hostname)"'],
      workingDir: '/tmp',
      env: [{ name: 'GREETING', value: 'héllo  you' }],
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
    assert.deepEqual(
      status.mounts.map(({ containerPath, readOnly }) => [containerPath, readOnly]),
      [
        ['/in', true],
        ['/out', false],
      ],
    )
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
    await story.container(sandbox, {
      metadata: { name: 'server', attempt: 0 },
      command: ['sh', '-c', 'echo it works > /tmp/index.html; exec httpd -f -p 8080 -h /tmp'],
    })
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
