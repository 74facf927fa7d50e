/**
 * Creates in batches of 1, 2, 4, …: when the first Pod is refused, by a quota perhaps, the others need not be tried
 * (behaviour 8.2.1). Answers with how many were made, and what the first refusal was.
 */
export async function createInBatches(
  count: number,
  create: (index: number) => Promise<unknown>,
): Promise<{ readonly made: number; readonly failure?: unknown }> {
  let made = 0
  let tried = 0
  for (let batch = 1; tried < count; batch *= 2) {
    const size = Math.min(batch, count - tried)
    const first = tried
    const results = await Promise.allSettled(Array.from({ length: size }, (_, index) => create(first + index)))
    tried += size
    const failed = results.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
    made += size - failed.length
    if (failed.length > 0) return { made, failure: failed[0]!.reason }
  }
  return { made }
}
