import assert from 'node:assert/strict'
import { test } from 'node:test'
import { targetIn } from './connections.ts'

test('a new connection in the table of the kernel says which Pod it goes to', () => {
  const line =
    '    [NEW] tcp      6 120 SYN_SENT src=10.244.255.11 dst=10.96.0.9 sport=40001 dport=80 [UNREPLIED] src=10.244.1.5 dst=10.244.255.11 sport=8080 dport=40001'
  assert.deepEqual(targetIn(line), { localPort: 40_001, target: { address: '10.244.1.5', port: 8080 } })
  assert.equal(targetIn(line.replace('[NEW]', '[DESTROY]')), undefined)
  assert.equal(targetIn('WARNING: We have hit ENOBUFS!'), undefined)
})
