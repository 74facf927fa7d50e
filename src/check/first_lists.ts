import { TimeoutError, withTimeout, type Clock, type Millis } from '../base/clock.ts'
import { cachesSynced, type Cache } from '../client/cache.ts'
import { CheckProblem } from './problem.ts'

/** A server that is busy takes a moment. Who may not list is refused again and again, and would wait for ever. */
const FIRST_LISTS_MS: Millis = 30_000

/**
 * Waits until caches have been told what there is in the namespace.
 *
 * @param caches each with the plural of its kind
 * @throws CheckProblem where that does not happen; the signal's reason when it is aborted. The caches are stopped then.
 */
export async function firstLists(
  clock: Clock,
  namespace: string,
  caches: readonly (readonly [plural: string, cache: Pick<Cache<never>, 'synced' | 'stop'>])[],
  signal?: AbortSignal,
): Promise<void> {
  const missing = new Set(caches)
  for (const each of caches) void each[1].synced.then(() => missing.delete(each))
  try {
    await withTimeout(
      clock,
      FIRST_LISTS_MS,
      ending =>
        cachesSynced(
          caches.map(([, cache]) => cache),
          ending,
        ),
      signal,
      'check',
    )
  } catch (error) {
    for (const [, cache] of caches) cache.stop()
    if (!(error instanceof TimeoutError)) throw error
    const plurals = [...missing].map(([plural]) => plural)
    throw new CheckProblem(
      `the cluster has not listed ${plurals.join(', ')} in namespace ${namespace} within ${FIRST_LISTS_MS / 1_000} s`,
      `See whether you may: kubectl auth can-i watch ${plurals[0]} --namespace ${namespace}`,
    )
  }
}
