/** The life of a containerd of our own: started, adopted, killed and started again, destroyed. */
import assert from 'node:assert/strict'
import { access, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { silentLog } from '../../src/base/log.ts'
import { createClock } from '../../src/host/clock.ts'
import { startContainerd } from '../../src/host/containerd/containerd.ts'
import type { ContainerdOptions } from '../../src/host/containerd/containerd.ts'
import { destroyContainerd } from '../../src/host/containerd/destroy.ts'
import { inspectMachine } from '../../src/host/containerd/machine.ts'
import { removeCgroup } from '../../src/host/cri/cgroups.ts'
import { createCriRuntime } from '../../src/host/cri/runtime.ts'
import { createDisk } from '../../src/host/disk.ts'
import { createProcesses } from '../../src/host/processes.ts'
import { Story } from '../contracts/runtime_subject.ts'
import { buildImages } from '../images/build.ts'

const cacheDirectory = join(process.cwd(), '.cache/images')
const host = { clock: createClock(), processes: createProcesses(), log: silentLog }
const unused = () => Promise.reject(new Error('not used here'))

const reason = await inspectMachine()
  .then(() => buildImages(['busybox'], cacheDirectory))
  .then(
    () => undefined,
    (error: Error) => error.message,
  )

describe('a containerd of our own', { skip: reason }, () => {
  let base: string
  let options: ContainerdOptions

  before(async () => {
    base = await mkdtemp(join(tmpdir(), 'poise-'))
    options = { stateDirectory: join(base, 'containerd'), podCidr: '10.251.78.0/24', networkName: 'poise-life', host }
  })
  after(async () => {
    await destroyContainerd(options)
    await removeCgroup('/poise-test')
    await rm(base, { recursive: true, force: true })
  })

  const storyOf = async (socketPath: string) => {
    const runtime = createCriRuntime({ socketPath, clock: host.clock, log: silentLog, openRemoteCommand: unused, openPortForward: unused })
    return new Story({
      runtime,
      clock: host.clock,
      disk: createDisk(),
      directory: await mkdtemp(join(base, 'test-')),
      reconnect: unused,
      finish: test => test,
      close: () => runtime.close(),
    })
  }

  test("the second start adopts the first one's process, which is in a session of its own", async () => {
    const first = await startContainerd(options)
    await first.close()
    const second = await startContainerd(options)
    await second.close()
    assert.deepEqual([first.adopted, second.adopted, second.pid], [false, true, first.pid])
    const [, , , session] = (await readFile(`/proc/${first.pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ')
    assert.equal(Number(session), first.pid)
  })

  test('containers outlive a killed containerd, and the next one finds them and hears them end', async () => {
    const first = await startContainerd(options)
    for (const archive of await buildImages(['busybox'], cacheDirectory)) await first.loadImage(archive)
    const story = await storyOf(first.socketPath)
    const id = await story.running({ command: ['sleep', '3600'] })
    const before = await story.runtime.containerStatus(id)
    const hinted: string[] = []
    const events = story.runtime.events(sandboxId => hinted.push(sandboxId))

    const { pid } = first
    process.kill(pid, 'SIGKILL')
    await story.until('another one is started', async () => first.pid !== pid)
    await story.until('the client has found the new one', () =>
      story.runtime.version().then(
        () => true,
        () => false,
      ),
    )
    assert.deepEqual(await story.runtime.containerStatus(id), before)

    hinted.length = 0
    await story.runtime.stopContainer(id, 0)
    await story.until('a hint', async () => hinted.includes(before.sandboxId), 3_000)
    events.stop()
    await story.subject.close()
    await first.close()
  })

  test('a loaded image can be pulled by name as from a registry, and gets a digest', async () => {
    const containerd = await startContainerd(options)
    const { runtime, subject } = await storyOf(containerd.socketPath)
    const names = await containerd.loadImage((await buildImages(['busybox'], cacheDirectory))[0]!)
    assert.deepEqual(names.toSorted(), ['docker.io/library/busybox:1.28', 'docker.io/library/busybox:latest'])
    await runtime.pullImage('busybox', undefined, new AbortController().signal)
    assert.match((await runtime.imageStatus('busybox'))?.repoDigests[0] ?? '', /^docker\.io\/library\/busybox@sha256:[0-9a-f]{64}$/)
    await subject.close()
    await containerd.close()
  })

  test('an archive that is none is refused by name', async () => {
    const containerd = await startContainerd(options)
    await assert.rejects(containerd.loadImage('/proc/self/cmdline'), /\/proc\/self\/cmdline could not be loaded: /)
    await containerd.close()
  })

  test('destroy leaves no process, mount, network namespace, rule or file', async () => {
    const containerd = await startContainerd(options)
    const story = await storyOf(containerd.socketPath)
    await story.running()
    await story.subject.close()
    await containerd.close()
    assert.match(await readFile('/proc/self/mountinfo', 'utf8'), new RegExp(`${options.stateDirectory}/.*/netns/`))
    await destroyContainerd(options)

    const commandLines = await Promise.all((await readdir('/proc')).map(pid => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
    assert.deepEqual(
      commandLines.filter(line => line.includes(options.stateDirectory)),
      [],
    )
    assert.doesNotMatch(await readFile('/proc/self/mountinfo', 'utf8'), new RegExp(options.stateDirectory))
    assert.doesNotMatch((await host.processes.run('nft', ['list', 'tables'])).stdout, /poise-masquerade-poise-life/)
    await assert.rejects(access(options.stateDirectory))
    await destroyContainerd(options)
  })
})
