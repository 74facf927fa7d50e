/**
 * The Pods a node runs by itself, from manifests in a directory of its own: no API is asked, none need be there.
 *
 *   directory ─▶ manifest ─▶ Pod of the node ─▶ workers
 *      ▲ changed, or 20 s later                    │ ended
 *      └───────────── the next one of that name ◀──┘
 *
 * A changed manifest is another Pod, with another uid. It begins when nothing of the one before is left.
 */
import type { Pod } from '../../api/kinds/pod.ts'
import { keyOf } from '../../api/meta.ts'
import { messageOf } from '../../base/error_message.ts'
import type { Host, Task } from '../../base/host.ts'
import { createInbox } from '../../base/inbox.ts'
import type { CacheChange } from '../../client/cache.ts'
import { createManifestDirectory } from './manifest_directory.ts'

export interface StaticPods {
  /** Reads the directory, making it if it is not there, and from then on follows it. */
  start(): Promise<void>
  stop(): Promise<void>
  /** Those that run, those that still end, and those that have run and ended by themselves. */
  list(): Pod[]
  /** By namespace/name. */
  get(key: string): Pod | undefined
  /** Called for those that are there already, too. */
  onChange(listener: (change: CacheChange<Pod>) => void): { stop(): void }
  /** Nothing of this Pod runs any more. */
  ended(uid: string): void
}

export interface StaticPodsOptions {
  readonly host: Pick<Host, 'clock' | 'disk' | 'log' | 'spawn'>
  /** Absolute. Undefined: there are none. */
  readonly path: string | undefined
  readonly nodeName: string
}

/** As often as a kubelet looks, for whoever changes a file where changes are not noticed. */
const LOOK_EVERY_MS = 20_000

export function createStaticPods({ host, path, nodeName }: StaticPodsOptions): StaticPods {
  const { clock, disk, log } = host
  /** By namespace/name. */
  let wanted: ReadonlyMap<string, Pod> = new Map()
  const begun = new Map<string, Pod>()
  const listeners = new Set<(change: CacheChange<Pod>) => void>()
  const inbox = createInbox(clock, undefined, 'every look for manifests')
  let task: Task | undefined

  const tell = (change: CacheChange<Pod>) => listeners.forEach(listener => listener(change))

  function begin(key: string): void {
    const pod = wanted.get(key)
    if (!pod || begun.has(key)) return
    begun.set(key, pod)
    tell({ key: keyOf(pod), object: pod, previous: undefined })
  }

  function want(next: ReadonlyMap<string, Pod>): void {
    const before = wanted
    wanted = next
    for (const [key, pod] of before) {
      const isRunning = begun.get(key) === pod
      if (isRunning && next.get(key) !== pod) tell({ key: keyOf(pod), object: undefined, previous: pod })
    }
    for (const key of next.keys()) begin(key)
  }

  async function follow(directory: string, look: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const watching = disk.watch(directory, inbox.poke)
    signal.addEventListener('abort', inbox.poke, { once: true })
    try {
      while (!signal.aborted) {
        await look()
        await inbox.next(clock.now() + LOOK_EVERY_MS)
      }
    } finally {
      watching.close()
    }
  }

  return {
    async start() {
      if (path === undefined) return
      const directory = createManifestDirectory({ host, path, nodeName })
      let complaint = ''
      const look = async () => {
        try {
          want(await directory.look())
          complaint = ''
        } catch (error) {
          const told = complaint
          complaint = messageOf(error)
          // What ran goes on: nobody has said that it shall not.
          if (complaint !== told) log.error('the manifests of static Pods cannot be read', { directory: path, error: complaint })
        }
      }
      await disk.makeDirectory(path).catch(() => undefined)
      await look()
      task = host.spawn('static pods', signal => follow(path, look, signal))
    },
    async stop() {
      await task?.stop()
    },
    list: () => [...begun.values()],
    get: key => begun.get(key),
    onChange(listener) {
      listeners.add(listener)
      for (const pod of begun.values()) listener({ key: keyOf(pod), object: pod, previous: undefined })
      return { stop: () => void listeners.delete(listener) }
    },
    ended(uid) {
      for (const [key, pod] of begun) {
        if (pod.metadata.uid !== uid) continue
        begun.delete(key)
        begin(key)
      }
    },
  }
}
