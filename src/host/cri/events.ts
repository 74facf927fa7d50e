/**
 * Hints that a sandbox has changed.
 *
 *   containerd's event stream ─▶ container id ─▶ its sandbox ─▶ changed(sandboxId, what)
 *   a slow relist, quicker while the stream is down ───────────▶ changed(sandboxId, what)
 *
 * CRI's own GetContainerEvents came with containerd 1.7; its event service is as quick, and every version has it.
 */
import type { Clock, Millis } from '../../base/clock.ts'
import { every, sleep } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { RuntimeChange, RuntimeError } from '../../runtime/runtime.ts'
import type { CriClient } from './client.ts'
import {
  Envelope,
  EventSubject,
  ListContainersRequest,
  ListContainersResponse,
  ListPodSandboxRequest,
  ListPodSandboxResponse,
  SubscribeRequest,
} from './messages.ts'
import type { OwnCalls } from './own_calls.ts'
import { containerSummary, podSandboxSummary } from './statuses.ts'
import { decode } from './wire.ts'
import type { Decoded } from './wire.ts'

export interface EventSources {
  client: CriClient
  clock: Clock
  log: Log
  own: OwnCalls
}

/** How often to list while there is no stream. */
const TICK_MS = 1_000
/** While the stream stands, the relist only guards against an event that was lost. */
const TICKS_BETWEEN_RELISTS = 10
const RECONNECT_MS = 200
const LIST_TIMEOUT_MS = 10_000

/**
 * containerd tells the world of an exit at the same time as its own CRI part, which then cleans up for some 30 ms (that
 * ends with the deletion of the task) before it calls the container exited. A hint before that would find nothing.
 */
const WAITS_MS: Readonly<Record<string, readonly Millis[]>> = { '/tasks/exit': [100, 200, 400, 800], '/tasks/delete': [10, 15, 25, 50, 100] }

/** Not what is created: only the kubelet creates, and it knows; each hint would make it list while runc needs the processor. */
const FILTERS = ['namespace==k8s.io,topic~="^/(tasks/(start|exit|oom|delete)|containers/delete)$"']

export function watchEvents({ client, clock, log, own }: EventSources, changed: (sandboxId: string, what?: RuntimeChange) => void): { stop(): void } {
  const abort = new AbortController()
  const view = createView(client)
  let streaming = false
  let stream: { stop(): void } | undefined
  let ticks = 0

  function hint({ sandboxId, what }: Change) {
    if (!abort.signal.aborted) changed(sandboxId, what)
  }

  async function look() {
    try {
      for (const change of await view.relist()) hint(change)
    } catch (error) {
      if (!abort.signal.aborted) log.debug('the runtime could not be listed', { error })
    }
  }

  function subscribe() {
    if (abort.signal.aborted) return
    streaming = true
    stream = client.stream(
      '/containerd.services.events.v1.Events/Subscribe',
      SubscribeRequest,
      Envelope,
      { filters: FILTERS },
      {
        message: envelope => void onEvent(envelope),
        end(error) {
          streaming = false
          // Not containerd, then: the relist alone has to do.
          if (error && isUnsupported(error)) return log.info('the runtime tells no events; it is listed every second', { error })
          log.debug('the event stream ended', { error })
          void sleep(clock, RECONNECT_MS, abort.signal, 'runtime events: reconnect').then(subscribe, () => {})
        },
      },
    )
    // Whatever happened before the stream stood.
    void look()
  }

  async function onEvent({ topic, event }: Decoded<typeof Envelope>) {
    if (!event) return
    try {
      const subject = decode(EventSubject, event.value)
      // The end of an exec, not of the container.
      if (topic === '/tasks/exit' && subject.id !== subject.containerId) return
      const id = subject.containerId
      // Who makes a sandbox learns of its start from the call.
      if (topic === '/tasks/start' && own.isMakingSandbox && own.sandboxOf(id) === undefined) return
      // The sandbox has to be known before the end: afterwards nobody may be there to tell.
      const sandboxId = own.sandboxOf(id) ?? (await view.sandboxOf(id))
      const waitsMs = WAITS_MS[topic]
      const hasEnded = waitsMs !== undefined && (await untilEnded(id, waitsMs))
      const state = topic === '/tasks/start' ? 'running' : hasEnded ? 'exited' : undefined
      if (sandboxId !== undefined) hint({ sandboxId, what: state && { id, state } })
      if (topic === '/containers/delete') view.forget(subject.containerId)
    } catch (error) {
      if (!abort.signal.aborted) log.debug('an event could not be followed up', { topic, error })
    }
  }

  async function untilEnded(containerId: string, waitsMs: readonly Millis[]): Promise<boolean> {
    for (const waitMs of waitsMs) {
      await own.stopping(containerId)
      if (own.hasEnded(containerId) || (await view.hasEnded(containerId))) return true
      // Without the signal, of which a hundred containers that end at once would each want to be told.
      await sleep(clock, waitMs, undefined, 'runtime events: exit')
      if (abort.signal.aborted) return false
    }
    return false
  }

  subscribe()
  void every(
    clock,
    TICK_MS,
    abort.signal,
    async () => {
      ticks++
      if (!streaming || ticks % TICKS_BETWEEN_RELISTS === 0) await look()
    },
    'runtime events: relist',
  ).catch(() => {})
  return {
    stop() {
      abort.abort(new Error('nobody listens any more'))
      stream?.stop()
    },
  }
}

