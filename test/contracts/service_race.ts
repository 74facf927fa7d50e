/**
 * The race at the end of a Pod: the kubelet tells it to stop while every node still learns that no more requests may go
 * there. One suite for the simulated network and for the kernel's.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'

export interface RaceSite {
  /** Three Pods behind one Service, Ready and reached; the server in them exits at once when it hears TERM. */
  readonly pods: readonly string[]
  /** Milliseconds of the site's own clock, the same for all that it tells. */
  now(): number
  pause(ms: number): Promise<void>
  /**
   * Requests through the cluster IP from a Pod of another node, each planned ahead: a slow answer delays none of the others.
   * Resolves when the Pods answer there.
   */
  startLoad(options: { perSecond: number; connections: 'new' | 'kept' }): Promise<{ stop(): Promise<readonly RequestResult[]> }>
  /** Resolves when the Pod is gone. */
  deletePod(name: string): Promise<void>
  close(): Promise<void>
}

export interface RequestResult {
  readonly plannedAt: number
  readonly endedAt: number
  /** `200`, or what went wrong, as a `Symptom` of base/load_request.ts. */
  readonly outcome: string
}

export interface RaceRuntime {
  readonly name: string
  readonly skip?: string | undefined
  /** How often the race is run that nobody may lose. */
  readonly repetitions: number
  /** How often a Pod is deleted that has no preStop. */
  readonly deletions: number
  /** Where the news may be quicker than TERM, by luck or by a fast machine, so that nothing need be lost. */
  readonly mayLoseNone?: true
  begin(options: { seed: number; preStop: object | undefined }): Promise<RaceSite>
}

const RATE = { perSecond: 200, connections: 'new' } as const

export function testServiceRace({ name, skip, repetitions, deletions, mayLoseNone, begin }: RaceRuntime): void {
  const options = { skip: skip ?? false }

  test(`${name}: a Pod that ends at TERM loses requests between the signal and the news of it`, options, async t => {
    const losses: RequestResult[][] = []
    let sent = 0
    for (let seed = 1; seed <= deletions; seed++) {
      const site = await begin({ seed, preStop: undefined })
      try {
        const load = await site.startLoad(RATE)
        await site.pause(500)
        const deletedAt = site.now()
        await site.deletePod(site.pods[0]!)
        await site.pause(1_000)
        const results = await load.stop()
        assert.ok(results.length > 200, `${results.length} requests were sent`)
        sent += results.length
        const lost = results.filter(({ outcome }) => outcome !== '200')
        for (const { endedAt, outcome } of lost) {
          assert.ok(endedAt >= deletedAt, `lost ${deletedAt - endedAt} ms before the deletion`)
          assert.match(outcome, /^(refused|reset|closed|timeout|unreachable)$/)
        }
        if (lost.length > 0) losses.push(lost.map(result => ({ ...result, plannedAt: result.plannedAt - deletedAt })))
      } finally {
        await site.close()
      }
    }
    // A single run may be lucky: one server of three, and a gap of some milliseconds.
    assert.ok(mayLoseNone || losses.length > 0, 'without preStop some are lost')
    const lost = losses.flat()
    t.diagnostic(`${losses.length} of ${deletions} deletions lost ${lost.length} of ${sent} requests`)
    if (lost.length === 0) return
    const times = lost.map(({ plannedAt }) => Math.round(plannedAt))
    const outcomes = [...new Set(lost.map(({ outcome }) => outcome))].join(', ')
    const most = Math.max(...losses.map(({ length }) => length))
    t.diagnostic(`${outcomes}; planned from ${Math.min(...times)} to ${Math.max(...times)} ms after the deletion, at most ${most} at once`)
  })

  test(`${name}: with preStop sleep 5 not one request is lost, ${repetitions} times over`, options, async t => {
    let sent = 0
    for (let seed = 1; seed <= repetitions; seed++) {
      const site = await begin({ seed, preStop: { sleep: { seconds: 5 } } })
      try {
        const load = await site.startLoad(RATE)
        await site.pause(500)
        await site.deletePod(site.pods[0]!)
        await site.pause(500)
        const results = await load.stop()
        assert.deepEqual(
          results.filter(({ outcome }) => outcome !== '200'),
          [],
          `repetition ${seed}`,
        )
        sent += results.length
      } finally {
        await site.close()
      }
    }
    t.diagnostic(`${sent} requests, none lost`)
  })

  test(`${name}: kept connections outlive the withdrawal, and end when the server does`, options, async () => {
    const site = await begin({ seed: 1, preStop: { sleep: { seconds: 5 } } })
    try {
      const load = await site.startLoad({ perSecond: 50, connections: 'kept' })
      await site.pause(1_000)
      const deletedAt = site.now()
      await site.deletePod(site.pods[0]!)
      await site.pause(500)
      const results = await load.stop()
      // Both ends: on a busy machine what was planned before TERM may be sent after it.
      const during = results.filter(({ plannedAt, endedAt }) => plannedAt > deletedAt + 500 && endedAt < deletedAt + 4_500)
      assert.ok(during.length > 100, 'requests went on')
      assert.deepEqual(
        during.filter(({ outcome }) => outcome !== '200'),
        [],
        'on connections that stand nothing is lost while the Pod waits',
      )
    } finally {
      await site.close()
    }
  })
}
