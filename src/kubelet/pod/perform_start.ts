/** Starts containers, one after the other, and remembers why one could not be started. */
import type { Pod } from '../../api/kinds/pod.ts'
import { messageOf } from '../../base/error_message.ts'
import { writeHostsFile } from '../container/hosts_file.ts'
import type { MountedVolumes } from '../container/mounts.ts'
import { sandboxConfig } from '../container/sandbox_config.ts'
import { PostStartError, startContainer } from '../container/start_container.ts'
import { StartError } from '../container/start_failure.ts'
import { newestOf } from './instances.ts'
import type { PerformerParts } from './perform.ts'
import type { NamedContainer } from './pod_nouns.ts'
import type { StartOrder } from './pod_state.ts'

export interface Starter {
  /** One job for all of them. A container that cannot be started does not keep the next from being tried. */
  start(pod: Pod, orders: readonly StartOrder[], sandboxId: string): void
}

/** A failed attempt is made again after ten to fifteen seconds. */
const RETRY_MS = 10_000
/** So long a failed pull is seen as ErrImagePull. On Kubernetes the relist brings the next look, and with it ImagePullBackOff. */
const PULL_NOTICED_MS = 1000

export interface StarterParts extends PerformerParts {
  readonly podIPs: (pod: Pod) => readonly string[]
  readonly mounted: () => MountedVolumes
}

export function createStarter({ context, images, memory, observer, jobs, poke, podIPs, mounted }: StarterParts): Starter {
  const { clock, random } = context.host
  const retries = random.fork('kubelet/retry')
  const jittered = (ms: number) => ms + retries.below(ms / 2)
  const targetOf = ({ targetContainerName }: NamedContainer) => (targetContainerName ? newestOf(observer.last, targetContainerName) : undefined)

  function startContainers(pod: Pod, orders: readonly StartOrder[], sandboxId: string): void {
    const sandbox = observer.last.sandboxes.find(({ id }) => id === sandboxId)
    if (!sandbox) return
    memory.starting = new Set(orders.map(({ named }) => named.container.name))
    const done = (name: string) => {
      memory.starting = new Set([...memory.starting].filter(other => other !== name))
    }
    jobs.start('start', async signal => {
      try {
        await writeHostsFile(context, pod, podIPs(pod))
        const config = sandboxConfig(context, pod, sandbox.metadata.attempt)
        for (const order of orders) {
          signal.throwIfAborted()
          const { name } = order.named.container
          try {
            await startContainer(context, images, {
              pod,
              named: order.named,
              restartCount: order.restartCount,
              sandbox,
              sandboxConfig: config,
              volumes: mounted(),
              signal,
              targetId: targetOf(order.named)?.id,
              async started(id) {
                await observer.learnContainer(id)
                if (order.named.container.lifecycle?.postStart) poke()
              },
            })
            memory.startFailures.delete(name)
          } catch (error) {
            observer.doubt()
            if (signal.aborted) throw error
            noteStartFailure(pod, order, error)
            observer.doubt()
          }
          // The attempt counts whether it succeeded or not: a container that cannot start crashes all the same.
          if (order.crash) memory.crashes.set(order.crash.key, { delayMs: order.crash.delayMs, countedAt: clock.wall() })
          done(name)
          poke()
        }
      } finally {
        memory.starting = new Set()
      }
    })
  }

  function noteStartFailure(pod: Pod, { named }: StartOrder, error: unknown): void {
    const { name, image } = named.container
    const reason = error instanceof StartError ? error.reason : 'CreateContainerError'
    // It is stopped first, and then waits as one that crashed.
    if (error instanceof PostStartError)
      return void memory.startFailures.set(name, { reason, message: messageOf(error), retryAt: 0, unwanted: error.containerId })
    const pullAt = images.retryAt(pod, image ?? '') - clock.now()
    const again = pullAt > 0 ? Math.min(pullAt, reason === 'ImagePullBackOff' ? jittered(RETRY_MS) : PULL_NOTICED_MS) : jittered(RETRY_MS)
    memory.startFailures.set(name, { reason, message: messageOf(error), retryAt: clock.wall() + again })
  }

  return { start: startContainers }
}
