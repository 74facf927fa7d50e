/** The runtime as one life of a process sees it: each call and each reply takes a little of that process's own time. */
import { abortReason } from '../base/abort.ts'
import { decodeText, encodeText } from '../base/bytes.ts'
import type { ByteSink } from '../base/bytes.ts'
import { sleep } from '../base/clock.ts'
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { RemoteCommandResult, RemoteCommandStreams } from '../base/transport.ts'
import { RuntimeError } from '../runtime/runtime.ts'
import type { ContainerRuntime, Labels } from '../runtime/runtime.ts'
import type { Container } from './container.ts'
import { within } from './latency.ts'
import type { RuntimeCore } from './runtime_core.ts'
import { RUNTIME_HANDLERS, sandboxStatus } from './sandbox.ts'
import { createCollector, createPipe, emptyInput, nowhere } from './workload/pipe.ts'
import type { Output } from './workload/pipe.ts'

/** Where a machine with a filesystem of its own for images has them. */
export const IMAGE_DIRECTORY = '/var/lib/containers'

/** What a Node shows as `simulated://0.1.0`; the ids of containers in statuses begin with `simulated://`, too. */
const RUNTIME = { runtimeName: 'simulated', runtimeVersion: '0.1.0' }

const HANDLERS = RUNTIME_HANDLERS.map(name => ({ name, recursiveReadOnlyMounts: true }))

export function createRuntimeView(core: RuntimeCore, { clock, random }: { clock: Clock; random: Random }): ContainerRuntime {
  /**
   * The call travels, the work is done in the machine's time, the reply travels back. A caller that has crashed gets
   * no reply, because its clock delivers nothing any more; the work is done all the same once the call has arrived.
   */
  const call = async <T>(label: string, work: () => Promise<T> | T): Promise<T> => {
    await sleep(clock, 1, undefined, `${label} call`)
    const outcome = await Promise.resolve()
      .then(work)
      .then(
        value => ({ value }),
        (error: unknown) => ({ error }),
      )
    await sleep(clock, 1, undefined, `${label} reply`)
    if ('error' in outcome) throw outcome.error
    return outcome.value
  }
  const query = async <T>(label: string, look: () => T): Promise<T> => {
    await sleep(clock, within(random, core.latency.query), undefined, label)
    return look()
  }

  const execStart = async (
    containerId: string,
    command: readonly string[],
    streams: { stdin: Parameters<Container['exec']>[1]['stdin']; stdout: Output; stderr: Output },
    tty: boolean,
  ) => {
    const container = core.container(containerId)
    await sleep(core.clock, within(random, core.latency.exec), undefined, 'runtime exec')
    return { container, process: await container.exec(command, streams, tty) }
  }

  return {
    version: () => query('version', () => RUNTIME),
    status: () => query('status', () => ({ runtimeReady: true, networkReady: true, message: '', supplementalGroupsPolicy: true, handlers: HANDLERS })),

    runPodSandbox: config => call('runPodSandbox', () => core.runSandbox(config)),
    stopPodSandbox: id => call('stopPodSandbox', () => core.stopSandbox(id)),
    removePodSandbox: id => call('removePodSandbox', () => core.removeSandbox(id)),
    podSandboxStatus: id =>
      query('podSandboxStatus', () => {
        const sandbox = core.sandboxes.get(id)
        if (!sandbox) throw new RuntimeError('NotFound', `an error occurred when try to find sandbox: not found`)
        return sandboxStatus(sandbox)
      }),
    listPodSandboxes: filter =>
      query('listPodSandboxes', () => {
        const has = hasLabels(filter?.labels)
        return [...core.sandboxes.values()].filter(sandbox => has(sandbox.config.labels)).map(sandboxStatus)
      }),

    createContainer: (sandboxId, config) => call('createContainer', () => core.createContainer(sandboxId, config)),
    startContainer: id => call('startContainer', () => core.startContainer(id)),
    stopContainer: (id, timeoutMs) => call('stopContainer', () => core.stopContainer(id, timeoutMs, clock)),
    removeContainer: id => call('removeContainer', () => core.removeContainer(id)),
    containerStatus: id => query('containerStatus', () => core.container(id).status()),
    listContainers: filter =>
      query('listContainers', () => {
        const has = hasLabels(filter?.labels)
        return [...core.containers.values()]
          .filter(({ sandbox, config }) => (filter?.sandboxId === undefined || sandbox.id === filter.sandboxId) && has(config.labels))
          .map(container => container.status())
      }),
    updateContainerResources: (id, resources) => call('updateContainerResources', () => core.container(id).update(resources)),
    reopenContainerLog: id => call('reopenContainerLog', () => core.container(id).log.reopen()),

    execSync: (id, command, timeoutMs) =>
      call('execSync', async () => {
        const [stdout, stderr] = [createCollector(), createCollector()]
        const { container, process } = await execStart(id, command, { stdin: emptyInput, stdout, stderr }, false)
        let late = false
        const timer =
          timeoutMs > 0
            ? core.clock.at(
                core.clock.now() + timeoutMs,
                () => {
                  late = true
                  container.guest?.signal(process.pid, 'KILL', 'outside')
                },
                'exec timeout',
              )
            : undefined
        const exitCode = await process.exited
        timer?.cancel()
        if (late) throw new RuntimeError('DeadlineExceeded', `failed to exec in container: timeout ${timeoutMs / 1000}s exceeded: context deadline exceeded`)
        return { exitCode, stdout: encodeText(stdout.text()), stderr: encodeText(stderr.text()) }
      }),
    exec: (id, command, options, streams) =>
      call('exec', async () => {
        const stdin = options.stdin && streams.stdin ? createPipe() : undefined
        const stdout = sinkOutput(streams.stdout, options.tty)
        const { container, process } = await execStart(
          id,
          command,
          { stdin: stdin ?? emptyInput, stdout, stderr: options.tty ? stdout : sinkOutput(streams.stderr, false) },
          options.tty,
        )
        if (stdin) void pump(streams, stdin)
        const hangUp = () => void container.guest?.signal(process.pid, 'KILL', 'outside')
        streams.signal.addEventListener('abort', hangUp, { once: true })
        const exitCode = await process.exited
        streams.signal.removeEventListener('abort', hangUp)
        return { is: 'exited', exitCode } satisfies RemoteCommandResult
      }),
    attach: (id, options, streams) =>
      call('attach', async () => {
        const container = core.container(id)
        if (container.state !== 'running') throw new RuntimeError('Unknown', `container is in CONTAINER_${container.state.toUpperCase()} state`)
        const outputs = {
          stdout: sinkOutput(options.stdout ? streams.stdout : undefined, options.tty),
          stderr: sinkOutput(options.stderr ? streams.stderr : undefined, options.tty),
        }
        const listener = container.log.listen((stream, text) => void outputs[stream].write(text).catch(() => listener.stop()))
        if (options.stdin && container.input) void pump(streams, container.input, container.config.stdinOnce)
        try {
          await Promise.race([container.exited, aborted(streams.signal)])
        } finally {
          listener.stop()
        }
        return { is: 'exited', exitCode: 0 } satisfies RemoteCommandResult
      }),
    portForward: (sandboxId, port, connection) =>
      call('portForward', async () => {
        const sandbox = core.sandboxes.get(sandboxId)
        if (!sandbox?.ready) throw new RuntimeError('NotFound', `sandbox "${sandboxId}" is not running`)
        await forwardHttp(core, sandbox.ip, port, connection)
      }),

    imageStatus: image => query('imageStatus', () => core.registry.status(image)),
    listImages: () => query('listImages', () => core.registry.list()),
    pullImage: (image, auth, signal) => call('pullImage', () => core.registry.pull(image, auth, signal)),
    removeImage: image => call('removeImage', () => core.registry.remove(image)),
    imageFilesystem: () =>
      query('imageFilesystem', () => ({
        usedBytes: core.registry.list().reduce((sum, image) => sum + image.sizeBytes, 0),
        inodesUsed: 1_000,
        mountpoint: IMAGE_DIRECTORY,
      })),
    listContainerStats: () =>
      query('listContainerStats', () => [...core.containers.values()].filter(container => container.state !== 'created').map(container => container.stats())),

    events(changed) {
      let open = true
      const listener = core.listen(sandboxId => {
        clock.at(
          clock.now() + 1,
          () => {
            if (open) changed(sandboxId)
          },
          'runtime hint',
        )
      })
      return {
        stop() {
          open = false
          listener.stop()
        },
      }
    },
    close: async () => {},
  }
}

