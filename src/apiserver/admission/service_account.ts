/**
 * Every Pod runs as a ServiceAccount, and finds its token at a place all clients know.
 */
import { apiReferenceOf } from '../../api/api_references.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import type { ServiceAccount } from '../../api/kinds/service_account.ts'
import { isMirrorPod } from '../../api/pod.ts'
import { forbiddenBy } from '../../api/status.ts'
import { nameSuffix } from '../../base/random.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import type { AdmissionParts } from './plugins.ts'
import { isNewPod, podDraft } from './pods.ts'

export const TOKEN_MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount'
/** An hour, and a few seconds so that a client that refreshes hourly is never late. */
const TOKEN_SECONDS = 3607

export const serviceAccount = ({ store, random }: AdmissionParts): AdmissionPlugin => ({
  name: 'ServiceAccount',
  handles: isNewPod,
  async mutate(request) {
    const pod = podDraft(request)
    if (!pod) return
    // A mirror Pod stands for one the kubelet runs from a file; it talks to no API.
    if (isMirrorPod(pod)) return refuseReferences(request, pod)
    const { spec } = pod
    const name = spec.serviceAccountName || spec.serviceAccount || 'default'
    const stored = await store.get(`/serviceaccounts/${request.namespace}/${name}`)
    if (!stored)
      throw forbiddenBy(
        request.kind,
        pod.metadata.name ?? '',
        `error looking up service account ${request.namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`,
      )
    const account = stored.value as ServiceAccount
    spec.serviceAccountName = name
    spec.serviceAccount = name
    if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length) spec.imagePullSecrets = account.imagePullSecrets.map(secret => ({ ...secret }))
    if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(pod, `kube-api-access-${nameSuffix(random)}`)
  },
})

function refuseReferences(request: AdmissionRequest, { metadata, spec }: Pod): void {
  const reference = apiReferenceOf(spec)
  const what = reference === 'serviceaccounts' ? 'service accounts' : reference === 'secrets' ? 'secrets' : undefined
  if (what) throw forbiddenBy(request.kind, metadata.name ?? '', `a mirror pod may not reference ${what}`)
}

function mountToken({ spec }: Pod, volumeName: string): void {
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])]
  const without = containers.filter(container => !container.volumeMounts?.some(mount => mount.mountPath === TOKEN_MOUNT_PATH))
  const known = spec.volumes?.find(volume => volume.name?.startsWith('kube-api-access-'))
  if (without.length === 0) return
  const name = known?.name ?? volumeName
  for (const container of without) container.volumeMounts = [...(container.volumeMounts ?? []), { name, mountPath: TOKEN_MOUNT_PATH, readOnly: true }]
  if (!known) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)]
}

function tokenVolume(name: string): NonNullable<Pod['spec']['volumes']>[number] {
  return {
    name,
    projected: {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
      ],
    },
  }
}
