/** The command line over real containers: what survives kill -9, and what `poise down` leaves behind. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { get } from 'node:https'
import { join } from 'node:path'
import { test } from 'node:test'
import { Pod } from '../../src/api/kinds/pod.ts'
import { connectFromKubeconfig } from '../../src/cli/connection.ts'
import type { Client } from '../../src/client/client.ts'
import { withBusyboxArchive } from '../../src/host/containerd/busybox_image.ts'
import { inspectMachine } from '../../src/host/containerd/machine.ts'
import { connectionOf } from '../../src/host/kubeconfig.ts'
import { leftovers, networkNameOf } from './leftovers.ts'
import { createHome, type Home } from './poise.ts'

const IMAGE = 'docker.io/library/busybox:1.28'
const KEY = { namespace: 'default', name: 'web' }
const reason = await inspectMachine().then(
  () => undefined,
  (error: Error) => error.message,
)

test('containers outlive a killed Poise, the next one adopts them, and down leaves nothing', { skip: reason, timeout: 180_000 }, async t => {
  await using home = await createHome()
  const up = await start(home)
  const networkName = await networkNameOf(home)
  await withBusyboxArchive([IMAGE], async file => {
    const { code, stdout, stderr } = await home.run(['load', 'image', file, '-o', 'json'])
    assert.equal(code, 0, stderr)
    assert.deepEqual(JSON.parse(stdout), [IMAGE])
  })
  const before = await withClient(home, async client => {
    await client.create(Pod, {
      metadata: KEY,
      spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image: IMAGE, command: ['sh', '-c', 'echo hello; exec sleep 3600'] }] },
    } as never)
    return ready(client)
  })

  up.process.kill('SIGKILL')
  await up.ended
  const again = await start(home)

  await withClient(home, async client => {
    const after = await ready(client)
    assert.equal(after.status.containerStatuses?.[0]?.containerID, before.status.containerStatuses?.[0]?.containerID)
    assert.equal(after.status.containerStatuses?.[0]?.restartCount, 0)
    assert.equal(after.metadata.uid, before.metadata.uid)
  })
  assert.equal(await logOf(home), 'hello\n')

  again.process.kill('SIGKILL')
  await again.ended
  const begun = performance.now()
  const down = await home.run(['down'])
  assert.equal(down.code, 0, down.stderr)
  t.diagnostic(`down after kill -9 took ${Math.round(performance.now() - begun)} ms`)
  assert.deepEqual(await leftovers(home, networkName), [])

  const third = await start(home)
  third.process.kill('SIGINT')
  assert.equal((await third.ended).code, 0)
  assert.deepEqual(await leftovers(home, networkName), [], 'after Ctrl-C')
})

async function start(home: Home) {
  const up = home.start(['up', '--runtime', 'containerd'])
  await up.says('You can now use your cluster')
  return up
}

async function withClient<T>(home: Home, use: (client: Client) => Promise<T>): Promise<T> {
  const { client, close } = await connectFromKubeconfig(kubeconfigOf(home))
  try {
    return await use(client)
  } finally {
    close()
  }
}

/** By way of the API server and the kubelet, as `kubectl logs` asks. */
async function logOf(home: Home): Promise<string> {
  const { server, ca, certificate, key } = connectionOf(await readFile(kubeconfigOf(home), 'utf8'))
  return new Promise((resolve, reject) => {
    get(`${server}/api/v1/namespaces/default/pods/web/log`, { ca, cert: certificate, key, agent: false }, response => {
      let text = ''
      response
        .on('data', chunk => (text += chunk))
        .on('end', () => resolve(text))
        .on('error', reject)
    }).on('error', reject)
  })
}

const kubeconfigOf = (home: Home) => join(home.path, 'state', 'clusters', 'poise', 'kubeconfig')

async function ready(client: Client): Promise<Pod> {
  for (const deadline = performance.now() + 30_000; ;) {
    const pod = await client.get(Pod, KEY)
    if (pod.status.containerStatuses?.[0]?.ready) return pod
    assert.ok(performance.now() < deadline, JSON.stringify(pod.status))
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}
