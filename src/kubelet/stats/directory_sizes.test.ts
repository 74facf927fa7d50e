import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createWorld } from '../../sim/world.ts'
import { createDirectorySizes } from './directory_sizes.ts'

const MINUTE_MS = 60_000

async function begin() {
  const world = createWorld({ seed: 1 })
  const host = world.host('node-a')
  await world.finish(host.disk.makeDirectory('/a'))
  await world.finish(host.disk.writeFile('/a/file', new Uint8Array(10_000)))
  const sizes = createDirectorySizes(host)
  return { world, host, sizes, of: (path = '/a') => sizes.of(path, MINUTE_MS) }
}

test('nothing is known at first; who asks sets the counting going and never waits for it', async () => {
  const { world, sizes, of } = await begin()
  assert.equal(of(), undefined)
  await world.finish(sizes.settled())
  // The directory itself and three blocks of the file.
  assert.deepEqual({ ...of(), at: 0 }, { at: 0, usedBytes: 4096 + 12_288, inodesUsed: 2 })
})

test('a figure is used until it is too old, and the old one until the new one is there', async () => {
  const { world, host, sizes, of } = await begin()
  of()
  await world.finish(sizes.settled())
  await world.finish(host.disk.writeFile('/a/more', 'x'))
  await world.advance(MINUTE_MS - 100)
  assert.equal(of()?.inodesUsed, 2)
  await world.advance(100)
  assert.equal(of()?.inodesUsed, 2, 'the old figure while it is counted again')
  await world.finish(sizes.settled())
  assert.equal(of()?.inodesUsed, 3)
})

test('a directory that is not there has no figure, and one nobody keeps is forgotten', async () => {
  const { world, sizes, of } = await begin()
  of('/none')
  of()
  await world.finish(sizes.settled())
  assert.equal(of('/none'), undefined)
  assert.ok(of())
  sizes.keep(new Set())
  assert.equal(of(), undefined)
})
