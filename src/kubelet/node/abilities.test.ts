import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../api/kinds/pod.ts'
import { abilityRefusal, NO_ABILITIES } from './abilities.ts'
import { forbiddenSysctl, wrongAllowedSysctl } from './sysctls.ts'

const podWith = ({ annotated, ...spec }: { annotated?: string; readonly [field: string]: unknown }): Pod =>
  ({
    metadata: { name: 'p', ...(annotated && { annotations: { 'container.apparmor.security.beta.kubernetes.io/c': annotated } }) },
    spec: { containers: [], ...spec },
    status: {},
  }) as unknown as Pod
const sysctl = (name: string, spec: object = {}) => podWith({ securityContext: { sysctls: [{ name, value: '1' }] }, ...spec })

test('kernel settings outside the safe set may be allowed by the node, by name or by how they begin', () => {
  const allowed = ['kernel.msg*', 'net.core.somaxconn', 'net/ipv4/tcp_mtu*']
  for (const [pod, message] of [
    [sysctl('kernel.msgmax'), undefined],
    [sysctl('net.core.somaxconn'), undefined],
    [sysctl('net/core/somaxconn'), undefined],
    [sysctl('net.ipv4.tcp_mtu_probing'), undefined],
    [sysctl('kernel.shmmax'), 'forbidden sysctl: "kernel.shmmax" not allowlisted'],
    [sysctl('net.core.somaxconn_not'), 'forbidden sysctl: "net.core.somaxconn_not" not allowlisted'],
    [sysctl('kernel.msgmax', { hostIPC: true }), 'forbidden sysctl: "kernel.msgmax" not allowed with host ipc enabled'],
  ] as const)
    assert.equal(forbiddenSysctl(pod, allowed), message)
})

test('what no Pod can have for itself cannot be allowed', () => {
  assert.equal(wrongAllowedSysctl(['kernel.msg*', 'kernel.sem', 'fs.mqueue.*', 'net.*']), undefined)
  assert.equal(wrongAllowedSysctl(['net.core.somaxconn', 'vm.swappiness']), 'vm.swappiness')
})

test('a Pod that wants AppArmor, or its own groups alone, is refused where the node cannot do that', () => {
  const all = { ...NO_ABILITIES, hasAppArmor: true, hasStrictGroups: true }
  const appArmor = { reason: 'AppArmor', message: 'Cannot enforce AppArmor: AppArmor is not enabled on the host' }
  const groups = { reason: 'SupplementalGroupsPolicyNotSupported', message: 'SupplementalGroupsPolicy=Strict is not supported in this node' }
  const container = (type?: string) => ({ containers: [{ name: 'c', ...(type && { securityContext: { appArmorProfile: { type } } }) }] })
  const ofPod = (type: string) => ({ securityContext: { appArmorProfile: { type } } })
  for (const [spec, refusal] of [
    [container(), undefined],
    [container('Unconfined'), undefined],
    [container('RuntimeDefault'), appArmor],
    [{ ...container(), ...ofPod('RuntimeDefault') }, appArmor],
    [{ ...container('Unconfined'), ...ofPod('RuntimeDefault') }, undefined],
    [{ ...container(), annotated: 'runtime/default' }, appArmor],
    [{ ...container(), annotated: 'unconfined' }, undefined],
    [{ ...container('Unconfined'), annotated: 'localhost/mine' }, undefined],
    [{ securityContext: { supplementalGroupsPolicy: 'Strict' } }, groups],
    [{ securityContext: { supplementalGroupsPolicy: 'Merge' } }, undefined],
  ] as const) {
    assert.deepEqual(abilityRefusal(podWith(spec), NO_ABILITIES), refusal)
    assert.equal(abilityRefusal(podWith(spec), all), undefined)
  }
})
