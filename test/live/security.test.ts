/** Security contexts, namespaces, names and name resolution of Pods, each as a real container finds it; and Pods that may not run. */
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Pod } from '../../src/api/kinds/pod.ts'
import { readMachine } from '../../src/host/machine.ts'
import { event } from './observe.ts'
import { ALLOWED_UNSAFE_SYSCTLS, NO_MKDIR, SECURITY_CASES } from './security_cases.ts'
import { reasonToSkip, startSite, type Namespace, type Site } from './site.ts'
import { runCases } from './volume_pods.ts'

const IMAGES = ['busybox', 'user-by-name', 'user-by-number']
const skip = (await reasonToSkip(IMAGES)) ?? false
const { hasAppArmor } = await readMachine('/')

describe('security contexts on real containers', { skip, concurrency: 100 }, () => {
  let site: Site
  let namespace: Namespace
  let said: Promise<ReadonlyMap<string, string>>

  before(async () => {
    site = await startSite(IMAGES, {}, ALLOWED_UNSAFE_SYSCTLS)
    const profiles = join(site.directories.kubelet, 'live', 'seccomp', 'profiles')
    await mkdir(profiles, { recursive: true })
    await writeFile(join(profiles, 'no-mkdir.json'), JSON.stringify(NO_MKDIR))
    namespace = await site.inNamespace('security')
    said = runCases(namespace, SECURITY_CASES)
    // Its failure is told by the tests that wait for it.
    said.catch(() => undefined)
  })
  after(() => site?.close())

  for (const { title, says } of SECURITY_CASES) {
    it(title, async () => {
      const words = (await said).get(title) ?? ''
      if (typeof says === 'string') assert.equal(words, says)
      else assert.match(words, says)
    })
  }

  const create = (name: string, spec: object) =>
    namespace.kubectl(
      ['apply', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { terminationGracePeriodSeconds: 1, ...spec } }),
    )
  const sleeper = (name: string, rest: object = {}) => ({ name, image: 'busybox', imagePullPolicy: 'IfNotPresent', command: ['sleep', '3600'], ...rest })

  it('runAsNonRoot: containers that would be root, or may be, do not start and say why', async () => {
    const securityContext = { runAsNonRoot: true }
    await create('non-root', {
      containers: [
        sleeper('image', { securityContext }),
        sleeper('name', { securityContext, image: 'user-by-name' }),
        sleeper('zero', { securityContext: { ...securityContext, runAsUser: 0 } }),
      ],
    })
    const waiting = (pod: Pod | undefined) => pod?.status.containerStatuses?.map(({ state }) => state?.waiting) ?? []
    const pod = await namespace.until(
      'non-root',
      found => waiting(found).length === 3 && waiting(found).every(why => why?.reason === 'CreateContainerConfigError'),
    )
    const who = `pod: "non-root_security(${pod?.metadata.uid})", container:`
    assert.deepEqual(
      waiting(pod).map(why => why?.message),
      [
        `container has runAsNonRoot and image will run as root (${who} image)`,
        `container has runAsNonRoot and image has non-numeric user (nobody), cannot verify user is non-root (${who} name)`,
        `container's runAsUser breaks non-root policy (${who} zero)`,
      ],
    )
    await namespace.kubectl(['delete', 'pod', 'non-root', '--grace-period=1', '--wait=false'])
  })

  it('unsafe sysctls that the node does not allow fail the Pod', async () => {
    await create('sysctl', { securityContext: { sysctls: [{ name: 'kernel.shmmax', value: '1' }] }, containers: [sleeper('web')] })
    const pod = await namespace.until('sysctl', found => found?.status.phase === 'Failed')
    assert.deepEqual([pod?.status.reason, pod?.status.message], ['SysctlForbidden', 'Pod was rejected: forbidden sysctl: "kernel.shmmax" not allowlisted'])
  })

  it('AppArmor: where the kernel has none the Pod fails', { skip: hasAppArmor && 'this kernel has AppArmor' }, async () => {
    await create('armor', { containers: [sleeper('web', { securityContext: { appArmorProfile: { type: 'RuntimeDefault' } } })] })
    const pod = await namespace.until('armor', found => found?.status.phase === 'Failed')
    assert.deepEqual([pod?.status.reason, pod?.status.message], ['AppArmor', 'Pod was rejected: Cannot enforce AppArmor: AppArmor is not enabled on the host'])
  })

  it('supplementalGroupsPolicy Strict: the image gives no groups, or the Pod fails where the runtime cannot keep them away', async () => {
    await create('strict', {
      restartPolicy: 'Never',
      securityContext: { supplementalGroupsPolicy: 'Strict' },
      containers: [sleeper('web', { image: 'user-by-name', command: ['sh', '-c', 'id -G'] })],
    })
    const pod = await namespace.until('strict', found => found?.status.phase === 'Failed' || found?.status.phase === 'Succeeded')
    if (pod?.status.phase === 'Succeeded') assert.equal(await namespace.kubectl(['logs', 'strict']), '65534\n')
    else
      assert.deepEqual(
        [pod?.status.reason, pod?.status.message],
        ['SupplementalGroupsPolicyNotSupported', 'Pod was rejected: SupplementalGroupsPolicy=Strict is not supported in this node'],
      )
  })

  it('seLinuxOptions have no effect where the kernel has no SELinux, and the writer is warned', async () => {
    const securityContext = { seLinuxOptions: { level: 's0:c123,c456' } }
    const spec = { restartPolicy: 'Never', securityContext, containers: [sleeper('web', { command: ['true'] })] }
    await create('selinux', spec)
    await namespace.until('selinux', pod => pod?.status.phase === 'Succeeded')
  })

  it('hostUsers: false and host names too long for the kernel: no sandbox, and an event that says so', async () => {
    await create('users', { hostUsers: false, containers: [sleeper('web')] })
    const name = 'a-name-of-forty-characters-is-long-enough'
    await create(name, { subdomain: 's', setHostnameAsFQDN: true, containers: [sleeper('web')] })
    await event(namespace, 'users', /FailedCreatePodSandBox .*can't set `spec.hostUsers: false`, runtime does not support user namespaces/)
    const full = `${name}.s.security.svc.cluster.local`
    await event(
      namespace,
      name,
      new RegExp(`FailedCreatePodSandBox .*FQDN ${full} is too long \\(64 is the max characters allowed, ${full.length} characters requested\\)`),
    )
    await namespace.kubectl(['delete', 'pod', 'users', name, '--grace-period=1', '--wait=false'])
  })

  it('procMount: Unmasked needs users of its own', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'unmasked' },
      spec: { containers: [sleeper('web', { securityContext: { procMount: 'Unmasked' } })] },
    }
    assert.match(
      await namespace.refused(['apply', '-f', '-'], JSON.stringify(pod)),
      /spec\.containers\[0\]\.securityContext\.procMount: Invalid value: "Unmasked": `hostUsers` must be false to use `Unmasked`/,
    )
  })
})
