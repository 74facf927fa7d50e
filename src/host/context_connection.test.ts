import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { stringify } from 'yaml'
import { silentLog } from '../base/log.ts'
import type { Transport } from '../base/transport.ts'
import { ensureCertificates, type Certificates } from './certificates.ts'
import { connectToContext, type ContextConnection } from './context_connection.ts'
import { serve } from './http/server.ts'

let directory: string
let pki: Certificates

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'poise-context-'))
  pki = await ensureCertificates(join(directory, 'pki'), { sans: [] })
})
after(() => rm(directory, { recursive: true, force: true }))

interface Seen {
  readonly path: string
  readonly user: string | undefined
  readonly authorization: string | undefined
  readonly headers: Readonly<Record<string, string | undefined>>
}

const whoami: Transport = async ({ user, path, headers }) => {
  const object: Seen = { path, user: user?.name, authorization: headers['authorization'], headers }
  return { status: 200, headers: {}, body: { is: 'object', object, json: () => Buffer.from(JSON.stringify(object)) } }
}

async function serverOf(t: TestContext, handle: Transport = whoami): Promise<string> {
  const server = await serve({ handle, tls: { ...pki.server, clientCa: pki.ca.certificate }, log: silentLog })
  t.after(() => server.close(500))
  return `https://127.0.0.1:${server.port}`
}

const data = (text: string) => Buffer.from(text).toString('base64')
const trusting = (server: string) => ({ server, 'certificate-authority-data': data(pki.ca.certificate) })

let files = 0
async function file(content: unknown): Promise<string> {
  const path = join(directory, `config-${files++}`)
  await writeFile(path, typeof content === 'string' ? content : stringify(content))
  return path
}

const config = (cluster: object, user: object, context: object = {}) => ({
  clusters: [{ name: 'c', cluster }],
  users: [{ name: 'u', user }],
  contexts: [{ name: 'main', context: { cluster: 'c', user: 'u', ...context } }],
  'current-context': 'main',
})

async function connected(t: TestContext, content: object, env: Record<string, string> = {}): Promise<ContextConnection> {
  const connection = await connectToContext({ env: { PATH: process.env['PATH'], ...env }, kubeconfig: await file(content) })
  t.after(connection.close)
  return connection
}

const ask = ({ client }: ContextConnection, path = '/api') => client.request({ method: 'GET', path }) as Promise<Seen>
const refused = (content: unknown, context?: string) => async () => connectToContext({ env: {}, kubeconfig: await file(content), context })

test('certificates come as data, or as files beside the kubeconfig', async t => {
  const server = await serverOf(t)
  const inline = await connected(
    t,
    config(trusting(server), { 'client-certificate-data': data(pki.admin.certificate), 'client-key-data': data(pki.admin.key) }),
  )
  assert.equal((await ask(inline)).user, 'kubernetes-admin')
  await mkdir(join(directory, 'keys'), { recursive: true })
  for (const [name, text] of [
    ['ca.crt', pki.ca.certificate],
    ['me.crt', pki.admin.certificate],
    ['me.key', pki.admin.key],
  ] as const) {
    await writeFile(join(directory, 'keys', name), text)
  }
  const beside = await connected(
    t,
    config({ server, 'certificate-authority': 'keys/ca.crt' }, { 'client-certificate': 'keys/me.crt', 'client-key': join(directory, 'keys', 'me.key') }),
  )
  assert.equal((await ask(beside)).user, 'kubernetes-admin')
})

test('tokens, files with tokens, and a name with a password become the header', async t => {
  const server = await serverOf(t)
  await writeFile(join(directory, 'token'), 'from-file\n')
  const header = async (user: object) => (await ask(await connected(t, config(trusting(server), user)))).authorization
  assert.equal(await header({ token: 'plain' }), 'Bearer plain')
  assert.equal(await header({ token: 'plain', tokenFile: 'token' }), 'Bearer from-file')
  assert.equal(await header({ username: 'anna', password: 'secret' }), `Basic ${data('anna:secret')}`)
  assert.equal(await header({}), undefined)
})

