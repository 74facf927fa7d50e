/** Several nodes on one machine, by the command line and on real containers: who reaches whom, what survives, what is left. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { Node } from '../../src/api/kinds/node.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { Service } from '../../src/api/kinds/service.ts'
import { isReady } from '../../src/api/pod.ts'
import { connectFromKubeconfig } from '../../src/cli/connection.ts'
import type { Client } from '../../src/client/client.ts'
import { withBusyboxArchive } from '../../src/host/containerd/busybox_image.ts'
import { inspectMachine } from '../../src/host/containerd/machine.ts'
import { findKubectl } from '../compat/kubectl.ts'
import { fetchIn, inNetworkOf, run } from '../live/pod_network.ts'
import { leftovers, networkNameOf } from './leftovers.ts'
import { createHome, type Home } from './poise.ts'

const IMAGE = 'docker.io/library/busybox:1.28'
const namespace = 'default'
const reason = await inspectMachine().then(
  async () => (await findKubectl('1.34')).skip || undefined,
  (error: Error) => error.message,
)

test('nodes on one machine have networks of their own, outlive a killed Poise, and leave nothing', { skip: reason, timeout: 300_000 }, async t => {
  await using home = await createHome()
  const up = await start(home, ['--nodes', '2'])
  const networkName = await networkNameOf(home)
  assert.equal((await home.run(['get', 'nodes'])).stdout, 'poise-1\npoise-2\n')
  await withBusyboxArchive([IMAGE], async file => {
    const { code, stderr } = await home.run(['load', 'image', file])
    assert.equal(code, 0, stderr)
  })
  const client = await connect(home, t)
  const nodes = (await client.list(Node)).items
  const addresses = nodes.map(({ status }) => status.addresses?.find(({ type }) => type === 'InternalIP')?.address)
  assert.equal(new Set(addresses).size, 2)
  assert.equal(new Set(nodes.map(({ spec }) => spec?.podCIDR)).size, 2)
  assert.equal(new Set(nodes.map(({ status }) => status.nodeInfo?.machineID)).size, 2)

  await client.create(Service, { metadata: { name: 'web', namespace }, spec: { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 8080 }] } } as never)
  for (const number of [1, 2]) {
    await client.create(Pod, serverPod(`web-${number}`, `poise-${number}`))
    await client.create(Pod, serverPod(`host-${number}`, `poise-${number}`, { hostNetwork: true }))
  }
  const before = await Promise.all(['web-1', 'web-2', 'host-1', 'host-2'].map(name => ready(client, name)))
  const [one, two] = before.map(({ status }) => status.podIP!)
  const { clusterIP, ports } = (await client.get(Service, { namespace, name: 'web' })).spec
  const pod = await inNetworkOf(before[0]!.metadata.uid!)

  await t.test('Pods reach those of other nodes by address, by Service and by name', async () => {
    const kubernetes = (await client.get(Service, { namespace, name: 'kubernetes' })).spec.clusterIP
    const [byAddress, version] = await fetchIn(pod, [`http://${two}:8080`, `https://${kubernetes}/version`])
    assert.equal(byAddress, 'web-2')
    assert.match(version!, /v1\.34/)
    assert.deepEqual(await answersAt(pod, `http://${clusterIP}:8080`), ['web-1', 'web-2'])
    const dns = (await client.get(Service, { namespace: 'kube-system', name: 'kube-dns' })).spec.clusterIP
    const ask = `const r = new (require('dns').Resolver)(); r.setServers(['${dns}']); r.resolve4('web.default.svc.cluster.local', (e, a) => console.log(e?.code ?? a.join()))`
    assert.equal(await run(pod, ask), clusterIP)
  })
  await t.test('a node port is at the address of every node, and what is on the network of a node is at its own', async () => {
    const at = (port: number) => addresses.map(address => `http://${address}:${port}`)
    for (const answer of await fetchIn([], at(ports![0]!.nodePort!))) assert.match(answer, /^web-[12]$/)
    for (const within of [pod, []]) assert.deepEqual(await fetchIn(within, at(8080)), ['poise-1', 'poise-2'])
  })
  await t.test('programs of the machine reach cluster IPs and Pods', async () => {
    assert.deepEqual(await fetchIn([], [`http://${one}:8080`]), ['web-1'])
    assert.deepEqual(await answersAt([], `http://${clusterIP}:8080`), ['web-1', 'web-2'])
  })
  await t.test('kubectl exec finds its way to each', async () => {
    for (const name of ['web-1', 'web-2']) assert.equal(await kubectl(home, ['exec', name, '--', 'hostname']), `${name}\n`)
  })

  up.process.kill('SIGKILL')
  await up.ended
  assert.deepEqual(await answersAt(pod, `http://${clusterIP}:8080`), ['web-1', 'web-2'], 'without Poise, too')
  const again = await start(home)
  const afterwards = await connect(home, t)
  for (const { metadata, status } of before) {
    const now = await ready(afterwards, metadata.name!)
    assert.equal(now.status.containerStatuses?.[0]?.containerID, status.containerStatuses?.[0]?.containerID)
    assert.equal(now.status.podIP, status.podIP)
  }
  assert.deepEqual(await answersAt(pod, `http://${clusterIP}:8080`), ['web-1', 'web-2'])

  again.process.kill('SIGKILL')
  await again.ended
  const down = await home.run(['down'])
  assert.equal(down.code, 0, down.stderr)
  assert.deepEqual(await leftovers(home, networkName), [])

  const fewer = await home.run(['up', '--nodes', '1'])
  assert.match(`${fewer.code} ${fewer.stderr}`, /^1 (.|\n)*this cluster has 2 nodes, and none can be taken away\n(.|\n)*poise down --delete/)
  const third = await start(home)
  third.process.kill('SIGINT')
  assert.equal((await third.ended).code, 0)
  assert.deepEqual(await leftovers(home, networkName), [], 'after Ctrl-C')
})

async function start(home: Home, options: readonly string[] = []) {
  const up = home.start(['up', '--runtime', 'containerd', ...options])
  await up.says('You can now use your cluster')
  return up
}

/** Answers with its host name. `Always`: every node finds the image that was loaded. */
const serverPod = (name: string, nodeName: string, more = {}) =>
  ({
    metadata: { name, namespace, labels: name.startsWith('web') ? { app: 'web' } : {} },
    spec: {
      nodeName,
      terminationGracePeriodSeconds: 0,
      ...more,
      containers: [
        {
          name: 'main',
          image: IMAGE,
          imagePullPolicy: 'Always',
          command: ['sh', '-c', 'mkdir /www; hostname > /www/index.html; exec httpd -f -p 8080 -h /www'],
          readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
        },
      ],
    },
  }) as never

async function connect(home: Home, t: TestContext): Promise<Client> {
  const { client, close } = await connectFromKubeconfig(kubeconfigOf(home))
  t.after(close)
  return client
}

const kubeconfigOf = (home: Home) => join(home.path, 'state', 'clusters', 'poise', 'kubeconfig')

async function kubectl(home: Home, args: readonly string[]): Promise<string> {
  const { path } = await findKubectl('1.34')
  const { stdout } = await promisify(execFile)(path!, args, { env: { PATH: process.env['PATH'], HOME: home.path, KUBECONFIG: kubeconfigOf(home) } })
  return stdout
}

async function ready(client: Client, name: string): Promise<Pod> {
  for (const deadline = performance.now() + 60_000; ;) {
    const pod = await client.get(Pod, { namespace, name })
    if (isReady(pod)) return pod
    assert.ok(performance.now() < deadline, JSON.stringify(pod.status))
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

/** Often enough that everybody gets a request. */
async function answersAt(within: readonly string[], url: string): Promise<string[]> {
  return [
    ...new Set(
      await fetchIn(
        within,
        Array.from({ length: 40 }, () => url),
      ),
    ),
  ].sort()
}
