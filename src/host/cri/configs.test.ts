import assert from 'node:assert/strict'
import { test } from 'node:test'
import { containerConfig as plainContainer, sandboxConfig as plainSandbox } from '../../sim/configs.ts'
import { containerConfig, linuxResources, podSandboxConfig } from './configs.ts'

test('a container out of memory is killed as a whole with cgroup v2; version 1 has no such setting and gets none', () => {
  assert.deepEqual(linuxResources({ memoryLimitBytes: 1024 }, true).unified, { 'memory.oom.group': '1' })
  assert.equal('unified' in linuxResources({ memoryLimitBytes: 1024 }, false), false)
})

test('security contexts go to the runtime whole: groups, SELinux, AppArmor, seccomp', () => {
  const seLinux = { user: 'u', role: 'r', type: 't', level: 'l' }
  const more = { supplementalGroups: [7], supplementalGroupsPolicy: 'Strict', seLinux } as const
  const plain = plainContainer('web', 'nginx').security
  const security = {
    ...plain,
    ...more,
    appArmor: { type: 'Localhost', localhostRef: 'p' } as const,
    seccomp: { type: 'Localhost', localhostRef: '/p' } as const,
  }
  const sent = containerConfig(plainContainer('web', 'nginx', { security }), false).linux?.securityContext
  assert.deepEqual(
    [sent?.supplementalGroups, sent?.supplementalGroupsPolicy, sent?.selinuxOptions, sent?.apparmor, sent?.seccomp],
    [[7], 1, seLinux, { profileType: 2, localhostRef: 'p' }, { profileType: 2, localhostRef: '/p' }],
  )
  const sandbox = podSandboxConfig(plainSandbox('web', { security: { ...plainSandbox('web').security, ...more } })).linux?.securityContext
  assert.deepEqual([sandbox?.supplementalGroupsPolicy, sandbox?.selinuxOptions], [1, seLinux])
  assert.equal(
    containerConfig(plainContainer('web', 'nginx'), false).linux?.securityContext?.apparmor,
    undefined,
    'nothing said leaves the choice to the runtime',
  )
})
