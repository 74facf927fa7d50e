/**
 * One container of the simulated runtime, from created to removed.
 *
 *   created ─start─▶ running ─PID 1 ends | killed | out of memory─▶ exited
 *      └──────start fails──────────────────────────────────────────▶ exited (StartError, 128)
 */
import { withTimeout } from '../base/clock.ts'
import type { Clock, Millis } from '../base/clock.ts'
import type { Disk } from '../base/disk.ts'
import type { Random } from '../base/random.ts'
import { RuntimeError } from '../runtime/runtime.ts'
import type { ContainerConfig, ContainerResources, ContainerState, ContainerStats, ContainerStatus } from '../runtime/runtime.ts'
import { createContainerLog } from './container_log.ts'
import type { ContainerLog } from './container_log.ts'
import { createContainerRoot } from './container_root.ts'
import { createContainerMeter } from './container_usage.ts'
import type { ContainerUsage } from './container_usage.ts'
import type { Fabric } from './network.ts'
import type { SandboxRecord } from './sandbox.ts'
import { createContainerFiles } from './workload/files.ts'
import type { ContainerHappening } from './witness.ts'
import { createGuest } from './workload/guest.ts'
import type { Guest } from './workload/guest.ts'
import { imageModel } from './workload/images.ts'
import type { ImageModel } from './workload/images.ts'
import type { ServiceRoutes } from './service_routes.ts'
import { createPipe, emptyInput } from './workload/pipe.ts'
import type { Pipe } from './workload/pipe.ts'
import type { Process, Program, ProcessStart, Signal } from './workload/process.ts'
import { model } from './workload/programs.ts'
import { DEFAULT_SETTINGS, SETTINGS_PREFIX, parseSettings } from '../base/server_settings.ts'

export interface ContainerPorts {
  readonly clock: Clock
  readonly random: Random
  readonly disk: Disk
  readonly fabric: Fabric
  readonly routes: ServiceRoutes
  lookup(name: string, sandbox: SandboxRecord): Promise<readonly string[]>
  changed(sandboxId: string): void
  note(text: string): void
  happened(what: ContainerHappening): void
}

export interface Container {
  readonly id: string
  readonly sandbox: SandboxRecord
  readonly config: ContainerConfig
  readonly state: ContainerState
  readonly guest: Guest | undefined
  readonly log: ContainerLog
  readonly input: Pipe | undefined
  readonly stopSignal: Signal
  /** Resolves with the exit code when the container has exited. */
  readonly exited: Promise<number>
  start(): Promise<void>
  /** The signal, and the kill when the time is over: if the clock of who asked for it still runs then, as containerd does. */
  stop(timeoutMs: Millis, patience?: Clock): Promise<void>
  /** Ends at once: by the kernel, by the node, or by the runtime that removes it. */
  kill(): void
  /** A process beside PID 1. Throws RuntimeError when the command cannot be started. */
  exec(command: readonly string[], streams: Pick<ProcessStart, 'stdin' | 'stdout' | 'stderr'>, tty: boolean): Promise<Process>
  /** What a scenario may do to it: the kernel finds that it uses too much memory. */
  outOfMemory(): void
  update(resources: ContainerResources): void
  status(): ContainerStatus
  stats(): ContainerStats
  usage(): ContainerUsage
}

