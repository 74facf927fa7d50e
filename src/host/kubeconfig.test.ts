import assert from 'node:assert/strict'
import { mkdtemp, readFile, readdir, rm, stat, symlink, lstat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { parse } from 'yaml'
import { addKubeconfig, connectionOf, kubeconfigPath, removeKubeconfig, renderKubeconfig } from './kubeconfig.ts'

const rendered = (name: string, server = 'https://127.0.0.1:6443') => renderKubeconfig({ name, server, ca: 'CA', client: { certificate: 'C', key: 'K' } })

interface Config {
  clusters: { name: string; cluster: { server: string } }[]
  users: { name: string }[]
  contexts: { name: string }[]
  'current-context': string
}
const read = async (path: string) => parse(await readFile(path, 'utf8')) as Config
const names = ({ clusters, users, contexts }: Config) => [clusters, users, contexts].map(entries => entries.map(entry => entry.name))

test('the file is --kubeconfig alone, else of $KUBECONFIG the first that exists or the last, else that of the home directory', async t => {
  const directory = await temporary(t)
  const [a, b] = [join(directory, 'a'), join(directory, 'b')]
  assert.deepEqual(kubeconfigPath({ KUBECONFIG: `${a}:${b}`, HOME: '/h' }, '/given'), { read: ['/given'], write: '/given' })
  assert.equal(kubeconfigPath({ KUBECONFIG: `${a}::${b}` }, undefined).write, b)
  await writeFile(a, '')
  assert.deepEqual(kubeconfigPath({ KUBECONFIG: `${a}:${b}` }, undefined), { read: [a, b], write: a })
  assert.equal(kubeconfigPath({ KUBECONFIG: '', HOME: '/h' }, undefined).write, '/h/.kube/config')
})

test('a new file holds what was rendered, and is for its owner alone', async t => {
  const path = join(await temporary(t), 'deep/config')
  await addKubeconfig(kubeconfigPath({}, path), rendered('one'))
  const config = await read(path)
  assert.deepEqual(names(config), [['poise-one'], ['poise-one'], ['poise-one']])
  assert.equal(config['current-context'], 'poise-one')
  assert.deepEqual(config, parse(rendered('one')))
  assert.deepEqual(connectionOf(rendered('one')), { server: 'https://127.0.0.1:6443', ca: 'CA', certificate: 'C', key: 'K' })
  assert.equal((await stat(path)).mode & 0o777, 0o600)
})

test('entries of others, comments and unknown fields stay when a cluster comes and goes', async t => {
  const path = join(await temporary(t), 'config')
  const theirs =
    '# mine\napiVersion: v1\nkind: Config\nclusters:\n# the important one\n- name: work\n  cluster:\n    server: https://work\n    unknown: 1\ncontexts: []\nusers: null\ncurrent-context: work\n'
  await writeFile(path, theirs)
  const paths = kubeconfigPath({}, path)
  await addKubeconfig(paths, rendered('one'), { switchContext: false })
  await addKubeconfig(paths, rendered('two'))
  assert.deepEqual(names(await read(path)), [
    ['work', 'poise-one', 'poise-two'],
    ['poise-one', 'poise-two'],
    ['poise-one', 'poise-two'],
  ])
  assert.equal((await read(path))['current-context'], 'poise-two')
  await removeKubeconfig(paths, 'poise-two')
  await removeKubeconfig(paths, 'poise-one')
  await removeKubeconfig(paths, 'poise-one')
  const text = await readFile(path, 'utf8')
  assert.match(text, /^# mine\n/)
  assert.match(text, /# the important one\n/)
  const left = parse(text) as Config
  assert.deepEqual(left.clusters, [{ name: 'work', cluster: { server: 'https://work', unknown: 1 } }])
  assert.deepEqual([left.users, left.contexts, left['current-context']], [[], [], ''])
})

test('an entry is replaced in the file that holds it, and what is new goes to the first', async t => {
  const directory = await temporary(t)
  const [first, second] = [join(directory, 'first'), join(directory, 'second')]
  await addKubeconfig(kubeconfigPath({}, second), rendered('one', 'https://old'), { switchContext: false })
  await addKubeconfig(kubeconfigPath({}, first), rendered('other'))
  await addKubeconfig(kubeconfigPath({ KUBECONFIG: `${first}:${second}` }, undefined), rendered('one', 'https://new'))
  assert.equal((await read(second)).clusters[0]?.cluster.server, 'https://new')
  assert.deepEqual([(await read(first)).clusters.length, (await read(first))['current-context']], [1, 'poise-one'])
})

test('what cannot be read is not written over, a link stays a link, a forgotten lock is broken and none is left', async t => {
  const directory = await temporary(t)
  const path = join(directory, 'config')
  await writeFile(path, 'clusters: [unfinished')
  await assert.rejects(addKubeconfig(kubeconfigPath({}, path), rendered('one')), /cannot be read/)
  assert.equal(await readFile(path, 'utf8'), 'clusters: [unfinished')
  await writeFile(path, '')
  await writeFile(`${path}.lock`, '')
  await utimes(`${path}.lock`, 0, 0)
  const link = join(directory, 'link')
  await symlink(path, link)
  await Promise.all(['one', 'two', 'three'].map(name => addKubeconfig(kubeconfigPath({}, link), rendered(name))))
  assert.ok((await lstat(link)).isSymbolicLink())
  assert.deepEqual((await read(path)).clusters.map(cluster => cluster.name).sort(), ['poise-one', 'poise-three', 'poise-two'])
  assert.deepEqual((await readdir(directory)).sort(), ['config', 'link'])
})

test('the lock of a Poise that was killed makes nobody wait; one of kubectl is respected', async t => {
  const directory = await temporary(t)
  const path = join(directory, 'config')
  await writeFile(`${path}.lock`, JSON.stringify({ pid: 999_999_999, started: 'long ago', id: 'x' }))
  await addKubeconfig(kubeconfigPath({}, path), rendered('one'))
  assert.deepEqual(await readdir(directory), ['config'])
  await writeFile(`${path}.lock`, '')
  await assert.rejects(addKubeconfig(kubeconfigPath({}, path), rendered('two')), /the kubeconfig is locked by another program/)
  assert.deepEqual(
    (await readdir(directory)).toSorted((a, b) => (a < b ? -1 : 1)),
    ['config', 'config.lock'],
  )
})

async function temporary(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'poise-kubeconfig-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return directory
}
