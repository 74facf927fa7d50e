/**
 * The image registry of a simulated machine and what has been pulled from it. Any image exists, unless the scenario
 * says otherwise; it is on the machine only once it has been pulled.
 */
import { abortReason } from '../base/abort.ts'
import { sleep } from '../base/clock.ts'
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import { RuntimeError } from '../runtime/runtime.ts'
import type { ImageAuth, ImageStatus } from '../runtime/runtime.ts'
import { within } from './latency.ts'
import type { Range } from './latency.ts'
import { imageModel } from './workload/images.ts'

/** What the registry does when it is asked for an image. */
export type ImageBehaviour =
  | { readonly is: 'available'; readonly pullMs: Range }
  | { readonly is: 'missing' }
  | { readonly is: 'unauthorized' }
  /** Pulls fail, and the pull after the last failure works. */
  | { readonly is: 'failing'; readonly times: number; readonly message: string }
  /** The registry never answers. */
  | { readonly is: 'hanging' }

export interface Registry {
  /** From now on, for the image by its name as Pods write it. */
  set(image: string, behaviour: ImageBehaviour): void
  status(image: string): ImageStatus | undefined
  list(): ImageStatus[]
  pull(image: string, auth: ImageAuth | undefined, signal: AbortSignal): Promise<string>
  remove(image: string): void
  /** Puts an image on the machine, as `load image` does: from then on it is pinned. */
  load(image: string): void
}

export function createRegistry({ clock, random, pullMs, preloaded }: { clock: Clock; random: Random; pullMs: Range; preloaded: readonly string[] }): Registry {
  const behaviours = new Map<string, ImageBehaviour>()
  const present = new Map<string, ImageStatus>()
  const load = (image: string, pinned = false): ImageStatus => {
    const name = fullName(image)
    const digest = digestOf(name)
    const status: ImageStatus = {
      id: digestOf(`${name} config`),
      repoTags: name.includes('@') ? [] : [name],
      repoDigests: [`${name.split('@')[0]!.replace(/:[^/:]*$/, '')}@${digest}`],
      sizeBytes: imageModel(image).sizeBytes,
      uid: undefined,
      userName: undefined,
      pinned: pinned || (present.get(name)?.pinned ?? false),
    }
    present.set(name, status)
    return status
  }
  const find = (image: string) =>
    present.get(fullName(image)) ?? [...present.values()].find(status => status.id === image || status.repoDigests.includes(fullName(image)))
  for (const image of preloaded) load(image)

  return {
    set: (image, behaviour) => void behaviours.set(fullName(image), behaviour),
    status: find,
    list: () => [...present.values()],
    load: image => void load(image, true),
    remove(image) {
      const status = find(image)
      for (const [name, other] of present) if (other === status) present.delete(name)
    },
    async pull(image, _auth, signal) {
      const name = fullName(image)
      if (!/^[a-z0-9]+([._/:@-]+[A-Za-z0-9]+)*$/.test(name))
        throw new RuntimeError('InvalidArgument', `failed to parse image name "${image}": invalid reference format`)
      const behaviour = behaviours.get(name) ?? { is: 'available', pullMs }
      await sleep(clock, within(random, behaviour.is === 'available' ? behaviour.pullMs : ANSWER_MS), signal, 'pull')
      const failed = `failed to pull and unpack image "${name}": failed to resolve reference "${name}"`
      switch (behaviour.is) {
        case 'available':
          return load(image).repoDigests[0]!
        case 'missing':
          throw new RuntimeError('NotFound', `${failed}: ${name}: not found`)
        case 'unauthorized':
          throw new RuntimeError(
            'Unknown',
            `${failed}: pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials`,
          )
        case 'hanging':
          return new Promise((_, reject) => signal.addEventListener('abort', () => reject(abortReason(signal)), { once: true }))
        case 'failing': {
          if (behaviour.times <= 0) return load(image).repoDigests[0]!
          behaviours.set(name, { ...behaviour, times: behaviour.times - 1 })
          throw new RuntimeError('Unknown', `${failed}: ${behaviour.message}`)
        }
      }
    },
  }
}

/** How long a registry takes to say no. */
const ANSWER_MS: Range = [200, 800]

/** `busybox` is `docker.io/library/busybox:latest`. */
export function fullName(image: string): string {
  const [first = '', ...rest] = image.split('/')
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')
  const path = hasHost ? image : `docker.io/${rest.length > 0 ? '' : 'library/'}${image}`
  const last = path.slice(path.lastIndexOf('/') + 1)
  return last.includes(':') || last.includes('@') ? path : `${path}:latest`
}

/** The same name always has the same digest. It only has to look like one. */
export function digestOf(text: string): string {
  let hash = 0xcbf29ce484222325n
  let hex = ''
  for (let round = 0; round < 4; round++) {
    for (const character of `${round}${text}`) hash = BigInt.asUintN(64, (hash ^ BigInt(character.codePointAt(0)!)) * 0x100000001b3n)
    hex += hash.toString(16).padStart(16, '0')
  }
  return `sha256:${hex}`
}
