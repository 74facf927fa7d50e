/**
 * Invariants over everything that is ever stored: they see each change once, in order, and say what is wrong with it.
 *
 *   store ─ watch ─▶ every checker's `see` ─▶ first complaint ─▶ the world's run ends with it, at that very event
 */
import type { Change, Store } from '../../store/store.ts'
import type { World } from '../world.ts'

export interface Checker {
  readonly name: string
  /** Only keys below it are seen. */
  readonly prefix: string
  /** What is wrong, or undefined. It may remember what it has seen. */
  see(change: Change): string | undefined
}

/** Must be called before anything that shall be checked is stored. */
export function checkStore(world: World, store: Store, checkers: readonly Checker[]): { stop(): void } {
  const watches = checkers.map(checker => {
    let complaint: string | undefined
    world.addChecker(checker.name, () => complaint)
    return store.watch(checker.prefix, store.revision, change => {
      complaint ??= checker.see(change)
    })
  })
  return { stop: () => watches.forEach(watch => watch.stop()) }
}
