/** Makes keys and certificates (elliptic curve P-256). Loaded only when one has to be made. */
import 'reflect-metadata'
import { randomBytes, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import * as x509 from '@peculiar/x509'
import type { KeyPair } from './certificates.ts'

export interface IssueRequest {
  readonly commonName: string
  readonly organizations: readonly string[]
  readonly use: 'ca' | 'server' | 'client'
  /** DNS names and IP addresses. */
  readonly sans: readonly string[]
}

export interface IssueTerms {
  readonly notBefore: number
  readonly notAfter: number
  /** Signs it; without one it signs itself. */
  readonly ca: KeyPair | undefined
}

const EC_KEY = { name: 'ECDSA', namedCurve: 'P-256' }
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' }

export async function issueCertificate(request: IssueRequest, { notBefore, notAfter, ca }: IssueTerms): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(EC_KEY, true, ['sign', 'verify'])
  const issuer = ca && { certificate: new x509.X509Certificate(ca.certificate), key: await importKey(ca.key) }
  const subject = nameOf(request)
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject,
    issuer: issuer ? issuer.certificate.subjectName.toJSON() : subject,
    notBefore: new Date(notBefore),
    notAfter: new Date(notAfter),
    publicKey: keys.publicKey,
    signingKey: issuer?.key ?? keys.privateKey,
    signingAlgorithm: SIGNING,
    extensions: [
      ...extensionsOf(request),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false),
      ...(issuer ? [await x509.AuthorityKeyIdentifierExtension.create(issuer.certificate, false)] : []),
    ],
  })
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
  return { certificate: `${certificate.toString('pem')}\n`, key: `${x509.PemConverter.encode(key, 'PRIVATE KEY')}\n` }
}

/** One group is one O attribute; several are several, each in its own set. */
const nameOf = ({ commonName, organizations }: IssueRequest): x509.JsonName => [...organizations.map(name => ({ O: [name] })), { CN: [commonName] }]

function extensionsOf({ use, sans }: IssueRequest): x509.Extension[] {
  const { KeyUsageFlags: flags } = x509
  if (use === 'ca') {
    return [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(flags.keyCertSign | flags.cRLSign | flags.digitalSignature, true),
    ]
  }
  const names = sans.map(name => ({ type: isIP(name) === 0 ? 'dns' as const : 'ip' as const, value: name }))
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(flags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([use === 'server' ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth]),
    ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
  ]
}

/** Positive (the first bit is clear) and not zero, as RFC 5280 wants it. */
function serialNumber(): string {
  const bytes = randomBytes(16)
  bytes[0] = (bytes[0]! & 0x7f) | 0x40
  return bytes.toString('hex')
}

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(pem), EC_KEY, true, ['sign'])
}
