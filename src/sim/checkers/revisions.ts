import type { Checker } from './checker.ts'

/** Revisions only grow: a watcher that resumes from the last one it saw misses nothing. */
export function revisionsGrow(): Checker {
  let newest = 0
  return {
    name: 'revisions grow',
    prefix: '/',
    see({ key, revision, stored, previous }) {
      const before = newest
      newest = Math.max(newest, revision)
      // One commit may change several keys, and then they share its revision.
      if (revision < before) return `${key} came with revision ${revision} after ${before}`
      if (previous && previous.revision >= revision) return `${key} went from revision ${previous.revision} to ${revision}`
      if (stored && stored.revision !== revision) return `${key} was stored at ${stored.revision} by commit ${revision}`
      return undefined
    },
  }
}
