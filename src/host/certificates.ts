/**
 * The cluster's certificates: one CA, made at the first start, and what it has signed. They live in a directory of mode
 * 0700, under kubeadm's file names, and are read and checked at every start:
 *
 *   ca.crt ca.key ─signs─▶ apiserver.crt apiserver.key     renewed when near their end, or when a name is missing
 *                  └─────▶ admin.crt admin.key, …          renewed when near their end
 *   sa.key                                                 signs the tokens of service accounts
 *
 * A CA that has ended, or whose files do not fit together, is replaced and everything below it with it.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { chmod, mkdir, readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { writeFileAtomically } from './atomic_file.ts'
import { issueCertificate, type IssueRequest, type KeyPair } from './certificate_issuer.ts'

export type { KeyPair }

export interface Certificates {
  readonly ca: KeyPair
  readonly server: KeyPair
  /** `kubernetes-admin` of the group `system:masters`. */
  readonly admin: KeyPair
  /** Signs the tokens of service accounts: a private key in PEM. */
  readonly serviceAccountKey: string
  /** A client's certificate: `name` becomes the user, `groups` the groups. Kept under `file`, made when it is missing. */
  client(file: string, identity: ClientIdentity): Promise<KeyPair>
}

export interface ClientIdentity {
  readonly name: string
  readonly groups: readonly string[]
}

export interface CertificateOptions {
  /** Names and addresses, beside those of every API server, under which this one is reached. */
  readonly sans: readonly string[]
  readonly wall?: () => number
}

export const ADMIN: ClientIdentity = { name: 'kubernetes-admin', groups: ['system:masters'] }

export async function ensureCertificates(directory: string, { sans, wall = Date.now }: CertificateOptions): Promise<Certificates> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await chmod(directory, 0o700)
  const ca = await ensure(directory, 'ca', wall(), undefined, { commonName: 'kubernetes', organizations: [], use: 'ca', sans: [] })
  const leaf = (file: string, request: IssueRequest) => ensure(directory, file, wall(), ca, request)
  const client = (file: string, { name, groups }: ClientIdentity) => leaf(file, { commonName: name, organizations: groups, use: 'client', sans: [] })
  const [server, admin, serviceAccountKey] = await Promise.all([
    leaf('apiserver', { commonName: 'kube-apiserver', organizations: [], use: 'server', sans: [...new Set([...USUAL_SANS, ...sans])] }),
    client('admin', ADMIN),
    ensureServiceAccountKey(join(directory, 'sa.key')),
  ])
  return { ca, server, admin, serviceAccountKey, client }
}

const USUAL_SANS = ['127.0.0.1', '::1', 'localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local']

const DAY_MS = 24 * 3600 * 1000
const CA_LIFE_MS = 3650 * DAY_MS
const LIFE_MS = 365 * DAY_MS
/** A cluster is looked at only when it starts, so what ends within this time is renewed. */
const RENEW_BEFORE_MS = 90 * DAY_MS

async function ensure(directory: string, file: string, wall: number, ca: KeyPair | undefined, request: IssueRequest): Promise<KeyPair> {
  const paths = { certificate: join(directory, `${file}.crt`), key: join(directory, `${file}.key`) }
  const [certificate, key] = await Promise.all([readText(paths.certificate), readText(paths.key)])
  if (certificate && key && isGood({ certificate, key }, wall, ca, request)) return { certificate, key }
  const made = issueCertificate(request, { notBefore: wall - 3600_000, notAfter: wall + (ca ? LIFE_MS : CA_LIFE_MS), ca })
  await writeFileAtomically(paths.key, made.key, 0o600)
  await writeFileAtomically(paths.certificate, made.certificate, 0o644)
  return made
}

function isGood({ certificate, key }: KeyPair, wall: number, ca: KeyPair | undefined, { commonName, organizations, sans }: IssueRequest): boolean {
  try {
    const parsed = new X509Certificate(certificate)
    if (wall < Date.parse(parsed.validFrom) || wall > Date.parse(parsed.validTo) - RENEW_BEFORE_MS) return false
    if (!parsed.checkPrivateKey(createPrivateKey(key))) return false
    const subject = parsed.subject.split('\n')
    if (!subject.includes(`CN=${commonName}`) || !organizations.every(name => subject.includes(`O=${name}`))) return false
    if (!sans.every(name => (isIP(name) === 0 ? parsed.checkHost(name) : parsed.checkIP(name)) !== undefined)) return false
    return parsed.verify(ca ? new X509Certificate(ca.certificate).publicKey : parsed.publicKey)
  } catch {
    // Half a file, or somebody else's: made anew.
    return false
  }
}

async function ensureServiceAccountKey(path: string): Promise<string> {
  const found = await readText(path)
  if (found && isPrivateKey(found)) return found
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  await writeFileAtomically(path, key, 0o600)
  return key
}

function isPrivateKey(pem: string): boolean {
  try {
    return createPublicKey(pem).asymmetricKeyType === 'ec'
  } catch {
    return false
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
