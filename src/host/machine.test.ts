import assert from 'node:assert/strict'
import { isIPv4 } from 'node:net'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { machineAt, parseResolverFile, readMachine } from './machine.ts'

test('the machine is described with what a Node needs', async () => {
  const machine = await readMachine(tmpdir())
  assert.match(machine.hostname, /^[a-z0-9]/)
  assert.ok(machine.addresses.length > 0 && machine.addresses.every(isIPv4))
  assert.ok(machine.cpuMilli >= 1000 && machine.memoryBytes > 2 ** 26 && machine.ephemeralStorageBytes > 0)
  assert.ok(machine.machineId.length >= 32)
  assert.ok(['amd64', 'arm64'].includes(machine.architecture))
})

test('nodes that share a machine differ in what tells machines apart', async () => {
  const machine = await readMachine(tmpdir())
  const network = { namespace: 'n', address: '10.244.255.11', machineAddress: '10.244.255.1' }
  const [one, two] = ['one', 'two'].map(name => machineAt({ name, podCidr: '10.244.1.0/24', network }, machine))
  assert.deepEqual([one!.hostname, one!.addresses, one!.podCidr, one!.cpuMilli], ['one', ['10.244.255.11'], '10.244.1.0/24', machine.cpuMilli])
  for (const key of ['machineId', 'systemUuid'] as const) assert.equal(new Set([machine[key], one![key], two![key]]).size, 3)
  assert.deepEqual(machineAt({ name: 'one', podCidr: '10.244.0.0/16', network: undefined }, machine), { ...machine, podCidr: '10.244.0.0/16' })
})

test('resolv.conf: comments, tabs and later lines are read as the resolver reads them', () => {
  assert.deepEqual(
    parseResolverFile(
      [
        '# made by hand',
        ' ; not this',
        'nameserver\t10.0.0.1',
        'nameserver 10.0.0.2   # the other',
        'search old.example',
        'search a.example\tb.example ',
        'options ndots:2',
        'options timeout:1 rotate',
        'nameserverx 1.1.1.1',
        'domain gone.example',
      ].join('\n'),
    ),
    { servers: ['10.0.0.1', '10.0.0.2'], searches: ['gone.example'], options: ['ndots:2', 'timeout:1', 'rotate'] },
  )
  assert.deepEqual(parseResolverFile(''), { servers: [], searches: [], options: [] })
})
