/** Tokens and who they belong to. */
import { atomicList, boolean, int64, map, object, required, string, time, type Infer } from '../schema.ts'

export const boundObjectReference = object('io.k8s.api.authentication.v1.BoundObjectReference', {
  name: string(),
  apiVersion: string(),
  kind: string(),
  uid: string(),
})

export const tokenRequestSpec = object('io.k8s.api.authentication.v1.TokenRequestSpec', {
  audiences: required(atomicList(string())),
  boundObjectRef: boundObjectReference,
  expirationSeconds: int64({ default: 3600 }),
})

export const tokenRequestStatus = object('io.k8s.api.authentication.v1.TokenRequestStatus', {
  expirationTimestamp: required(time()),
  token: required(string()),
})

export const userInfo = object('io.k8s.api.authentication.v1.UserInfo', {
  extra: map(atomicList(string())),
  groups: atomicList(string()),
  uid: string(),
  username: string(),
})

export const tokenReviewSpec = object('io.k8s.api.authentication.v1.TokenReviewSpec', {
  audiences: atomicList(string()),
  token: string(),
})

export const tokenReviewStatus = object('io.k8s.api.authentication.v1.TokenReviewStatus', {
  audiences: atomicList(string()),
  authenticated: boolean(),
  error: string(),
  user: userInfo,
})

export const selfSubjectReviewStatus = object('io.k8s.api.authentication.v1.SelfSubjectReviewStatus', {
  userInfo,
})

export interface BoundObjectReference extends Infer<typeof boundObjectReference> {}
export interface TokenRequestSpec extends Infer<typeof tokenRequestSpec> {}
export interface TokenRequestStatus extends Infer<typeof tokenRequestStatus> {}
export interface UserInfo extends Infer<typeof userInfo> {}
export interface TokenReviewSpec extends Infer<typeof tokenReviewSpec> {}
export interface TokenReviewStatus extends Infer<typeof tokenReviewStatus> {}
export interface SelfSubjectReviewStatus extends Infer<typeof selfSubjectReviewStatus> {}