export function createContainer(id: string, sandbox: SandboxRecord, config: ContainerConfig, imageRef: string, ports: ContainerPorts): Container {
  const { clock, disk, random } = ports
  const image = imageModel(config.image)
  const logPath = `${sandbox.config.logDirectory}/${config.logPath}`
  const log = createContainerLog(disk, logPath, clock)
  const input = config.stdin ? createPipe() : undefined
  const createdAt = clock.wall()
  let state: ContainerState = 'created'
  let [startedAt, finishedAt, exitCode, reason, message] = [0, 0, 0, '', '']
  let resources = config.resources
  let guest: Guest | undefined
  const meter = createContainerMeter(
    clock,
    () => state === 'running',
    () => resources,
  )
  let give!: (exitCode: number) => void
  const exited = new Promise<number>(resolve => (give = resolve))

  const end = (code: number, why: string, text = '') => {
    meter.count()
    state = 'exited'
    finishedAt = clock.wall()
    exitCode = code
    reason = why
    message = text
    ports.note(`has exited: ${why} ${code}`)
    ports.happened({ is: 'exited', exitCode: code })
    input?.end()
    // The last words are on the disk before anybody hears of the end: `kubectl logs` after it must have them.
    void log.close().finally(() => {
      give(code)
      ports.changed(sandbox.id)
    })
  }
  const container: Container = {
    id,
    sandbox,
    config,
    log,
    input,
    exited,
    stopSignal: image.stopSignal,
    get state() {
      return state
    },
    get guest() {
      return guest
    },
    async start() {
      if (state !== 'created') throw new RuntimeError('Unknown', `failed to start container "${id}": container is in ${state} state`)
      await disk.makeDirectory(logPath.slice(0, logPath.lastIndexOf('/')))
      await log.reopen()
      const command = commandOf(config, image)
      const settings = sandbox.config.annotations[`${SETTINGS_PREFIX}${config.metadata.name}`]
      const program = settings === undefined ? programFor(image, command[0]) : model(parseSettings(settings, { ...DEFAULT_SETTINGS, ports: [80] }))
      if (!program) {
        const text = `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ${notFound(command[0] ?? '')}: unknown`
        end(128, 'StartError', text)
        throw new RuntimeError('Unknown', text)
      }
      guest = await makeGuest(program)
      state = 'running'
      startedAt = clock.wall()
      meter.count()
      ports.note('has started')
      ports.happened({ is: 'started' })
      guest.spawn(program, {
        args: command.length > 0 ? command : ['server'],
        env: environment(config, image, sandbox),
        cwd: config.workingDir || image.workingDir,
        stdin: input ?? emptyInput,
        stdout: log.stdout,
        stderr: config.tty ? log.stdout : log.stderr,
      })
      ports.changed(sandbox.id)
    },
    async stop(timeoutMs, patience = clock) {
      if (state !== 'running') return
      ports.happened({ is: 'stopping', timeoutMs })
      if (timeoutMs > 0) {
        guest!.signal(1, container.stopSignal, 'outside')
        const inTime = await withTimeout(patience, timeoutMs, () => exited.then(() => true), undefined, 'stop').catch(() => false)
        if (inTime) return
      }
      ports.happened({ is: 'killed' })
      container.kill()
      await exited
    },
    kill() {
      if (state === 'running') guest!.signal(1, 'KILL', 'outside')
    },
    outOfMemory() {
      if (state === 'running') guest!.killForMemory()
    },
    async exec(command, streams, tty) {
      if (state !== 'running') throw new RuntimeError('Unknown', `container is in ${stateName(state)} state`)
      ports.happened({ is: 'exec', command })
      const program = programFor(image, command[0], true)
      const script = program ? undefined : await scriptFile(guest!, command[0] ?? '')
      if (!program && !script)
        throw new RuntimeError(
          'Unknown',
          `failed to exec in container: failed to start exec "${id}": OCI runtime exec failed: exec failed: unable to start container process: ${notFound(command[0] ?? '')}: unknown`,
        )
      const env = environment(config, image, sandbox)
      if (tty) env.set('TERM', 'xterm')
      return guest!.spawn(program ?? script!, { args: command, env, cwd: config.workingDir || image.workingDir, ...streams })
    },
    update(changed) {
      meter.count()
      resources = { ...resources, ...changed }
      guest?.memoryChanged()
    },
    status: () => ({
      id,
      sandboxId: sandbox.id,
      metadata: config.metadata,
      state,
      createdAt,
      startedAt,
      finishedAt,
      exitCode,
      reason,
      message,
      image: config.image,
      imageRef,
      labels: config.labels,
      annotations: config.annotations,
      logPath,
      mounts: config.mounts,
      resources,
    }),
    usage: () => meter.usage(),
    stats() {
      const { cpuNanoSeconds, memoryBytes, writableLayer, processes } = meter.usage()
      return {
        containerId: id,
        labels: config.labels,
        at: state === 'running' ? clock.wall() : 0,
        cpuUsageNanoSeconds: cpuNanoSeconds,
        memoryWorkingSetBytes: memoryBytes,
        memoryUsageBytes: memoryBytes,
        memoryRssBytes: memoryBytes,
        writableLayerBytes: writableLayer.bytes,
        writableLayerInodes: writableLayer.inodes,
        processes,
      }
    },
  }
  return container

  async function makeGuest(program: Program): Promise<Guest> {
    const root = await createContainerRoot(image, sandbox, { clock, random })
    const { dns, hostname } = sandbox.config
    const made = createGuest({
      clock,
      random,
      hostname,
      address: sandbox.ip,
      user: { uid: config.security.runAsUser ?? 0, gid: config.security.runAsGroup ?? 0 },
      files: createContainerFiles(root, config.security.readOnlyRootFilesystem, disk, config.mounts),
      network: ports.fabric.attach({ clock, random: random.fork('network'), localAddress: sandbox.ip, routes: ports.routes }),
      nameServer: dns?.servers[0] ?? '127.0.0.11',
      // By this name its own program can be started again; an image that has one of this name keeps it.
      programs: new Map([['server', program], ...image.programs]),
      lookup: name => ports.lookup(name, sandbox),
      listen: (port, server) => ports.fabric.listen(sandbox.ip, port, server),
      memoryLimitBytes: () => resources.memoryLimitBytes ?? 0,
      cpuChanges: () => meter.count(),
      ended: (code, why) => end(code, why === 'outOfMemory' ? 'OOMKilled' : code === 0 ? 'Completed' : 'Error'),
    })
    meter.begin(made, root)
    return made
  }
}

function commandOf(config: ContainerConfig, image: ImageModel): readonly string[] {
  if (config.command.length > 0) return [...config.command, ...config.args]
  return [...image.entrypoint, ...(config.args.length > 0 ? config.args : image.command)]
}

function programFor(image: ImageModel, name: string | undefined, exec = false): Program | undefined {
  if (name === undefined) return image.unknownProgram
  return image.programs.get(name.slice(name.lastIndexOf('/') + 1)) ?? (exec ? undefined : image.unknownProgram)
}

function environment(config: ContainerConfig, image: ImageModel, sandbox: SandboxRecord): Map<string, string> {
  const env = new Map<string, string>(Object.entries({ ...image.env, HOSTNAME: sandbox.config.hostname, HOME: '/root' }))
  if (config.tty) env.set('TERM', 'xterm')
  for (const { name, value } of config.env) env.set(name, value)
  return env
}

async function scriptFile(guest: Guest, path: string): Promise<Program | undefined> {
  const info = path.startsWith('/') ? await guest.files.stat(path) : undefined
  if (info?.kind !== 'file' || (info.mode & 0o111) === 0) return undefined
  const shell = guest.program('sh')
  return (
    shell &&
    (process => {
      process.args = ['sh', ...process.args]
      return shell(process)
    })
  )
}

const notFound = (name: string): string =>
  name.startsWith('/') ? `exec: "${name}": stat ${name}: no such file or directory` : `exec: "${name}": executable file not found in $PATH`

export const stateName = (state: ContainerState): string => `CONTAINER_${state.toUpperCase()}`
