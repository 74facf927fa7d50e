import { createHeap } from '../base/heap.ts'
import type { Heap } from '../base/heap.ts'
import type { Millis, Timer } from '../base/clock.ts'
import type { Random } from '../base/random.ts'

export interface Owner {
  readonly name: string
  /** Events of an owner that is down are never delivered. */
  readonly up: boolean
}

export interface SimulatedEvent {
  readonly at: Millis
  readonly tie: number
  readonly sequence: number
  readonly owner: Owner
  readonly label: string
  /** Undefined once cancelled. */
  fire: (() => void) | undefined
  /** Neither delivered nor thrown away yet. */
  queued: boolean
}

/**
 * Events by (time, seeded tie, sequence). The tie makes events of one instant come in an order that the seed
 * chooses, so that nobody can come to rely on the order in which they were scheduled.
 */
export interface EventQueue {
  push(at: Millis, owner: Owner, label: string, fire: () => void): Timer
  /** The next event that will really be delivered; dead ones before it are thrown away. */
  peek(): SimulatedEvent | undefined
  pop(): SimulatedEvent | undefined
  /** All that will be delivered, in no order. */
  live(): SimulatedEvent[]
}

/** Below this many cancelled events, a clean-up is not worth its cost. */
const CANCELLED_MIN = 1_000

/** Small enough that engines keep it beside the object and not in one of its own. */
const TIES = 2 ** 30

export function createEventQueue(random: Random): EventQueue {
  let heap: Heap<SimulatedEvent> = createHeap<SimulatedEvent>(isBefore)
  let cancelled = 0
  let sequence = 0
  const isLive = (event: SimulatedEvent) => event.fire !== undefined && event.owner.up
  const skipDead = () => {
    for (let top = heap.peek(); top && !isLive(top); top = heap.peek()) {
      heap.pop()
      if (top.fire === undefined) cancelled--
      top.queued = false
    }
  }
  const cleanUp = () => {
    const before = heap.items
    heap = createHeap<SimulatedEvent>(isBefore)
    for (const event of before) {
      if (isLive(event)) heap.push(event)
      else event.queued = false
    }
    cancelled = 0
  }
  return {
    push(at, owner, label, fire) {
      const event: SimulatedEvent = { at, tie: random.below(TIES), sequence: sequence++, owner, label, fire, queued: true }
      heap.push(event)
      return {
        cancel() {
          if (event.fire === undefined || !event.queued) return
          event.fire = undefined
          cancelled++
          if (cancelled > CANCELLED_MIN && cancelled * 2 > heap.size) cleanUp()
        },
      }
    },
    peek() {
      skipDead()
      return heap.peek()
    },
    pop() {
      skipDead()
      const event = heap.pop()
      if (event) event.queued = false
      return event
    },
    live: () => heap.items.filter(isLive),
  }
}

function isBefore(a: SimulatedEvent, b: SimulatedEvent): boolean {
  if (a.at !== b.at) return a.at < b.at
  if (a.tie !== b.tie) return a.tie < b.tie
  return a.sequence < b.sequence
}