/** What the last looks have shown: which sandbox a container (or a sandbox's own task) belongs to, and whether it still runs. */
function createView(client: CriClient) {
  let known = new Map<string, Seen>()

  return {
    /** What differs from the last relist. */
    async relist(): Promise<Change[]> {
      const before = known
      known = await list(client, undefined)
      const changed: Change[] = []
      for (const [id, { sandboxId, state }] of known) {
        if (before.get(id)?.state !== state) changed.push({ sandboxId, what: state === 'running' || state === 'exited' ? { id, state } : undefined })
      }
      for (const [id, { sandboxId }] of before) if (!known.has(id)) changed.push({ sandboxId, what: undefined })
      return changed
    },
    async sandboxOf(id: string): Promise<string | undefined> {
      if (!known.has(id)) for (const [seenId, seen] of await list(client, id)) known.set(seenId, seen)
      return known.get(id)?.sandboxId
    },
    async hasEnded(id: string): Promise<boolean> {
      const before = known.get(id)
      const seen = (await list(client, id, before && (before.sandboxId === id ? 'sandboxes' : 'containers'))).get(id)
      if (seen) known.set(id, seen)
      return seen === undefined || seen.state === 'exited'
    },
    forget(id: string) {
      known.delete(id)
    },
  }
}

interface Change {
  readonly sandboxId: string
  readonly what: RuntimeChange | undefined
}

interface Seen {
  readonly sandboxId: string
  readonly state: string
}

/** All containers and sandboxes, or the one with this id; `only`, where it is known which of them that is. */
async function list(client: CriClient, id: string | undefined, only?: 'sandboxes' | 'containers'): Promise<Map<string, Seen>> {
  const limits = { timeoutMs: LIST_TIMEOUT_MS }
  const [{ items }, { containers }] = await Promise.all([
    only === 'containers'
      ? { items: [] }
      : client.call('/runtime.v1.RuntimeService/ListPodSandbox', ListPodSandboxRequest, ListPodSandboxResponse, { filter: { id } }, limits),
    only === 'sandboxes'
      ? { containers: [] }
      : client.call('/runtime.v1.RuntimeService/ListContainers', ListContainersRequest, ListContainersResponse, { filter: { id } }, limits),
  ])
  const seen = new Map<string, Seen>()
  for (const sandbox of items.map(podSandboxSummary)) seen.set(sandbox.id, { sandboxId: sandbox.id, state: sandbox.ready ? 'running' : 'exited' })
  for (const { id, sandboxId, state } of containers.map(containerSummary)) seen.set(id, { sandboxId, state })
  return seen
}

const isUnsupported = (error: RuntimeError) => error.code === 'Unknown' && /unimplemented|unknown service/i.test(error.message)
