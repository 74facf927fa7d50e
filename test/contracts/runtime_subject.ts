/** What the runtime's contract suite is run on, and the shorthand it is written in. */
import assert from 'node:assert/strict'
import { decodeText } from '../../src/base/bytes.ts'
import { sleep } from '../../src/base/clock.ts'
import type { Clock, Millis } from '../../src/base/clock.ts'
import type { Disk } from '../../src/base/disk.ts'
import { RuntimeError } from '../../src/runtime/runtime.ts'
import type { ContainerConfig, ContainerRuntime, ContainerStatus, PodSandboxConfig } from '../../src/runtime/runtime.ts'
import { containerConfig, sandboxConfig } from '../../src/sim/configs.ts'
import { watchStandstill } from '../standstill.ts'

export interface RuntimeSubject {
  /** It has the image `busybox`, and nothing runs in it that this test has not started. */
  readonly runtime: ContainerRuntime
  readonly clock: Clock
  readonly disk: Disk
  /** An empty directory of that disk. */
  readonly directory: string
  /** Another client of the same runtime, as a restarted kubelet has one. */
  reconnect(): Promise<ContainerRuntime>
  /** Runs the test: in virtual time, time only passes in here. */
  finish<T>(test: Promise<T>): Promise<T>
  /** Removes all that the test has left. */
  close(): Promise<void>
}

export type Check = (title: string, run: (story: Story) => Promise<void>) => void

/** Runs for ever, and obeys TERM within a second of its first line of output. */
export const OBEDIENT = ['sh', '-c', 'trap "exit 0" TERM; echo trapped; while true; do sleep 1; done']
/** Runs for ever, and from its first line of output on only KILL ends it. */
export const DEAF = ['sh', '-c', 'trap "" TERM; echo trapped; while true; do sleep 1; done']

export class Story {
  readonly runtime: ContainerRuntime
  readonly subject: RuntimeSubject
  #sandboxes = 0

  constructor(subject: RuntimeSubject) {
    this.subject = subject
    this.runtime = subject.runtime
  }

  sandboxConfig(changes: Partial<PodSandboxConfig> = {}): PodSandboxConfig {
    const uid = `${this.subject.directory.split('/').at(-1)}-${this.#sandboxes++}`
    return sandboxConfig('web', {
      metadata: { name: 'web', namespace: 'default', uid, attempt: 0 },
      logDirectory: `${this.subject.directory}/logs/${uid}`,
      dns: undefined,
      labels: { 'pod.uid': uid },
      cgroupParent: `/poise-test/${uid}`,
      ...changes,
    })
  }

  containerConfig(changes: Partial<ContainerConfig> = {}): ContainerConfig {
    const name = changes.metadata?.name ?? 'main'
    return containerConfig(name, 'busybox', { command: OBEDIENT, logPath: `${name}.log`, ...changes })
  }

  async sandbox(changes: Partial<PodSandboxConfig> = {}): Promise<{ id: string; config: PodSandboxConfig }> {
    const config = this.sandboxConfig(changes)
    await this.subject.disk.makeDirectory(config.logDirectory, { mode: 0o755 })
    return { id: await this.runtime.runPodSandbox(config), config }
  }

  async container(sandbox: { id: string; config: PodSandboxConfig }, changes: Partial<ContainerConfig> = {}): Promise<string> {
    const id = await this.runtime.createContainer(sandbox.id, this.containerConfig(changes), sandbox.config)
    await this.runtime.startContainer(id)
    return id
  }

  /** A container in a sandbox of its own. */
  async running(changes: Partial<ContainerConfig> = {}): Promise<string> {
    return this.container(await this.sandbox(), changes)
  }

  /** A container that has set its traps: before, a first process does not even hear TERM. */
  async trapped(command: readonly string[]): Promise<string> {
    const id = await this.running({ command })
    const status = await this.runtime.containerStatus(id)
    await this.until('its first line', async () => (await this.log(status)).includes('trapped'))
    return id
  }

  /** Runs it to its end. */
  async ran(changes: Partial<ContainerConfig>): Promise<ContainerStatus> {
    return this.exited(await this.running(changes))
  }

  async exited(containerId: string): Promise<ContainerStatus> {
    let status = await this.runtime.containerStatus(containerId)
    await this.until('the container has exited', async () => {
      status = await this.runtime.containerStatus(containerId)
      return status.state === 'exited'
    })
    return status
  }

  async shell(containerId: string, script: string): Promise<{ exitCode: number; stdout: string; stderr: string }> {
    const { exitCode, stdout, stderr } = await this.runtime.execSync(containerId, ['sh', '-c', script], 0)
    return { exitCode, stdout: decodeText(stdout), stderr: decodeText(stderr) }
  }

  async log(status: ContainerStatus): Promise<string> {
    return decodeText(await this.subject.disk.readFile(status.logPath))
  }

  async until(what: string, holds: () => Promise<boolean>, limitMs: Millis = 10_000): Promise<void> {
    const { clock } = this.subject
    for (const deadline = clock.now() + limitMs; !(await holds()); await sleep(clock, 20)) {
      assert.ok(clock.now() < deadline, `${what}: not within ${limitMs} ms`)
    }
  }

  /** The work takes that long and no longer, in the runtime's own time. */
  async takes({ atLeastMs = 0, belowMs }: { atLeastMs?: Millis; belowMs: Millis }, work: () => Promise<unknown>): Promise<void> {
    const { clock } = this.subject
    const standstill = watchStandstill(clock)
    const begin = clock.now()
    await work()
    const tookMs = clock.now() - begin
    const stoodMs = standstill.stop()
    assert.ok(tookMs >= atLeastMs && tookMs - stoodMs < belowMs, `it took ${tookMs} ms, and the machine stood still for ${stoodMs} of them`)
  }
}

export const failsWith = (code: RuntimeError['code'], message?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof RuntimeError, `a RuntimeError, not ${String(error)}`)
  assert.equal(error.code, code, error.message)
  if (message) assert.match(error.message, message)
  return true
}
