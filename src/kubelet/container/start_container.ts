/**
 * From a container in a spec to a process:
 *
 *   image ─▶ environment, mounts, limits ─▶ create ─▶ start ─▶ postStart
 *
 * The first step that fails is the reason the container waits with.
 */
import type { Pod } from '../../api/kinds/pod.ts'
import { messageOf } from '../../base/error_message.ts'
import type { OpenStep } from '../../base/lifecycle_trace.ts'
import type { ContainerConfig, NamespaceOptions, PodSandboxConfig, PodSandboxStatus } from '../../runtime/runtime.ts'
import type { KubeletContext } from '../context.ts'
import { containerLogPath } from '../directories.ts'
import type { Images, PresentImage } from '../image/images.ts'
import { unlessAborted } from '../pod/jobs.ts'
import { fieldPathOf, isHostNetwork, tracedPod, type NamedContainer } from '../pod/pod_nouns.ts'
import { makeEnvironment } from './environment.ts'
import { expand } from './expand.ts'
import { containerAnnotations, containerLabels } from './labels.ts'
import { runHook } from './lifecycle_hooks.ts'
import { makeMounts, type MountedVolumes } from './mounts.ts'
import { runtimeResources } from './resources.ts'
import { containerSecurity, podNamespaces } from './security.ts'
import { StartError, configError } from './start_failure.ts'

export interface StartRequest {
  readonly pod: Pod
  readonly named: NamedContainer
  readonly restartCount: number
  readonly sandbox: PodSandboxStatus
  readonly sandboxConfig: PodSandboxConfig
  readonly volumes: MountedVolumes
  /** The container whose processes an ephemeral one wants to join, if there is one. */
  readonly targetId: string | undefined
  /** Called when the process runs, before its postStart hook: the container is to be seen. */
  readonly started: (id: string) => Promise<void>
  readonly signal: AbortSignal
}

/** Throws StartError. Everything worth an event has been recorded then. After a failed postStart the caller stops the container. */
export async function startContainer(context: KubeletContext, images: Images, request: StartRequest): Promise<void> {
  const { runtime, events, trace } = context
  const { pod, named, sandbox, sandboxConfig, signal } = request
  const fieldPath = fieldPathOf(named)
  const { container } = named
  const about = { container: container.name, restart: request.restartCount }
  let traced: OpenStep | undefined
  const failed =
    (reason: string) =>
    (error: unknown): never => {
      traced?.end({ reason, message: messageOf(error) })
      const failure = error instanceof StartError ? error : new StartError(reason, messageOf(error))
      events.warning(pod, 'Failed', `Error: ${failure.message}`, fieldPath)
      throw failure
    }

  const image = await images.ensure(pod, named, signal).catch((error: unknown) => {
    if (error instanceof StartError && error.reason !== 'InvalidImageName') events.warning(pod, 'Failed', `Error: ${error.reason}`, fieldPath)
    if (error instanceof StartError && error.reason === 'InvalidImageName') events.warning(pod, 'Failed', 'Error: InvalidImageName', fieldPath)
    throw error
  })
  signal.throwIfAborted()
  const config = await containerConfig(context, request, image).catch(failed('CreateContainerConfigError'))
  signal.throwIfAborted()
  traced = trace.begin(tracedPod(pod), { type: 'ContainerStart', ...about })
  const id = await runtime.createContainer(sandbox.id, config, sandboxConfig).catch(failed('CreateContainerError'))
  const created = () => events.normal(pod, 'Created', `Created container: ${container.name}`, fieldPath)
  if (signal.aborted) {
    traced.end({ reason: 'Cancelled' })
    created()
    await runtime.removeContainer(id)
    signal.throwIfAborted()
  }
  const starting = runtime.startContainer(id)
  created()
  await starting.catch(failed('RunContainerError'))
  traced.end()
  const seen = request.started(id)
  events.normal(pod, 'Started', `Started container ${container.name}`, fieldPath)
  await seen

  const hook = container.lifecycle?.postStart
  if (!hook) return
  const hooked = trace.begin(tracedPod(pod), { type: 'PostStart', ...about })
  try {
    await unlessAborted(runHook(context, hook, { pod, container, containerId: id, podIP: podIPOf(context, pod, sandbox) }, signal), signal)
    hooked.end()
  } catch (error) {
    hooked.end(signal.aborted ? { reason: 'Cancelled' } : { reason: 'FailedPostStartHook', message: messageOf(error) })
    if (signal.aborted) throw error
    context.host.log.info('postStart hook failed', { pod: pod.metadata.name, container: container.name, error: messageOf(error) })
    events.warning(pod, 'FailedPostStartHook', 'PostStartHook failed', fieldPath)
    throw new PostStartError(id, messageOf(error))
  }
}

/** The container runs, but may not stay. */
export class PostStartError extends StartError {
  readonly containerId: string
  constructor(containerId: string, message: string) {
    super('PostStartHookError', message)
    this.containerId = containerId
  }
}

export const podIPOf = ({ machine }: KubeletContext, pod: Pod, sandbox: PodSandboxStatus | undefined): string =>
  (isHostNetwork(pod) ? machine.addresses[0] : sandbox?.ips[0]) ?? ''

async function containerConfig(context: KubeletContext, request: StartRequest, image: PresentImage): Promise<ContainerConfig> {
  const { pod, named, restartCount, sandbox, volumes, targetId } = request
  const { container } = named
  const { disk } = context.host
  if (named.targetContainerName && !targetId) throw configError(`unable to find target container ${named.targetContainerName}`)
  const podIPs = isHostNetwork(pod) ? context.machine.addresses : sandbox.ips
  const namespaces: NamespaceOptions = targetId ? { ...podNamespaces(pod), pid: 'TARGET', targetId } : podNamespaces(pod)
  const security = containerSecurity(pod, container, image.status, namespaces, context.directories.seccomp)

  const environment = await makeEnvironment(context, pod, container, { podIPs, hostIPs: context.machine.addresses })
  const messageDirectory = context.directories.container(pod.metadata.uid ?? '', container.name)
  const messageFile = container.terminationMessagePath ? `${messageDirectory}/${restartCount}` : ''
  if (messageFile) {
    await disk.makeDirectory(messageDirectory, { mode: 0o750 })
    // Any user of the container may write its last words.
    await disk.writeFile(messageFile, '', { mode: 0o666 })
  }
  const mounts = await makeMounts({ context, pod, container, volumes, environment, messageFile })
  if ((container.volumeDevices ?? []).length > 0) throw configError('block volumes are not supported')
  const expanded = (texts: readonly string[] | undefined) => (texts ?? []).map(text => expand(text, name => environment.get(name)))

  return {
    metadata: { name: container.name, attempt: restartCount },
    image: image.name,
    command: expanded(container.command),
    args: expanded(container.args),
    workingDir: container.workingDir ?? '',
    env: [...environment].map(([name, value]) => ({ name, value })),
    mounts,
    devices: [],
    labels: containerLabels(pod, container),
    annotations: containerAnnotations(pod, container, restartCount, messageFile),
    logPath: containerLogPath(container.name, restartCount),
    stdin: container.stdin === true,
    stdinOnce: container.stdinOnce === true,
    tty: container.tty === true,
    resources: runtimeResources(pod, container, named.role, context.machine.memoryBytes),
    security,
  }
}
