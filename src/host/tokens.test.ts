import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { CLUSTER_ISSUER, planClaims, type TokenRequest } from '../base/tokens.ts'
import { createTokenIssuer } from './tokens.ts'

const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const asked: TokenRequest = {
  namespace: 'default',
  serviceAccount: { name: 'web', uid: 'sa-uid' },
  audiences: [],
  expirationSeconds: 600,
  tokenId: 'id',
}

test('a token is verified by its issuer and, through the key set, by anybody else', async () => {
  const tokens = createTokenIssuer(newKey())
  const claims = planClaims(asked, CLUSTER_ISSUER, Date.now())
  const token = tokens.issue(claims)
  assert.deepEqual(tokens.verify(token), claims)
  const { payload } = await jwtVerify(token, createLocalJWKSet(tokens.keySet as never), { issuer: CLUSTER_ISSUER, audience: CLUSTER_ISSUER })
  assert.equal(payload.sub, 'system:serviceaccount:default:web')
})

test('a token that was changed, is of another key, too old or not one at all is nobody', () => {
  let wall = 1_000_000
  const tokens = createTokenIssuer(newKey(), { wall: () => wall })
  const token = tokens.issue(planClaims(asked, CLUSTER_ISSUER, wall))
  const [head, , signature] = token.split('.')
  const forged = Buffer.from(JSON.stringify({ ...planClaims(asked, CLUSTER_ISSUER, wall), sub: 'system:serviceaccount:kube-system:root' })).toString(
    'base64url',
  )
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${forged}.`
  for (const bad of [
    `${head}.${forged}.${signature}`,
    unsigned,
    '',
    'a.b.c',
    `${token}.x`,
    createTokenIssuer(newKey()).issue(planClaims(asked, CLUSTER_ISSUER, wall)),
  ]) {
    assert.equal(tokens.verify(bad), undefined)
  }
  wall += 599_000
  assert.ok(tokens.verify(token))
  wall += 1_000
  assert.equal(tokens.verify(token), undefined)
})

test("the kubelet's 3607 seconds become a year with a warning, as long as the audience is the API server", () => {
  const pod = { name: 'web', uid: 'pod-uid' }
  const claims = planClaims({ ...asked, pod, expirationSeconds: 3607 }, CLUSTER_ISSUER, 0)
  assert.deepEqual([claims.exp, claims['kubernetes.io'].warnafter], [365 * 24 * 3600, 3607])
  const other = planClaims({ ...asked, pod, expirationSeconds: 3607, audiences: ['vault'] }, CLUSTER_ISSUER, 0)
  assert.deepEqual([other.exp, other['kubernetes.io'].warnafter, other.aud], [3607, undefined, ['vault']])
})
