/**
 * Conformance, sig-node, on real containers: what a container sees of its environment, says at its end, and hears of its
 * life. Named as in Kubernetes' suite; docs/conformance.md lists them all. Pods that run to their end are made all at once.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Node } from '../../src/api/kinds/node.ts'
import type { Pod } from '../../src/api/kinds/pod.ts'
import { HOSTED, objects, pods } from './conformance_pods.ts'
import { debugAndLogs } from './debug_and_logs.ts'
import { isReady, restartsOf } from './observe.ts'
import { reasonToSkip, startSite, type Namespace, type Site } from './site.ts'
import { openWebSocket } from './web_socket.ts'

const BUSYBOX = 'busybox:1.28'
const NGINX = 'nginx:1.12-alpine'
const IMAGES = [BUSYBOX, NGINX, 'entrypoint-tester:1']
const skip = (await reasonToSkip(IMAGES)) ?? false

describe('conformance on real containers', { skip, concurrency: 8 }, () => {
  let site: Site
  let namespace: Namespace
  before(async () => {
    site = await startSite(IMAGES)
    namespace = await site.inNamespace('conformance')
    await namespace.kubectl(['apply', '-f', '-'], JSON.stringify({ kind: 'List', apiVersion: 'v1', items: [...objects, ...pods.map(({ pod }) => pod)] }))
  })
  after(() => site?.close())

  debugAndLogs(() => ({ site, namespace }))

  const ended = (pod: Pod | undefined): boolean => pod?.status.phase === 'Succeeded' || pod?.status.phase === 'Failed'
  const create = (name: string, spec: object) =>
    namespace.kubectl(
      ['apply', '-f', '-'],
      JSON.stringify({ kind: 'Pod', apiVersion: 'v1', metadata: { name }, spec: { terminationGracePeriodSeconds: 5, ...spec } }),
    )
  const main = (command: readonly string[] | string, rest: object = {}) => ({
    name: 'main',
    image: BUSYBOX,
    command: typeof command === 'string' ? ['sh', '-c', command] : command,
    ...rest,
  })
  const remove = (name: string) => namespace.kubectl(['delete', 'pod', name, '--grace-period=1', '--wait=false'])

  for (const { sentence, name, says } of pods)
    it(sentence, async () => {
      const pod = (await namespace.until(name, ended, 120))!
      assert.equal(pod.status.phase, 'Succeeded', JSON.stringify(pod.status))
      const node = JSON.parse(await namespace.kubectl(['get', 'node', pod.spec.nodeName!, '-o', 'json'])) as Node
      const output = await namespace.kubectl(['logs', name])
      for (const line of says(pod, node)) assert.match(output, line)
    })

  const messages: readonly [string, string, object, string][] = [
    [
      'Container Runtime on terminated container should report termination message as empty when pod succeeds and TerminationMessagePolicy FallbackToLogsOnError is set',
      'echo -n DONE',
      {},
      '',
    ],
    [
      'Container Runtime on terminated container should report termination message from file when pod succeeds and TerminationMessagePolicy FallbackToLogsOnError is set',
      'echo -n OK > /dev/termination-log; echo -n DONE',
      {},
      'OK',
    ],
    [
      'Container Runtime on terminated container should report termination message from log output if TerminationMessagePolicy FallbackToLogsOnError is set',
      'echo -n DONE; false',
      {},
      'DONE',
    ],
    [
      'Container Runtime on terminated container should report termination message if TerminationMessagePath is set as non-root user and at a non-default path',
      'echo -n DONE > /dev/termination-custom-log',
      { terminationMessagePath: '/dev/termination-custom-log', securityContext: { runAsUser: 65534 } },
      'DONE',
    ],
  ]
  for (const [index, [sentence, script, rest, message]] of messages.entries())
    it(sentence, async () => {
      const name = `message-${index}`
      await create(name, { restartPolicy: 'Never', containers: [main(script, { terminationMessagePolicy: 'FallbackToLogsOnError', ...rest })] })
      const pod = await namespace.until(name, ended, 60)
      assert.equal(pod?.status.containerStatuses?.[0]?.state?.terminated?.message ?? '', message)
    })

  it('Kubelet busybox command in a pod should print the output to logs', async () => {
    await create('prints', { containers: [main("echo 'Hello World' ; sleep 240")] })
    await namespace.until('prints', isReady, 60)
    assert.equal(await namespace.kubectl(['logs', 'prints']), 'Hello World\n')
    await remove('prints')
  })

  it('Kubelet busybox command that always fails in a pod should have an terminated reason', async () => {
    await create('fails', { restartPolicy: 'Never', containers: [main(['/bin/false'])] })
    const pod = await namespace.until('fails', ended, 60)
    const { exitCode, reason } = pod!.status.containerStatuses![0]!.state!.terminated!
    assert.deepEqual([exitCode, reason], [1, 'Error'])
  })

  it('Kubelet busybox command that always fails in a pod should be possible to delete', async () => {
    await create('crashes', { containers: [main(['/bin/false'])] })
    await namespace.until('crashes', pod => restartsOf(pod) > 0, 60)
    await namespace.kubectl(['delete', 'pod', 'crashes'])
    assert.equal(await namespace.pod('crashes'), undefined)
  })

  it('Kubelet read only busybox container should not write to root filesystem', async () => {
    await create('read-only', { restartPolicy: 'Never', containers: [main('echo test > /file', { securityContext: { readOnlyRootFilesystem: true } })] })
    await namespace.until('read-only', ended, 60)
    assert.match(await namespace.kubectl(['logs', 'read-only']), /can't create \/file: Read-only file system/)
  })

  /** What has been asked of a server in a Pod of its own, told by that server's log. */
  const asked = async (server: string, line: RegExp) => {
    for (let round = 0; round < 60; round++) {
      if (line.test(await namespace.kubectl(['logs', server]))) return
      await new Promise(resolve => setTimeout(resolve, 500))
    }
    assert.fail(`${server} was never asked ${line}: ${await namespace.kubectl(['logs', server])}`)
  }
  const startServer = async (name: string): Promise<string> => {
    await create(name, { containers: [{ name: 'main', image: NGINX, ports: [{ containerPort: 80 }] }] })
    return (await namespace.until(name, isReady, 60))!.status.podIP!
  }
  const hooks: readonly [string, string, (ip: string) => object, boolean][] = [
    [
      'Container Lifecycle Hook should execute poststart exec hook properly',
      'poststart-exec',
      ip => ({ postStart: { exec: { command: ['sh', '-c', `wget -q -O - "http://${ip}/?msg=poststart-exec"`] } } }),
      false,
    ],
    [
      'Container Lifecycle Hook should execute poststart http hook properly',
      'poststart-http',
      ip => ({ postStart: { httpGet: { path: '/?msg=poststart-http', host: ip, port: 80 } } }),
      false,
    ],
    [
      'Container Lifecycle Hook should execute prestop exec hook properly',
      'prestop-exec',
      ip => ({ preStop: { exec: { command: ['sh', '-c', `wget -q -O - "http://${ip}/?msg=prestop-exec"`] } } }),
      true,
    ],
    [
      'Container Lifecycle Hook should execute prestop http hook properly',
      'prestop-http',
      ip => ({ preStop: { httpGet: { path: '/?msg=prestop-http', host: ip, port: 80 } } }),
      true,
    ],
  ]
  for (const [sentence, name, lifecycleOf, isDeleted] of hooks)
    it(sentence, async () => {
      const ip = await startServer(`server-${name}`)
      await create(name, { containers: [main(['sleep', '600'], { lifecycle: lifecycleOf(ip) })] })
      await namespace.until(name, isReady, 60)
      if (isDeleted) await namespace.kubectl(['delete', 'pod', name, '--grace-period=15', '--wait=false'])
      await asked(`server-${name}`, new RegExp(`GET /\\?msg=${name} `))
      if (!isDeleted) await remove(name)
      await remove(`server-${name}`)
    })

  it('PreStop should call prestop when killing a pod', async () => {
    const ip = await startServer('server')
    await create('tester', {
      containers: [main(['sleep', '600'], { lifecycle: { preStop: { exec: { command: ['wget', '-q', '-O', '-', `http://${ip}/?write`] } } } })],
    })
    await namespace.until('tester', isReady, 60)
    await namespace.kubectl(['delete', 'pod', 'tester'])
    assert.equal(await namespace.pod('tester'), undefined)
    assert.match(await namespace.kubectl(['logs', 'server']), /GET \/\?write /, 'it was called before the Pod was gone')
    await remove('server')
  })

  it('Pods should support remote command execution over websockets', async () => {
    await namespace.until(HOSTED, isReady, 60)
    const query = new URLSearchParams([
      ['command', 'sh'],
      ['command', '-c'],
      ['command', 'echo remote execution test; echo of errors >&2'],
      ['stdout', '1'],
      ['stderr', '1'],
    ])
    const { protocol, messages: received } = await openWebSocket(site.kubeconfig, `/api/v1/namespaces/conformance/pods/${HOSTED}/exec?${query.toString()}`, [
      'channel.k8s.io',
    ])
    const on = (channel: number) => Buffer.concat(received.filter(bytes => bytes[0] === channel).map(bytes => bytes.subarray(1))).toString()
    assert.deepEqual([protocol, on(1), on(2), on(3)], ['channel.k8s.io', 'remote execution test\n', 'of errors\n', ''])
  })

  it('Pods should support retrieving logs from the container over websockets', async () => {
    await namespace.until(HOSTED, isReady, 60)
    const { protocol, messages: received } = await openWebSocket(site.kubeconfig, `/api/v1/namespaces/conformance/pods/${HOSTED}/log?container=main`, [
      'binary.k8s.io',
    ])
    assert.deepEqual([protocol, Buffer.concat(received).toString()], ['binary.k8s.io', 'container is alive\n'])
  })
})
