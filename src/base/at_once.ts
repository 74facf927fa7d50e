/** Does something for each, so many at once, beginning with the first. Rejects with the first failure; what has begun goes on. */
export async function forEachAtOnce<T>(items: readonly T[], max: number, act: (item: T, index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < items.length) {
      const index = next++
      await act(items[index]!, index)
    }
  }
  await Promise.all(Array.from({ length: Math.min(max, items.length) }, worker))
}
