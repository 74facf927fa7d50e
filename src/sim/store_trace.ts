import type { Pod } from '../api/kinds/pod.ts'
import type { Change, Store } from '../store/store.ts'
import type { World } from './world.ts'

/** Every change of the store as a line of the trace: `12.004s store 41 MODIFIED /pods/default/web Running main:1`. */
export function traceStore(world: World, store: Store): { stop(): void } {
  return store.watch('/', store.revision, change => world.trace.note(world.now(), 'store', lineOf(change)))
}

function lineOf({ key, revision, stored, previous }: Change): string {
  const type = !stored ? 'DELETED' : previous ? 'MODIFIED' : 'ADDED'
  return `${revision} ${type} ${key}${stored && key.startsWith('/pods/') ? summaryOf(stored.value as Pod) : ''}`
}

function summaryOf({ metadata, status }: Pod): string {
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].map(
    ({ name, restartCount, ready, state }) =>
      ` ${name}:${restartCount}${ready ? '+' : ''}${state?.waiting?.reason ? `(${state.waiting.reason})` : state?.terminated ? `(${state.terminated.reason} ${state.terminated.exitCode})` : ''}`,
  )
  return ` ${status.phase ?? ''}${metadata.deletionTimestamp ? ' deleting' : ''}${containers.join('')}`
}
