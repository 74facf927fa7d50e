/** What every container runtime must do: run on containerd (test/live) and on the simulated one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../../src/base/clock.ts'
import { RuntimeError } from '../../src/runtime/runtime.ts'
import { commands } from './runtime_commands.ts'
import { containers, stopping, surroundings } from './runtime_containers.ts'
import { failsWith, Story } from './runtime_subject.ts'
import type { Check, RuntimeSubject } from './runtime_subject.ts'

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

  check("a sandbox on the machine's own network has no address of its own", async story => {
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
    assert.deepEqual(
      found.map(({ id }) => id),
      [a.id],
    )
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
    let [seenAt, toldAt] = [0, 0]
    const events = story.runtime.events(sandboxId => {
      hinted.push(sandboxId)
      void story.runtime.containerStatus(id).then(({ state }) => {
        if (state === 'exited' && seenAt === 0) seenAt = clock.now()
      })
    })
    // Whoever asks all the time hears of it as soon as the runtime itself knows.
    await story.until('the end was seen after a hint', async () => {
      if (toldAt === 0 && (await story.runtime.containerStatus(id)).state === 'exited') toldAt = clock.now()
      return seenAt > 0 && toldAt > 0
    })
    events.stop()
    assert.ok(hinted.every(sandboxId => sandboxId === sandbox.id))
    assert.ok(seenAt - toldAt < 500, `seen ${seenAt - toldAt} ms after the end`)
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
