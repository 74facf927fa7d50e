/** A binary heap: the smallest by `before` comes out first. Equal ones come out in no stated order. */
export interface Heap<T> {
  readonly size: number
  /** All of them, in no stated order. */
  readonly items: readonly T[]
  push(item: T): void
  peek(): T | undefined
  pop(): T | undefined
}

export function createHeap<T>(before: (a: T, b: T) => boolean): Heap<T> {
  const items: T[] = []
  return {
    items,
    get size() {
      return items.length
    },
    peek: () => items[0],
    push(item) {
      let hole = items.push(item) - 1
      while (hole > 0) {
        const parent = (hole - 1) >> 1
        if (!before(item, items[parent]!)) break
        items[hole] = items[parent]!
        hole = parent
      }
      items[hole] = item
    },
    pop() {
      const top = items[0]
      const last = items.pop()
      if (items.length === 0 || last === undefined) return top
      let hole = 0
      for (let child = 1; child < items.length; child = 2 * hole + 1) {
        if (child + 1 < items.length && before(items[child + 1]!, items[child]!)) child++
        if (!before(items[child]!, last)) break
        items[hole] = items[child]!
        hole = child
      }
      items[hole] = last
      return top
    },
  }
}
