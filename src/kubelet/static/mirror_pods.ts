/**
 * What the API shows of static Pods: one object each, made by the kubelet, that follows the Pod and never leads it.
 *
 *   static Pod, mirror in the API ─▶ planMirror ─▶ create │ delete (then create again)
 *
 * Deleting a mirror ends nothing. It goes for good when the Pod has gone from the node.
 */
import { Pod } from '../../api/kinds/pod.ts'
import type { Node } from '../../api/kinds/node.ts'
import { keyOf, keyText, parseKey } from '../../api/meta.ts'
import { CONFIG_MIRROR_ANNOTATION, isMirrorPod, isStaticPod, isTerminal } from '../../api/pod.ts'
import { isReason } from '../../api/status.ts'
import { messageOf } from '../../base/error_message.ts'
import type { Task } from '../../base/host.ts'
import { createWorkQueue } from '../../base/work_queue.ts'
import type { KubeletContext } from '../context.ts'
import type { StaticPods } from './static_pods.ts'

export interface MirrorPods {
  /** From now on; the cache of Pods must be in sync, or mirrors would be made that are there. */
  start(): void
  stop(): Promise<void>
  /** Which object of the API shows this Pod: itself, or its mirror. Undefined: there is no mirror of it now. */
  shownBy(pod: Pod): Pod | undefined
  /** Something else runs under the name of this Pod now, or nothing. */
  look(pod: Pod): void
}

export interface MirrorPodsParts {
  readonly context: Pick<KubeletContext, 'host' | 'client' | 'pods' | 'nodeName'>
  readonly staticPods: StaticPods
  /** As the API has it; the owner of the mirrors. */
  readonly node: () => Node | undefined
  /** As its kubelet sees a Pod; undefined as long as it has not looked. */
  readonly phaseOf: (uid: string) => string | undefined
  /** The mirror of the static Pod with this uid has come, or is another one now. */
  readonly changed: (uid: string) => void
}

const RETRY = { baseMs: 200, maxMs: 60_000 }
const UNSEEN_MS = 1000
/**
 * Who deletes a mirror sees that it has gone before the next one comes. `kubectl delete` looks first and watches then: a mirror
 * that came back in between would make it wait for ever.
 */
const GONE_MS = 1000

export function createMirrorPods({ context, staticPods, node, phaseOf, changed }: MirrorPodsParts): MirrorPods {
  const { client, pods } = context
  const { log, spawn, clock } = context.host
  const queue = createWorkQueue(clock, RETRY, 'mirror pods')
  const subscriptions: { stop(): void }[] = []
  let task: Task | undefined

  const mirrorAt = (key: string): Pod | undefined => {
    const found = pods.get(parseKey(key))
    return found && isMirrorPod(found) ? found : undefined
  }

  async function reconcile(key: string): Promise<void> {
    const pod = staticPods.get(key)
    const mirror = mirrorAt(key)
    const owner = node()
    switch (planMirror(pod, mirror, phaseOf(pod?.metadata.uid ?? ''))) {
      case 'nothing':
        return
      case 'delete':
        return remove(mirror!)
      case 'create':
        if (!owner?.metadata.uid) throw new Error('the node is not in the API yet')
        return create(key, mirrorOf(pod!, owner))
    }
  }

  async function create(key: string, mirror: object): Promise<void> {
    try {
      await client.create(Pod, mirror as never)
    } catch (error) {
      // Ours, and the cache has not seen it yet.
      if (!isReason(error, 'AlreadyExists') || pods.get(parseKey(key))) throw error
      queue.addAfter(key, UNSEEN_MS)
    }
  }

  async function remove({ metadata }: Pod): Promise<void> {
    try {
      await client.delete(Pod, keyOf({ metadata }), { gracePeriodSeconds: 0, uid: metadata.uid })
    } catch (error) {
      if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
    }
  }

  async function work(): Promise<void> {
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
      try {
        await reconcile(key)
        queue.succeeded(key)
      } catch (error) {
        log.warn('the mirror of a static Pod could not be brought up to date; trying again', { pod: key, error: messageOf(error) })
        queue.retry(key)
      }
      queue.done(key)
    }
  }

  return {
    start() {
      const seen = pods.onChange(({ key, object, previous }) => {
        const mirror = [object, previous].find(pod => pod && isMirrorPod(pod))
        if (!mirror) return
        if (!object && previous?.metadata.deletionTimestamp) queue.addAfter(keyText(key), GONE_MS)
        else queue.add(keyText(key))
        const uid = staticPods.get(keyText(key))?.metadata.uid
        if (object && uid) changed(uid)
      })
      subscriptions.push(seen)
      for (const pod of staticPods.list()) queue.add(keyText(keyOf(pod)))
      task = spawn('mirror pods', work)
    },
    async stop() {
      subscriptions.forEach(subscription => subscription.stop())
      queue.close()
      await task?.stop()
    },
    shownBy(pod) {
      if (!isStaticPod(pod)) return pod
      const key = keyText(keyOf(pod))
      const mirror = mirrorAt(key)
      if (!mirror || !isMirrorOf(mirror, pod)) return undefined
      if (!isOutlived(mirror, phaseOf(pod.metadata.uid ?? ''))) return mirror
      queue.add(key)
      return undefined
    },
    look(pod) {
      if (isStaticPod(pod)) queue.add(keyText(keyOf(pod)))
    },
  }
}

/** @param pod what runs under the name, as long as anything of it does */
export function planMirror(pod: Pod | undefined, mirror: Pod | undefined, phase: string | undefined): 'create' | 'delete' | 'nothing' {
  if (!mirror) return pod ? 'create' : 'nothing'
  // What was shown as ended, before the node went down, runs anew: the object of an ended Pod never lives again.
  if (isOutlived(mirror, phase)) return 'delete'
  return !pod || mirror.metadata.deletionTimestamp || !isMirrorOf(mirror, pod) ? 'delete' : 'nothing'
}

const isOutlived = (mirror: Pod, phase: string | undefined): boolean => isTerminal(mirror) && (phase === 'Pending' || phase === 'Running')

const isMirrorOf = (mirror: Pod, { metadata }: Pod): boolean => mirror.metadata.annotations?.[CONFIG_MIRROR_ANNOTATION] === metadata.uid

function mirrorOf({ metadata, spec }: Pod, { metadata: owner }: Node): object {
  const { name, namespace, labels, annotations, uid = '' } = metadata
  return {
    metadata: {
      name,
      namespace,
      ...(labels && { labels }),
      annotations: { ...annotations, [CONFIG_MIRROR_ANNOTATION]: uid },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: owner.name, uid: owner.uid, controller: true }],
    },
    spec,
  }
}
