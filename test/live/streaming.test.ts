/** Stock kubectl of several versions against the streaming of the server, with just enough of an API behind it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { AddressInfo } from 'node:net'
import { badRequest, notFound } from '../../src/api/status.ts'
import { encodeText } from '../../src/base/bytes.ts'
import { silentLog } from '../../src/base/log.ts'
import type { RemoteCommandResult, RemoteCommandStreams, Request, Response, Session } from '../../src/base/transport.ts'
import { ensureCertificates } from '../../src/host/certificates.ts'
import { serve } from '../../src/host/http/server.ts'
import { renderKubeconfig } from '../../src/host/kubeconfig.ts'
import { findKubectl } from '../compat/kubectl.ts'

/** 1.28 speaks SPDY, 1.35 WebSockets. */
for (const version of ['1.28', '1.35'] as const) {
  const { path, skip } = await findKubectl(version)
  const kubectl = path ?? ''

  test(`kubectl ${version} exec passes input, output and exit code on, and prints errors as on Kubernetes`, { skip }, async t => {
    const run = await start(t, kubectl)
    const input = 'x'.repeat(300_000)
    const copied = await run(['exec', '-i', 'web', '--', 'cat'], input)
    assert.deepEqual([copied.exitCode, copied.stdout === input, copied.stderr], [0, true, `${input.length} bytes\n`])
    const failed = await run(['exec', 'web', '--', 'exit', '3'])
    assert.deepEqual([failed.exitCode, failed.stderr], [3, 'command terminated with exit code 3\n'])
    assert.equal((await run(['exec', 'missing', '--', 'sh'])).stderr, 'Error from server (NotFound): pods "missing" not found\n')
    assert.equal((await run(['exec', 'web', '--', 'refused'])).stderr, 'Error from server (BadRequest): container x is not valid for pod web\n')
    assert.equal((await run(['exec', 'web', '--', 'broken'])).stderr, 'error: the runtime is away\n')
  })

  test(`kubectl ${version} attach and logs -f deliver what comes, to the end`, { skip }, async t => {
    const run = await start(t, kubectl)
    assert.match((await run(['attach', '-i', 'web'], 'hello')).stdout, /^hello$/m)
    assert.equal((await run(['logs', '-f', 'web'])).stdout, 'line 0\nline 1\nline 2\n')
  })

  test(`kubectl ${version} port-forward carries several connections at once`, { skip }, async t => {
    const run = await start(t, kubectl)
    const { process: forwarding, line } = run.start(['port-forward', 'web', ':80'])
    const port = Number(/:(\d+) -> 80/.exec(await line)?.[1])
    const answers = await Promise.all(Array.from({ length: 8 }, async (_, i) => (await fetch(`http://127.0.0.1:${port}/${i}`)).text()))
    assert.deepEqual(
      answers,
      Array.from({ length: 8 }, (_, i) => `answer /${i}`),
    )
    forwarding.kill()
  })
}

async function start(t: TestContext, kubectl: string) {
  const directory = await mkdtemp(join(tmpdir(), 'poise-kubectl-'))
  const pki = await ensureCertificates(join(directory, 'pki'), { sans: [] })
  const web = createServer((request, response) => response.end(`answer ${request.url}`))
  await new Promise<void>(resolve => web.listen(0, '127.0.0.1', resolve))
  const webPort = (web.address() as AddressInfo).port
  const server = await serve({ handle: request => answer(request, webPort), tls: { ...pki.server, clientCa: pki.ca.certificate }, log: silentLog })
  const kubeconfig = join(directory, 'config')
  await writeFile(kubeconfig, renderKubeconfig({ name: 'toy', server: `https://127.0.0.1:${server.port}`, ca: pki.ca.certificate, client: pki.admin }))
  const launch = (args: readonly string[]) =>
    spawn(kubectl, args, { env: { PATH: process.env['PATH'], HOME: directory, KUBECONFIG: kubeconfig }, timeout: 20_000 })
  t.after(async () => {
    web.closeAllConnections()
    web.close()
    await server.close(200)
    await rm(directory, { recursive: true, force: true })
  })
  const run = (args: readonly string[], input = '') =>
    new Promise<{ exitCode: number | null; stdout: string; stderr: string }>((resolve, reject) => {
      const child = launch(args)
      let [stdout, stderr] = ['', '']
      child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
      child.on('error', reject)
      child.on('close', exitCode => resolve({ exitCode, stdout, stderr }))
      child.stdin.on('error', () => {})
      child.stdin.end(input)
    })
  return Object.assign(run, {
    start(args: readonly string[]) {
      const child = launch(args)
      t.after(() => void child.kill())
      return { process: child, line: new Promise<string>(resolve => child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()))) }
    },
  })
}

async function answer({ path, query }: Request, webPort: number): Promise<Response> {
  if (path === '/api') return json({ kind: 'APIVersions', versions: ['v1'] })
  if (path === '/apis') return json({ kind: 'APIGroupList', apiVersion: 'v1', groups: [] })
  if (path === '/api/v1')
    return json({
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion: 'v1',
      resources: [{ name: 'pods', singularName: 'pod', namespaced: true, kind: 'Pod', verbs: ['get', 'list'] }],
    })
  const [, name, subresource] = /^\/api\/v1\/namespaces\/default\/pods\/([^/]+)(?:\/(\w+))?$/.exec(path) ?? []
  if (name !== 'web') throw notFound({ group: '', plural: 'pods', kind: 'Pod' }, name ?? path)
  if (!subresource) return json(POD)
  if (subresource === 'log') return { status: 200, headers: {}, body: { is: 'stream', stream: lines() } }
  if (subresource === 'portforward') return upgraded({ is: 'portForward', forward: (_, { incoming, outgoing }) => carry(webPort, incoming, outgoing) })
  const command = query.getAll('command')
  if (command[0] === 'refused') throw badRequest('container x is not valid for pod web')
  const asks = (option: string) => query.get(option) === 'true'
  const options = { stdin: asks('stdin'), stdout: asks('stdout'), stderr: asks('stderr'), tty: asks('tty') }
  return upgraded({ is: 'remoteCommand', options, run: streams => play(command, streams) })
}

async function play([program, argument]: readonly string[], { stdin, stdout, stderr }: RemoteCommandStreams): Promise<RemoteCommandResult> {
  if (program === 'broken') throw new Error('the runtime is away')
  if (program === 'exit') return { is: 'exited', exitCode: Number(argument) }
  let size = 0
  for await (const bytes of stdin!) {
    size += bytes.length
    await stdout!.write(bytes)
  }
  await stderr!.write(encodeText(`${size} bytes\n`))
  return { is: 'exited', exitCode: 0 }
}

async function carry(port: number, incoming: AsyncIterable<Uint8Array>, outgoing: { write(bytes: Uint8Array): Promise<void> }): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  void (async () => {
    for await (const bytes of incoming) socket.write(bytes)
    socket.end()
  })()
  for await (const bytes of socket) await outgoing.write(bytes as Buffer)
}

async function* lines(): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < 3; i++) yield encodeText(`line ${i}\n`)
}

const POD = {
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name: 'web', namespace: 'default', uid: 'u', resourceVersion: '1' },
  spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i', stdin: true, ports: [{ containerPort: 80 }] }] },
  status: { phase: 'Running', containerStatuses: [{ name: 'c', ready: true, state: { running: {} } }] },
}

const upgraded = (session: Session): Response => ({ status: 101, headers: {}, body: { is: 'session', session } })
const json = (object: object): Response => ({ status: 200, headers: {}, body: { is: 'object', object, json: () => encodeText(JSON.stringify(object)) } })
