import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../api/kinds/pod.ts'
import { admitPod } from './admission.ts'
import type { Machine } from './machine.ts'

const machine = { cpuMilli: 2000, memoryBytes: 2 ** 30, ephemeralStorageBytes: 2 ** 30, podsMax: 110 } as Machine

const podWith = (spec: object): Pod => ({ metadata: { name: 'p' }, spec: { containers: [], ...spec }, status: {} }) as unknown as Pod
const sysctl = (name: string, spec: object = {}) => podWith({ securityContext: { sysctls: [{ name, value: '1' }] }, ...spec })

test('kernel settings outside the safe set are refused, and so are those of a namespace the Pod shares with the node', () => {
  for (const [pod, message] of [
    [sysctl('net.ipv4.tcp_rmem'), undefined],
    [sysctl('net/ipv4/tcp_rmem'), undefined],
    [sysctl('kernel.shm_rmid_forced'), undefined],
    [sysctl('kernel.msgmax'), 'forbidden sysctl: "kernel.msgmax" not allowlisted'],
    [sysctl('vm.swappiness'), 'forbidden sysctl: "vm.swappiness" not allowlisted'],
    [sysctl('kernel.shm_rmid_forced', { hostIPC: true }), 'forbidden sysctl: "kernel.shm_rmid_forced" not allowed with host ipc enabled'],
    [sysctl('net.ipv4.tcp_rmem', { hostNetwork: true }), 'forbidden sysctl: "net.ipv4.tcp_rmem" not allowed with host net enabled'],
  ] as const)
    assert.deepEqual(admitPod(pod, [], machine), message && { reason: 'SysctlForbidden', message })
})

test('a Pod for Windows is refused', () => {
  assert.equal(admitPod(podWith({ os: { name: 'linux' } }), [], machine), undefined)
  assert.equal(admitPod(podWith({ os: { name: 'windows' } }), [], machine)?.reason, 'PodOSNotSupported')
})