test('several files are one configuration, in which the first to name a thing wins', async t => {
  const server = await serverOf(t)
  const first = await file({
    contexts: [{ name: 'main', context: { cluster: 'c', user: 'u', namespace: 'shop' } }],
    users: [{ name: 'u', user: { token: 'first' } }],
  })
  const second = await file(config(trusting(server), { token: 'second' }))
  const connection = await connectToContext({ env: { KUBECONFIG: `${first}:${join(directory, 'not-there')}:${second}` } })
  t.after(connection.close)
  assert.deepEqual([connection.context, connection.namespace, connection.server], ['main', 'shop', server])
  assert.equal((await ask(connection)).authorization, 'Bearer first')
})

test('the server is believed as the kubeconfig says: by its CA, by another name, or without a look', async t => {
  const server = await serverOf(t)
  await assert.rejects(async () => ask(await connected(t, config({ server }, {}))), /failed to verify certificate/)
  await assert.rejects(
    async () => ask(await connected(t, config({ ...trusting(server), 'tls-server-name': 'elsewhere.example' }, {}))),
    /failed to verify certificate/,
  )
  assert.equal((await ask(await connected(t, config({ ...trusting(server), 'tls-server-name': 'kubernetes.default' }, {})))).path, '/api')
  assert.equal((await ask(await connected(t, config({ server, 'insecure-skip-tls-verify': true }, {})))).path, '/api')
  await assert.rejects(refused(config({ ...trusting(server), 'insecure-skip-tls-verify': true }, {})), /both a certificate authority and insecure/)
})

