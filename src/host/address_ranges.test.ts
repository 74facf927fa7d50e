import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { AddressesInUse, claimAddressRanges, claimedNetworkFiles } from './address_ranges.ts'

const run = promisify(execFile)

async function clusters(t: TestContext) {
  const [directory, claimsDirectory] = await Promise.all(['poise-ranges-', 'poise-claims-'].map(name => mkdtemp(join(tmpdir(), name))))
  t.after(() => Promise.all([directory, claimsDirectory].map(path => rm(path!, { recursive: true }))))
  return {
    directory: directory!,
    claimsDirectory: claimsDirectory!,
    claim: (name: string, nodeCount?: number, clusters = directory!) =>
      claimAddressRanges(clusters, join(clusters, name, 'network.json'), { nodeCount, networkDevices: directory!, claimsDirectory: claimsDirectory! }),
  }
}

test('each cluster gets the first free slot and keeps it', async t => {
  const { directory, claim } = await clusters(t)
  const first = await claim('one')
  assert.deepEqual([first.slot, first.podCidr, first.serviceCidr, first.dnsIP], [0, '10.244.0.0/16', '10.96.0.0/16', '10.96.0.10'])
  assert.equal((await claim('two')).slot, 1)
  assert.equal((await claim('one')).slot, 0)
  await rm(join(directory, 'one'), { recursive: true })
  assert.equal((await claim('three')).slot, 0)
})

test('nodes can be added to several; a single one stays alone, and none is taken away', async t => {
  const { claim } = await clusters(t)
  assert.equal((await claim('many', 2)).nodeCount, 2)
  assert.equal((await claim('many', 3)).nodeCount, 3)
  assert.equal((await claim('many')).nodeCount, 3)
  await assert.rejects(claim('many', 2), /has 3 nodes, and none can be taken away\. Next: leave out --nodes/)
  assert.equal((await claim('one')).nodeCount, 1)
  await assert.rejects(claim('one', 3), /the machine itself, and others cannot join it\. Next: poise down --delete/)
  assert.equal((await claim('one', 1)).nodeCount, 1)
})

test('when all are taken, the error says what to do', async t => {
  const { claim } = await clusters(t)
  for (let i = 0; i < 10; i++) await claim(`c${i}`)
  await assert.rejects(claim('c10'), /poise down --delete/)
})

test('clusters that start at the same time in many processes do not take the same slot', async t => {
  const { directory, claimsDirectory } = await clusters(t)
  const module = fileURLToPath(new URL('./address_ranges.js', import.meta.url))
  const script = `const { claimAddressRanges } = await import(${JSON.stringify(module)})
    const claims = process.argv.slice(1).map(name => claimAddressRanges(${JSON.stringify(directory)}, ${JSON.stringify(directory)} + '/' + name + '/network.json', { networkDevices: ${JSON.stringify(directory)}, claimsDirectory: ${JSON.stringify(claimsDirectory)} }))
    console.log((await Promise.all(claims)).map(({ slot }) => slot).join(' '))`
  const outputs = await Promise.all(['a b c', 'd e f', 'g h i'].map(names => run(process.execPath, ['--input-type=module', '-e', script, ...names.split(' ')])))
  const slots = outputs.flatMap(({ stdout }) => stdout.trim().split(' ').map(Number))
  assert.deepEqual(
    slots.toSorted((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 6, 7, 8],
  )
  assert.deepEqual(
    (await readdir(directory)).filter(name => name.startsWith('.')),
    [],
  )
})

test('clusters of different users have different slots, while they live', async t => {
  const { directory, claimsDirectory, claim } = await clusters(t)
  const other = join(directory, 'other-user')
  assert.equal((await claim('one')).slot, 0)
  assert.equal((await claim('two', undefined, other)).slot, 1)
  // As of a cluster whose process has gone, and that left no device behind.
  await writeFile(join(claimsDirectory, 'slot-0.json'), JSON.stringify({ pid: 999_999_999, started: 'long ago', networkFile: 'gone' }))
  assert.equal((await claim('three', undefined, other)).slot, 0)
  await assert.rejects(claim('one'), error => {
    assert.match(String(error), /10\.244\.0\.0\/16\) are in use by the one in .*other-user\/three\. Next: stop that one/)
    return error instanceof AddressesInUse
  })
})

test('what a stopped cluster of another user had is given away last of all', async t => {
  const { directory, claimsDirectory, claim } = await clusters(t)
  const other = join(directory, 'other-user')
  const claimFile = join(claimsDirectory, 'slot-0.json')
  assert.equal((await claim('stopped')).slot, 0)
  const { networkFile } = JSON.parse(await readFile(claimFile, 'utf8'))
  await writeFile(claimFile, JSON.stringify({ pid: 999_999_999, started: 'long ago', networkFile }))
  for (let slot = 1; slot < 10; slot++) assert.equal((await claim(`c${slot}`, undefined, other)).slot, slot)
  assert.equal((await claim('last', undefined, other)).slot, 0)
  await assert.rejects(claim('stopped'), AddressesInUse)
})

test('simulated containers take no addresses of the machine: nobody waits for them, and they wait for nobody', async t => {
  const { directory, claim } = await clusters(t)
  const simulated = (home: string) =>
    claimAddressRanges(join(directory, home), join(directory, home, 'test', 'network.json'), { onMachine: false, networkDevices: directory })
  assert.equal((await simulated('a')).slot, 0)
  assert.equal((await simulated('b')).slot, 0)
  assert.equal((await claim('real', undefined, join(directory, 'c'))).slot, 0)
  assert.equal((await simulated('a')).slot, 0, 'as before')
})

test('a slot whose network devices are there is not given away', async t => {
  const { directory, claim } = await clusters(t)
  await writeFile(join(directory, 'poise0-svc'), '')
  await writeFile(join(directory, 'poise1-node2'), '')
  assert.equal((await claim('one')).slot, 2)
})

test('the lock of a process that died is broken', async t => {
  const { claimsDirectory, claim } = await clusters(t)
  await writeFile(join(claimsDirectory, 'address-ranges.lock'), '999999999 12345 abc')
  const claims = await Promise.all([claim('one'), claim('two'), claim('three')])
  assert.deepEqual(
    claims.map(({ slot }) => slot).toSorted((a, b) => a - b),
    [0, 1, 2],
  )
})

test('where clusters are is known as long as nobody else has their addresses', async t => {
  const { directory, claimsDirectory, claim } = await clusters(t)
  assert.deepEqual(await claimedNetworkFiles(claimsDirectory), [])
  await claim('one')
  await writeFile(join(claimsDirectory, 'slot-3.json'), JSON.stringify({ pid: 999_999_999, started: 'long ago', networkFile: '/gone/network.json' }))
  await writeFile(join(claimsDirectory, 'slot-4.json'), 'cut off')
  assert.deepEqual(await claimedNetworkFiles(claimsDirectory), [join(directory, 'one', 'network.json'), '/gone/network.json'])
})
