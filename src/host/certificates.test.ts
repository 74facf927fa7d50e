import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { ensureCertificates } from './certificates.ts'

const DAY_MS = 24 * 3600 * 1000

test('the first start makes a CA, a server certificate with its names, and an admin of system:masters', async t => {
  const directory = await temporaryDirectory(t)
  const made = await ensureCertificates(directory, { sans: ['10.96.0.1', 'machine.example', 'fd00:10::1:2'] })
  const ca = new X509Certificate(made.ca.certificate)
  const server = new X509Certificate(made.server.certificate)
  const admin = new X509Certificate(made.admin.certificate)
  assert.ok(ca.ca && ca.verify(ca.publicKey))
  assert.ok(server.verify(ca.publicKey) && server.checkIssued(ca) && !server.ca)
  for (const name of ['localhost', 'kubernetes.default.svc.cluster.local', 'machine.example']) assert.ok(server.checkHost(name), name)
  for (const address of ['127.0.0.1', '::1', '10.96.0.1', 'fd00:10::1:2']) assert.ok(server.checkIP(address), address)
  assert.equal(admin.subject, 'O=system:masters\nCN=kubernetes-admin')
  assert.deepEqual(admin.keyUsage, ['1.3.6.1.5.5.7.3.2'])
  for (const file of ['ca.key', 'apiserver.key', 'admin.key', 'sa.key']) assert.equal((await stat(join(directory, file))).mode & 0o777, 0o600, file)
  assert.equal((await stat(directory)).mode & 0o777, 0o700)
})

test('a second start finds them, and makes anew only what lacks a name, is near its end or is broken', async t => {
  const directory = await temporaryDirectory(t)
  const first = await ensureCertificates(directory, { sans: [] })
  const again = await ensureCertificates(directory, { sans: [] })
  assert.deepEqual([again.ca, again.server, again.admin, again.serviceAccountKey], [first.ca, first.server, first.admin, first.serviceAccountKey])

  const renamed = await ensureCertificates(directory, { sans: ['new.example'] })
  assert.equal(renamed.ca.certificate, first.ca.certificate)
  assert.notEqual(renamed.server.certificate, first.server.certificate)
  assert.equal(renamed.admin.certificate, first.admin.certificate)

  const later = await ensureCertificates(directory, { sans: [], wall: () => Date.now() + 300 * DAY_MS })
  assert.equal(later.ca.certificate, first.ca.certificate)
  assert.notEqual(later.admin.certificate, first.admin.certificate)

  await writeFile(join(directory, 'ca.crt'), 'half a fi')
  const mended = await ensureCertificates(directory, { sans: [] })
  const ca = new X509Certificate(mended.ca.certificate)
  assert.ok(new X509Certificate(mended.server.certificate).verify(ca.publicKey))
  assert.ok(new X509Certificate(mended.admin.certificate).verify(ca.publicKey))
})

test('a node gets a certificate of its own with its group', async t => {
  const made = await ensureCertificates(await temporaryDirectory(t), { sans: [] })
  const identity = { name: 'system:node:poise-1', groups: ['system:nodes'] }
  const node = await made.client('node-poise-1', identity)
  assert.equal(new X509Certificate(node.certificate).subject, 'O=system:nodes\nCN=system:node:poise-1')
  assert.deepEqual(await made.client('node-poise-1', identity), node)
})

async function temporaryDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'poise-certificates-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return join(directory, 'pki')
}