function hasLabels(wanted: Labels | undefined): (labels: Labels) => boolean {
  const entries = Object.entries(wanted ?? {})
  return labels => entries.every(([name, value]) => labels[name] === value)
}

/** A terminal turns line feeds into carriage return and line feed. */
function sinkOutput(sink: ByteSink | undefined, tty: boolean): Output {
  if (!sink) return nowhere
  return { write: text => sink.write(encodeText(tty ? text.replace(/\r?\n/g, '\r\n') : text)) }
}

async function pump(streams: RemoteCommandStreams, into: Output & { end(): void }, endAfter = true): Promise<void> {
  try {
    for await (const bytes of streams.stdin!) await into.write(decodeText(bytes).replace(/\r\n?/g, '\n'))
  } catch {
    // The client went away in the middle: for the process this is the end of its input.
  }
  if (endAfter) into.end()
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(abortReason(signal))
    signal.addEventListener('abort', () => reject(abortReason(signal)), { once: true })
  })
}

/** Understands one HTTP request after the other, which is what the servers in here speak. */
async function forwardHttp(
  core: RuntimeCore,
  address: string,
  port: number,
  { incoming, outgoing }: { incoming: AsyncIterable<Uint8Array>; outgoing: ByteSink },
): Promise<void> {
  const server = core.fabric.listener(address, port)
  if (!server)
    throw new RuntimeError(
      'Unknown',
      `failed to execute portforward in network namespace: failed to connect to localhost:${port} inside namespace: dial tcp4 127.0.0.1:${port}: connect: connection refused`,
    )
  let text = ''
  for await (const bytes of incoming) {
    text += decodeText(bytes)
    for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
      const [line = '', ...headers] = text.slice(0, end).split('\r\n')
      text = text.slice(end + 4)
      const [method = 'GET', path = '/'] = line.split(' ')
      if (!server.http) break
      const reply = await server.http({
        method,
        path,
        headers: headers.map(header => [header.slice(0, header.indexOf(':')), header.slice(header.indexOf(':') + 1).trim()] as const),
      })
      const body = encodeText(reply.body)
      const head = Object.entries({ ...reply.headers, 'content-length': String(body.length) })
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join('')
      await outgoing.write(encodeText(`HTTP/1.1 ${reply.status} ${reply.status < 400 ? 'OK' : 'Error'}\r\n${head}\r\n${reply.body}`))
    }
  }
  await outgoing.end()
}
