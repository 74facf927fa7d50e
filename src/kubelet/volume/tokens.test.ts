import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../api/kinds/pod.ts'
import { timestamp } from '../../api/meta.ts'
import { silentLog } from '../../base/log.ts'
import type { Random } from '../../base/random.ts'
import { manualClock } from '../../base/testing/manual_clock.ts'
import { createTokens } from './tokens.ts'

const pod = { metadata: { namespace: 'default', name: 'web', uid: 'u' }, spec: {} } as Pod
const HOUR_MS = 3_600_000

/** Every choice is the same: `jitterMs` before the time. */
function begin(jitterMs = 0) {
  const clock = manualClock(1_000_000_000_000)
  const random: Random = { below: () => jitterMs, fraction: () => 0, fork: () => random }
  const asked: object[] = []
  let refuses = false
  const client = {
    async createSubresource(_kind: unknown, _key: unknown, _what: string, { spec }: { spec: { expirationSeconds: number } }) {
      if (refuses) throw new Error('not today')
      asked.push(spec)
      return { spec, status: { token: `token ${asked.length}`, expirationTimestamp: timestamp(clock.wall() + spec.expirationSeconds * 1000) } }
    },
  }
  const tokens = createTokens({ client: client as never, host: { clock, random, log: silentLog } as never })
  return { clock, tokens, asked, refuse: (on: boolean) => void (refuses = on) }
}

const RENEWALS = [
  { says: 'an hour', seconds: 3600, jitterMs: 0, afterMs: 0.8 * HOUR_MS },
  { says: 'an hour, with its own haste', seconds: 3600, jitterMs: 9999, afterMs: 0.8 * HOUR_MS - 9999 },
  { says: 'ten minutes', seconds: 600, jitterMs: 0, afterMs: 480_000 },
  { says: 'a day', seconds: 86_400, jitterMs: 0, afterMs: 0.8 * 24 * HOUR_MS },
  { says: 'a week: after a day', seconds: 7 * 86_400, jitterMs: 0, afterMs: 24 * HOUR_MS },
]
for (const { says, seconds, jitterMs, afterMs } of RENEWALS) {
  test(`a token for ${says} is renewed ${afterMs / 1000} s later, and not a millisecond before`, async () => {
    const { clock, tokens } = begin(jitterMs)
    assert.equal(await tokens.get(pod, undefined, seconds), 'token 1')
    assert.equal(tokens.renewAt('u'), clock.wall() + afterMs)
    clock.advance(afterMs - 1)
    assert.equal(await tokens.get(pod, undefined, seconds), 'token 1')
    clock.advance(1)
    assert.equal(await tokens.get(pod, undefined, seconds), 'token 2')
  })
}

test('each audience and each life has a token of its own, bound to the Pod', async () => {
  const { tokens, asked } = begin()
  const get = (audience: string | undefined, seconds: number) => tokens.get(pod, audience, seconds)
  assert.deepEqual(
    [await get('vault', 600), await get(undefined, 600), await get(undefined, 3600), await get('vault', 600)],
    ['token 1', 'token 2', 'token 3', 'token 1'],
  )
  assert.deepEqual(asked[0], {
    audiences: ['vault'],
    expirationSeconds: 600,
    boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'web', uid: 'u' },
  })
  tokens.forget('u')
  assert.equal(tokens.renewAt('u'), Infinity)
})

test('volumes that ask side by side keep both their tokens', async () => {
  const { tokens, asked } = begin()
  await Promise.all([tokens.get(pod, 'vault', 600), tokens.get(pod, undefined, 3600)])
  await Promise.all([tokens.get(pod, 'vault', 600), tokens.get(pod, undefined, 3600)])
  assert.equal(asked.length, 2)
})

test('while it is good it stays when it cannot be renewed; when it has expired there is none', async () => {
  const { clock, tokens, refuse } = begin()
  await tokens.get(pod, undefined, 3600)
  refuse(true)
  clock.advance(0.8 * HOUR_MS)
  assert.equal(await tokens.get(pod, undefined, 3600), 'token 1')
  assert.equal(tokens.renewAt('u'), clock.wall() + 60_000)
  clock.advance(0.2 * HOUR_MS)
  await assert.rejects(tokens.get(pod, undefined, 3600), /expired and refresh failed: not today/)
  refuse(false)
  clock.advance(60_000)
  assert.equal(await tokens.get(pod, undefined, 3600), 'token 2')
})
