/** Whether a Pod needs something of the API to run. A static Pod may not: it runs before there is an API, and has no say in one. */
import type { PodSpec } from './types/pod_spec.ts'

/** The resource it names first, as `secrets`; undefined if it needs none. */
export function apiReferenceOf(spec: PodSpec): string | undefined {
  if (spec.serviceAccountName) return 'serviceaccounts'
  if (spec.imagePullSecrets?.some(({ name }) => name)) return 'secrets'
  if (spec.resourceClaims?.length) return 'resourceclaims'
  return namedIn(spec)
}

/** Every place in a PodSpec that names an object of the API is an object under one of these keys. */
const RESOURCES: Readonly<Record<string, string>> = {
  secret: 'secrets',
  secretRef: 'secrets',
  secretKeyRef: 'secrets',
  nodePublishSecretRef: 'secrets',
  configMap: 'configmaps',
  configMapRef: 'configmaps',
  configMapKeyRef: 'configmaps',
  persistentVolumeClaim: 'persistentvolumeclaims',
  ephemeral: 'persistentvolumeclaims',
  serviceAccountToken: 'serviceaccounts',
  clusterTrustBundle: 'clustertrustbundles',
  podCertificate: 'podcertificaterequests',
}

function namedIn(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, member] of Object.entries(value)) {
    if (typeof member !== 'object' || member === null) continue
    const found = Object.hasOwn(RESOURCES, key) && !Array.isArray(member) ? RESOURCES[key] : namedIn(member)
    if (found) return found
  }
  return undefined
}
