/**
 * Sees to it that a container's image is on the machine, by its pull policy.
 *
 * A pull that failed is not tried again at once: 10 s, doubled up to five minutes, for this Pod and image. The container
 * shows ErrImagePull for a failure and ImagePullBackOff while it waits.
 */
import type { Pod } from '../../api/kinds/pod.ts'
import type { Millis } from '../../base/clock.ts'
import { messageOf } from '../../base/error_message.ts'
import type { ImageStatus } from '../../runtime/runtime.ts'
import { RuntimeError } from '../../runtime/runtime.ts'
import { goDuration } from '../../base/go_duration.ts'
import { StartError } from '../container/start_failure.ts'
import type { KubeletContext } from '../context.ts'
import { fieldPathOf, tracedPod, type NamedContainer } from '../pod/pod_nouns.ts'
import { defaultPullPolicy, parseImageName, type ImageName } from './image_name.ts'
import { findPullAuth, getPullSecrets } from './pull_secrets.ts'

export interface Images {
  /** It will be wanted soon, and is looked up while there is time. */
  expect(pod: Pod, named: NamedContainer): void
  /** Throws StartError; the events have been recorded. */
  ensure(pod: Pod, named: NamedContainer, signal: AbortSignal): Promise<PresentImage>
  /** When a waiting pull may be tried again, or 0. */
  retryAt(pod: Pod, image: string): Millis
  forget(pod: Pod): void
}

export interface PresentImage {
  /** The name in full: what the container is made from, and what its status shows. */
  readonly name: string
  readonly status: ImageStatus
}

/** Errors that runtimes begin with their name. */
const NAMED_FAILURES = [
  ['RegistryUnavailable', 'the registry is unavailable'],
  ['SignatureValidationFailed', 'the signature validation failed'],
] as const

const FIRST_MS = 10_000
const MAX_MS = 300_000

export function createImages({ host, client, runtime, events, trace }: KubeletContext): Images {
  const failures = new Map<string, { delayMs: Millis; at: Millis; error: StartError }>()
  const expected = new Map<string, Promise<ImageStatus | undefined>>()
  const { clock } = host
  const keyOf = (pod: Pod, image: string) => `${pod.metadata.uid} ${image}`

  async function ensure(pod: Pod, named: NamedContainer, signal: AbortSignal): Promise<PresentImage> {
    const fieldPath = fieldPathOf(named)
    const image = named.container.image ?? ''
    const name = parseImageName(image)
    if (typeof name === 'string') {
      const message = `Failed to apply default image tag "${image}": ${name}`
      events.warning(pod, 'InspectFailed', message, fieldPath)
      throw new StartError('InvalidImageName', message)
    }

    const present = await imageStatus(pod, image, name.full).catch((error: unknown) => {
      const message = `Failed to inspect image "${name.full}": ${messageOf(error)}`
      events.warning(pod, 'InspectFailed', message, fieldPath)
      throw new StartError('ImageInspectError', message)
    })
    const policy = named.container.imagePullPolicy ?? defaultPullPolicy(image)
    if (present && policy !== 'Always') {
      trace.note(tracedPod(pod), { type: 'ImagePull', container: named.container.name, reason: 'AlreadyPresent', message: image })
      events.normal(pod, 'Pulled', `Container image "${image}" already present on machine`, fieldPath)
      return { name: name.full, status: present }
    }
    if (policy === 'Never') {
      const message = `Container image "${image}" is not present with pull policy of Never`
      events.warning(pod, 'ErrImageNeverPull', message, fieldPath)
      throw new StartError('ErrImageNeverPull', message)
    }
    return pull(pod, named, name, signal)
  }

  /** That it was there a moment ago is good enough, and nothing else is. */
  async function imageStatus(pod: Pod, image: string, full: string): Promise<ImageStatus | undefined> {
    const answer = expected.get(keyOf(pod, image))
    expected.delete(keyOf(pod, image))
    return (await answer) ?? runtime.imageStatus(full)
  }

  async function pull(pod: Pod, named: NamedContainer, { full, registry }: ImageName, signal: AbortSignal): Promise<PresentImage> {
    const image = named.container.image ?? ''
    const fieldPath = fieldPathOf(named)
    const key = keyOf(pod, image)
    const failed = failures.get(key)
    if (failed && clock.now() - failed.at < failed.delayMs) {
      events.normal(pod, 'BackOff', `Back-off pulling image "${image}"`, fieldPath)
      throw new StartError('ImagePullBackOff', `Back-off pulling image "${image}": ${failed.error.reason}: ${failed.error.message}`, { isBackOff: true })
    }
    const secrets = await getPullSecrets(client, pod)
    if (secrets.missing.length > 0) {
      const names = secrets.missing.join(', ')
      events.warning(
        pod,
        'FailedToRetrieveImagePullSecret',
        `Unable to retrieve some image pull secrets (${names}); attempting to pull the image may not succeed.`,
      )
    }
    events.normal(pod, 'Pulling', `Pulling image "${image}"`, fieldPath)
    const startedAt = clock.now()
    const traced = trace.begin(tracedPod(pod), { type: 'ImagePull', container: named.container.name, message: image })
    try {
      await runtime.pullImage(full, findPullAuth(secrets, registry), signal)
    } catch (error) {
      traced.end(signal.aborted ? { reason: 'Cancelled' } : { reason: 'ErrImagePull', message: messageOf(error) })
      if (signal.aborted) throw error
      const message = messageOf(error)
      events.warning(pod, 'Failed', `Failed to pull image "${image}": ${message}`, fieldPath)
      const forgotten = !failed || clock.now() - failed.at > 2 * MAX_MS
      const failure = pullFailure(image, message)
      failures.set(key, { delayMs: forgotten ? FIRST_MS : Math.min(MAX_MS, failed.delayMs * 2), at: clock.now(), error: failure })
      throw failure
    }
    traced.end({ reason: 'Pulled' })
    failures.delete(key)
    const status = await runtime.imageStatus(full)
    if (!status) throw new RuntimeError('NotFound', `image "${full}" is not there although it has just been pulled`)
    const took = goDuration(Math.max(1, Math.round(clock.now() - startedAt)))
    events.normal(
      pod,
      'Pulled',
      `Successfully pulled image "${image}" in ${took} (${took} including waiting). Image size: ${status.sizeBytes} bytes.`,
      fieldPath,
    )
    return { name: full, status }
  }

  return {
    expect(pod, { container: { image } }) {
      const name = parseImageName(image)
      if (typeof name !== 'string' && !expected.has(keyOf(pod, image)))
        expected.set(
          keyOf(pod, image),
          runtime.imageStatus(name.full).catch(() => undefined),
        )
    },
    ensure,
    retryAt(pod, image) {
      const failed = failures.get(keyOf(pod, image))
      return failed ? failed.at + failed.delayMs : 0
    },
    forget(pod) {
      for (const map of [failures, expected]) for (const key of map.keys()) if (key.startsWith(`${pod.metadata.uid} `)) map.delete(key)
    },
  }
}

function pullFailure(image: string, message: string): StartError {
  const named = NAMED_FAILURES.find(([reason]) => message.startsWith(reason))
  if (!named) return new StartError('ErrImagePull', message)
  const [reason, meaning] = named
  return new StartError(reason, `image pull failed for ${image} because ${meaning}${message.slice(reason.length)}`)
}