test('a server below a path is asked there, and one of plain HTTP too', async t => {
  const paths: string[] = []
  const server = createServer((request, response) => {
    paths.push(request.url!)
    response.setHeader('content-type', 'application/json').end('{}')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  await ask(await connected(t, config({ server: `http://${address}/k8s/clusters/c-1/` }, {})))
  await ask(await connected(t, config({ server: address }, {})))
  assert.deepEqual(paths, ['/k8s/clusters/c-1/api', '/api'])
  assert.equal((await ask(await connected(t, config(trusting(`${await serverOf(t)}/k8s`), {})))).path, '/k8s/api')
})

test('impersonation goes along with every request, each group by itself', async t => {
  const server = await serverOf(t)
  const { headers } = await ask(
    await connected(t, config(trusting(server), { token: 't', as: 'jane', 'as-groups': ['dev', 'ops'], 'as-user-extra': { team: ['a'] } })),
  )
  assert.deepEqual([headers['impersonate-user'], headers['impersonate-group'], headers['impersonate-extra-team']], ['jane', 'dev, ops', 'a'])
})

async function program(script: string): Promise<string> {
  const path = join(directory, `plugin-${files++}`)
  await writeFile(path, `#!/bin/sh\n${script}\n`)
  await chmod(path, 0o755)
  return path
}

const API_VERSION = 'client.authentication.k8s.io/v1'
const credential = (status: object) => JSON.stringify({ apiVersion: API_VERSION, kind: 'ExecCredential', status })

test('a credential program is run once, is told of the cluster, and is asked again when its token is not taken', async t => {
  const runs = join(directory, 'runs')
  const handle: Transport = async request =>
    request.headers['authorization'] === 'Bearer token-1' ? { status: 401, headers: {}, body: { is: 'none' } } : whoami(request)
  const server = await serverOf(t, handle)
  const command = await program(
    `echo "$1 $FLAVOUR $KUBERNETES_EXEC_INFO" >> ${runs}\nprintf '%s' '${credential({ token: 'token-N' })}' | sed "s/token-N/token-$(wc -l < ${runs})/"`,
  )
  const exec = {
    apiVersion: API_VERSION,
    command: `./${command.split('/').at(-1)}`,
    args: ['get'],
    env: [{ name: 'FLAVOUR', value: 'mint' }],
    provideClusterInfo: true,
    interactiveMode: 'Never',
  }
  const connection = await connected(t, config(trusting(server), { exec }))
  assert.equal((await ask(connection)).authorization, 'Bearer token-2')
  assert.equal((await ask(connection)).authorization, 'Bearer token-2')
  const [first = '', ...others] = (await readFile(runs, 'utf8')).trim().split('\n')
  assert.equal(others.length, 1)
  assert.match(first, /^get mint /)
  assert.deepEqual(JSON.parse(first.slice('get mint '.length)), {
    apiVersion: API_VERSION,
    kind: 'ExecCredential',
    spec: { interactive: false, cluster: trusting(server) },
  })
})

test('a credential program may give a key pair, and what has expired is asked for again', async t => {
  const server = await serverOf(t)
  const status = { clientCertificateData: pki.admin.certificate, clientKeyData: pki.admin.key, expirationTimestamp: '2020-01-01T00:00:00Z' }
  const runs = join(directory, 'pair-runs')
  const answer = await file(credential(status))
  const command = await program(`echo run >> ${runs}\ncat ${answer}`)
  const connection = await connected(t, config(trusting(server), { exec: { apiVersion: API_VERSION, command } }))
  assert.equal((await ask(connection)).user, 'kubernetes-admin')
  await ask(connection)
  assert.equal((await readFile(runs, 'utf8')).trim().split('\n').length >= 2, true)
})

test('a credential program that is missing, fails or talks nonsense is named, with what to do', async t => {
  const server = await serverOf(t)
  const fails = async (exec: object) => {
    const connection = await connected(t, config(trusting(server), { exec: { apiVersion: API_VERSION, ...exec } }))
    return ask(connection).then(
      () => 'no error',
      (error: Error) => error.message,
    )
  }
  assert.equal(
    await fails({ command: 'no-such-login', installHint: 'Install it with\n  brew install no-such-login' }),
    'the credential program no-such-login is not installed. Next: Install it with brew install no-such-login',
  )
  assert.match(await fails({ command: await program('exit 3') }), /failed with exit code 3\. Next: run it by hand/)
  assert.match(await fails({ command: await program('echo hello') }), /something that is not JSON/)
  assert.match(await fails({ command: 'x', apiVersion: 'client.authentication.k8s.io/v1alpha1' }), /speaks "client\.authentication\.k8s\.io\/v1alpha1"/)
})

test('what a configuration lacks is said, with what to do next', async () => {
  await assert.rejects(
    connectToContext({ env: {}, kubeconfig: join(directory, 'nowhere') }),
    /there is no kubeconfig: looked at .*nowhere\. Next: start a cluster with poise up/,
  )
  const sound = config({ server: 'https://127.0.0.1:1' }, {})
  await assert.rejects(refused(sound, 'other'), /there is no context "other" in .*\. Next: choose one with --context: main/)
  await assert.rejects(refused({ ...sound, 'current-context': '' }), /no context is current/)
  await assert.rejects(refused({ ...sound, clusters: [] }), /names the cluster "c", which is not there/)
  await assert.rejects(refused({ ...sound, users: null }), /names the user "u", which is not there/)
  await assert.rejects(
    refused(config({ server: 'https://x', 'proxy-url': 'http://proxy' }, {})),
    /proxy.*not supported\. Next: run kubectl proxy --context main/,
  )
  await assert.rejects(refused(config({ server: 'https://x' }, { 'auth-provider': { name: 'gcp' } })), /"gcp", which Kubernetes has removed/)
  await assert.rejects(refused(config({ server: 'https://x', 'certificate-authority': 'gone.crt' }, {})), /cannot be read/)
  await assert.rejects(refused(':::\n - a: ['), /is not YAML/)
  await assert.rejects(refused('just words'), /is not a configuration/)
})
