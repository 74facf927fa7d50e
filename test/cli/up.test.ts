/** `poise up` and `poise down` as an operator meets them, over simulated containers. */
import assert from 'node:assert/strict'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ConfigMap } from '../../src/api/kinds/config_map.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { connectFromKubeconfig } from '../../src/cli/connection.ts'
import type { Client } from '../../src/client/client.ts'
import { createHome, type Home } from './poise.ts'

const SIMULATED = ['up', '--runtime', 'simulated']
const READY = 'kubectl cluster-info --context poise-poise'

async function withClient<T>(file: string, use: (client: Client) => Promise<T>): Promise<T> {
  const { client, close } = await connectFromKubeconfig(file)
  try {
    return await use(client)
  } finally {
    close()
  }
}

const adminOf = (home: Home, name = 'poise') => join(home.path, 'state', 'clusters', name, 'kubeconfig')

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} ends a cluster in the foreground and leaves nothing behind`, async () => {
    await using home = await createHome()
    const up = home.start(SIMULATED)
    await up.says(READY)
    assert.equal((await stat(home.kubeconfig)).mode & 0o777, 0o600)
    assert.match(await readFile(home.kubeconfig, 'utf8'), /current-context: poise-poise/)
    assert.ok(await home.record())

    up.process.kill(signal)
    const { code, stdout, stderr } = await up.ended

    assert.equal(code, 0)
    assert.equal(stdout, '', 'progress goes to stderr')
    assert.doesNotMatch(stderr, /\u001b|\r/, 'no spinner and no colour where there is no terminal')
    assert.equal(await home.record(), undefined)
    assert.doesNotMatch(await readFile(home.kubeconfig, 'utf8'), /poise-poise/)
  })
}

test('a second Ctrl-C ends the process at once', async () => {
  await using home = await createHome()
  const up = home.start(SIMULATED)
  await up.says('Starting').catch(() => undefined)
  await up.says(READY)
  up.process.kill('SIGINT')
  up.process.kill('SIGTERM')
  const { code, signal } = await up.ended
  // Whether the first one was through already is a race that both outcomes win.
  assert.ok(code === 130 || code === 0, `${code} ${signal}`)
})

test('a stop during the start does not wait for the node', async () => {
  await using home = await createHome()
  const up = home.start(SIMULATED)
  await new Promise(resolve => setTimeout(resolve, 300))
  while (up.process.exitCode === null && !up.said.stderr.includes('Starting cluster')) await new Promise(resolve => setTimeout(resolve, 5))
  up.process.kill('SIGINT')
  assert.equal((await up.ended).code, 0)
  assert.equal(await home.record(), undefined)
})

test('of two that start the same cluster at the same time one has it, and the other leaves it alone', async () => {
  await using home = await createHome()
  // In memory the store has no lock of its own.
  const up = () => home.run([...SIMULATED, '--store', 'memory', '--detach'])
  const ends = await Promise.all([up(), up()])
  assert.deepEqual(
    ends.map(({ code }) => code).toSorted((a, b) => a! - b!),
    [0, 1],
    ends.map(({ stderr }) => stderr).join('\n'),
  )
  const refused = ends.find(({ code }) => code === 1)!
  assert.match(refused.stderr, /process \d+ is starting it, or runs it|is running already \(process \d+\)/)
  assert.match((await home.run(['get', 'clusters'])).stdout, /poise +Running/)
})

test('what was created is there after down and up, under the same identities', async () => {
  await using home = await createHome()
  assert.equal((await home.run([...SIMULATED, '--detach', '-q'])).code, 0)
  const before = await readFile(adminOf(home), 'utf8')
  await withClient(adminOf(home), async client => {
    await client.create(ConfigMap, { metadata: { namespace: 'default', name: 'kept' }, data: { a: '1' } })
    await client.create(Pod, { metadata: { namespace: 'default', name: 'web' }, spec: { containers: [{ name: 'c', image: 'nginx' }] } } as never)
    await untilRunning(client)
  })
  assert.equal((await home.run(['down', '-q'])).code, 0)
  assert.equal((await home.run([...SIMULATED, '--detach', '-q'])).code, 0)
  const after = await readFile(adminOf(home), 'utf8')
  assert.equal(lineOf(after, 'certificate-authority-data'), lineOf(before, 'certificate-authority-data'))
  assert.equal(lineOf(after, 'client-certificate-data'), lineOf(before, 'client-certificate-data'))
  await withClient(adminOf(home), async client => {
    assert.deepEqual((await client.get(ConfigMap, { namespace: 'default', name: 'kept' })).data, { a: '1' })
    await untilRunning(client)
  })
  assert.equal((await home.run(['down', '--delete', '-q'])).code, 0)
  await assert.rejects(stat(join(home.path, 'state', 'clusters', 'poise')), { code: 'ENOENT' })
})

async function untilRunning(client: Client, name = 'web'): Promise<void> {
  for (const deadline = performance.now() + 20_000; ;) {
    const pod = (await client.list(Pod, { namespace: 'default' })).items.find(({ metadata }) => metadata.name === name)
    if (pod?.status.containerStatuses?.[0]?.ready) return
    assert.ok(performance.now() < deadline, JSON.stringify(pod?.status))
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

const lineOf = (text: string, key: string) => text.split('\n').find(line => line.includes(key))

test("clusters run side by side by name, and other people's entries in the kubeconfig stay", async () => {
  await using home = await createHome()
  await writeFile(
    home.kubeconfig,
    'apiVersion: v1\nkind: Config\nclusters:\n- name: work # mine\n  cluster: {server: "https://work"}\nusers: []\ncontexts: []\ncurrent-context: work\n',
  )
  const [one, two] = await Promise.all([
    home.run([...SIMULATED, '--detach', '--name', 'one', '--no-switch-context']),
    home.run([...SIMULATED, '--detach', '--name', 'two', '--no-switch-context']),
  ])
  assert.equal(one.code, 0, one.stderr)
  assert.equal(two.code, 0, two.stderr)
  assert.match(
    one.stderr,
    /✓ Starting cluster "one"\n✓ .*Ready\nAdded kubectl context "poise-one"\nYou can now use your cluster with:\n\nkubectl cluster-info --context poise-one\n\n/,
  )
  const text = await readFile(home.kubeconfig, 'utf8')
  for (const expected of [/name: work # mine/, /current-context: work/, /name: poise-one/, /name: poise-two/]) assert.match(text, expected)

  const again = await home.run([...SIMULATED, '--name', 'one'])
  assert.equal(again.code, 1)
  assert.match(again.stderr, /error: a cluster "one" is running already \(process \d+\)\nUse it with: /)

  const clusters = JSON.parse((await home.run(['get', 'clusters', '-o', 'json'])).stdout)
  assert.deepEqual(
    clusters.map(({ name, status, runtime }: Record<string, string>) => ({ name, status, runtime })),
    [
      { name: 'one', status: 'Running', runtime: 'simulated' },
      { name: 'two', status: 'Running', runtime: 'simulated' },
    ],
  )
  assert.notEqual(clusters[0].server, clusters[1].server)
  assert.equal((await home.run(['get', 'nodes', '--name', 'two', '-o', 'yaml'])).stdout, '- two\n')
  const exported = await home.run(['get', 'kubeconfig', '--name', 'two'])
  await writeFile(join(home.path, 'exported'), exported.stdout)
  await withClient(join(home.path, 'exported'), client => client.list(Pod))
  const info = JSON.parse((await home.run(['info', '--name', 'one', '-o', 'json'])).stdout)
  assert.equal(info.status, 'Running')
  assert.equal(info.kubeconfig, home.kubeconfig)
  await stat(info.log)

  assert.equal((await home.run(['down', '--all'])).code, 0)
  const left = await readFile(home.kubeconfig, 'utf8')
  assert.match(left, /name: work # mine/)
  assert.doesNotMatch(left, /poise-/)
})

test('a manifest in the directory that info shows becomes a static Pod; down --grace ends Pods as a node that shuts down', async () => {
  await using home = await createHome()
  await home.run([...SIMULATED, '--detach'])
  const { manifests } = JSON.parse((await home.run(['info', '-o', 'json'])).stdout)
  const containers = [{ name: 'main', image: 'nginx' }]
  await writeFile(join(manifests, 'own.json'), JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'own' }, spec: { containers } }))
  await withClient(adminOf(home), client => client.create(Pod, { metadata: { name: 'web', namespace: 'default' }, spec: { containers } } as never))
  for (const name of ['own-poise', 'web']) await withClient(adminOf(home), client => untilRunning(client, name))

  assert.equal((await home.run(['down', '--grace', '9s'])).code, 0)
  await home.run([...SIMULATED, '--detach'])
  await withClient(adminOf(home), client => untilRunning(client, 'own-poise'))
  const web = await withClient(adminOf(home), client => client.get(Pod, { namespace: 'default', name: 'web' }))
  assert.deepEqual([web.status.phase, web.status.reason], ['Failed', 'Terminated'])
  assert.equal((await home.run(['down'])).code, 0)
})

test('after kill -9, get shows a stopped cluster, up takes over, and down cleans up', async () => {
  await using home = await createHome()
  for (const next of [[...SIMULATED, '--detach'], ['down']]) {
    const up = home.start(SIMULATED)
    await up.says(READY)
    up.process.kill('SIGKILL')
    await up.ended
    assert.equal(JSON.parse((await home.run(['get', 'clusters', '-o', 'json'])).stdout)[0].status, 'Stopped')
    const then = await home.run(next)
    assert.equal(then.code, 0, then.stderr)
    await home.run(['down'])
    assert.equal(await home.record(), undefined)
    assert.doesNotMatch(await readFile(home.kubeconfig, 'utf8'), /poise-poise/)
  }
})

test('a port in use is named, in the foreground and in the background', async () => {
  await using home = await createHome()
  const taken = createServer()
  await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as AddressInfo
  try {
    for (const more of [[], ['--detach']]) {
      const { code, stderr } = await home.run([...SIMULATED, '--port', String(port), ...more])
      assert.equal(code, 1)
      assert.match(
        stderr,
        new RegExp(`error: the cluster "poise" could not be started: port ${port} of 127\\.0\\.0\\.1 is in use by another program\nChoose another port`),
      )
      assert.equal(await home.record(), undefined)
    }
  } finally {
    taken.close()
  }
})

test('what cannot be done is said with a next step', async () => {
  await using home = await createHome()
  const cases: [readonly string[], Record<string, string>, number, RegExp][] = [
    [SIMULATED, { POISE_HOME: '/proc/not-here' }, 1, /the state directory \/proc\/not-here\S* cannot be written \(\w+\)\nSet POISE_HOME/],
    [['up', '--runtime', 'containerd=/not/here.sock'], {}, 1, /no container runtime answers at \/not\/here\.sock.*\nStart it/],
    [['get', 'kubeconfig'], {}, 1, /no cluster "poise" is running\nStart it with: poise up/],
    [['up', '--port', '70000'], {}, 2, /use a number from 0 to 65535/],
    [['up', '--wait', '5'], {}, 2, /Write a number with a unit/],
    [['up', '--name', 'A B'], {}, 2, /the cluster name "A B" is not allowed/],
    [['info'], { POISE_CLUSTER_NAME: '_' }, 2, /the cluster name "_" is not allowed/],
    [['up', '--runtime', 'docker'], {}, 2, /use auto, containerd/],
    [['up', '--nodes', '0'], {}, 2, /use a number from 1 to 9/],
    [['up', '--store', 'etcd://127.0.0.1:2379'], {}, 2, /etcd comes later/],
    [['up', '--no-such'], {}, 2, /unknown option '--no-such'/],
    [['upp'], {}, 2, /unknown command 'upp'/],
  ]
  for (const [args, env, expected, text] of cases) {
    const { code, stdout, stderr } = await home.run(args, env)
    assert.equal(code, expected, `${args.join(' ')}: ${stderr}`)
    assert.match(stderr, text)
    assert.equal(stdout, '')
  }
  const down = await home.run(['down'])
  assert.equal(down.code, 0)
  assert.match(down.stderr, /No cluster "poise" is running/)
})

test('the tour loses requests, names why, and loses none after what was advised', async () => {
  await using home = await createHome()
  const { code, stdout, stderr } = await home.run(['tour', '--runtime', 'simulated'])
  assert.equal(code, 0, stderr)
  assert.match(stdout, /LOST \d+ of \d+ requests.*\n\n  Ready before the port was open {2}ready-before-listening {2}\d+ lost\n/)
  // A rare cause may hide behind the frequent one, and take another step.
  assert.match(stdout, /2\. The same rollout, after what was advised\n\n  kubectl patch deployment shop --patch .*"readinessProbe"/)
  assert.match(stdout, /\nCLEAN none of \d+ requests was lost: restart of Deployment\/shop\n/)
  const page = fileURLToPath(/file:\S+tour\.html/.exec(stdout)![0])
  assert.match(await readFile(page, 'utf8'), /<title>A careless rollout, and the same with grace<\/title>/)
})
