/**
 * Makes keys and certificates (X.509 v3, elliptic curve P-256), written in DER by hand: a library that does it takes
 * longer to load than a cluster has to start.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign, X509Certificate, type KeyObject } from 'node:crypto'
import { isIP, isIPv4 } from 'node:net'
import { bitString, boolean, explicit, implicit, integer, oid, octetString, readElements, sequence, set, time, utf8String } from './der.ts'

/** Both in PEM; the key in PKCS #8. */
export interface KeyPair {
  readonly certificate: string
  readonly key: string
}

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

export function issueCertificate(request: IssueRequest, { notBefore, notAfter, ca }: IssueTerms): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signingKey = ca ? createPrivateKey(ca.key) : privateKey
  const subject = nameOf(request)
  const tbs = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(serialNumber()),
    ECDSA_SHA256,
    // Byte for byte as the CA has it: that is how Go finds the issuer.
    ca ? subjectOf(ca.certificate) : subject,
    sequence(time(notBefore), time(notAfter)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensionsOf(request, publicKey, createPublicKey(signingKey)))),
  )
  const certificate = sequence(tbs, ECDSA_SHA256, bitString(sign('sha256', tbs, signingKey)))
  return { certificate: pem(certificate), key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
}

const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'))
const COMMON_NAME = '2.5.4.3'
const ORGANIZATION = '2.5.4.10'

const nameOf = ({ commonName, organizations }: IssueRequest): Buffer =>
  sequence(...organizations.map(name => set(sequence(oid(ORGANIZATION), utf8String(name)))), set(sequence(oid(COMMON_NAME), utf8String(commonName))))

function extensionsOf({ use, sans }: IssueRequest, publicKey: KeyObject, issuerKey: KeyObject): Buffer[] {
  const isCa = use === 'ca'
  return [
    critical('2.5.29.19', isCa ? sequence(boolean(true)) : sequence()),
    // digitalSignature; a CA also keyCertSign and cRLSign.
    critical('2.5.29.15', isCa ? bitString(Buffer.from([0x86]), 1) : bitString(Buffer.from([0x80]), 7)),
    ...(isCa ? [] : [extension('2.5.29.37', sequence(oid(use === 'server' ? '1.3.6.1.5.5.7.3.1' : '1.3.6.1.5.5.7.3.2')))]),
    ...(sans.length > 0 ? [extension('2.5.29.17', sequence(...sans.map(alternativeName)))] : []),
    extension('2.5.29.14', octetString(keyIdentifier(publicKey))),
    ...(isCa ? [] : [extension('2.5.29.35', sequence(implicit(0, keyIdentifier(issuerKey))))]),
  ]
}

const extension = (id: string, value: Buffer): Buffer => sequence(oid(id), octetString(value))
const critical = (id: string, value: Buffer): Buffer => sequence(oid(id), boolean(true), octetString(value))

const alternativeName = (name: string): Buffer => (isIP(name) === 0 ? implicit(2, Buffer.from(name, 'ascii')) : implicit(7, addressBytes(name)))

function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number))
  // The URL parser writes every IPv6 address in one way, and turns an embedded IPv4 address into two groups.
  const [left = '', right] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':'))
  const tail = groups(right ?? '')
  const head = groups(left)
  const all = [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => '0'), ...tail]
  return Buffer.from(all.map(group => group.padStart(4, '0')).join(''), 'hex')
}

/** SHA-1 of the key's bits (RFC 5280, 4.2.1.2): a name for it, no protection. A point of P-256 takes 65 bytes. */
const keyIdentifier = (key: KeyObject): Buffer =>
  createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }).subarray(-65))
    .digest()

/** Positive (the first bit is clear) and not zero, as RFC 5280 wants it. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16)
  bytes[0] = (bytes[0]! & 0x7f) | 0x40
  return bytes
}

/** version, serial number, algorithm, issuer, validity, subject, … */
function subjectOf(certificate: string): Buffer {
  const [whole] = readElements(new X509Certificate(certificate).raw)
  const [tbs] = readElements(whole!.content)
  return readElements(tbs!.content)[5]!.whole
}

const pem = (der: Buffer): string => `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`
