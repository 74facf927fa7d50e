/** The files of volumes that come from other objects: ConfigMaps, Secrets, the Pod itself, tokens. */
import { ConfigMap } from '../../api/kinds/config_map.ts'
import { Secret } from '../../api/kinds/secret.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import type { ProjectedVolumeSource } from '../../api/types/projected_volume.ts'
import { isReason } from '../../api/status.ts'
import type { Volume } from '../../api/types/volume.ts'
import { encodeText } from '../../base/bytes.ts'
import { messageOf } from '../../base/error_message.ts'
import { containerResource, podField, type PodAddresses } from '../container/downward.ts'
import type { KubeletContext } from '../context.ts'
import { containersOf } from '../pod/pod_nouns.ts'
import type { Payload, PayloadFile } from './atomic_writer.ts'
import { decodeBase64 } from './base64.ts'
import type { ReadObject } from './objects.ts'
import { commonUserOf } from './ownership.ts'
import type { Tokens } from './tokens.ts'

/** Kubernetes' name of the kind of volume, for its directory; undefined: its files are not ours to write. */
export function payloadPlugin(volume: Volume): string | undefined {
  if (volume.configMap) return 'kubernetes.io~configmap'
  if (volume.secret) return 'kubernetes.io~secret'
  if (volume.downwardAPI) return 'kubernetes.io~downward-api'
  if (volume.projected) return 'kubernetes.io~projected'
  return undefined
}

const DEFAULT_MODE = 0o644
const TOKEN_MODE = 0o600

type Source = NonNullable<ProjectedVolumeSource['sources']>[number]
type Items = readonly { key: string; path: string; mode?: number }[]

/** Where files come from that are not in the Pod itself. */
export interface PayloadGivers {
  readonly tokens: Tokens
  readonly read: ReadObject
}

/** Rejects when something that is not optional is missing. */
export async function collectPayload(context: KubeletContext, givers: PayloadGivers, pod: Pod, volume: Volume, addresses: PodAddresses): Promise<Payload> {
  const { configMap, secret, downwardAPI, projected } = volume
  const mode = (configMap ?? secret ?? downwardAPI ?? projected)?.defaultMode ?? DEFAULT_MODE
  const sources: Source[] = configMap
    ? [{ configMap }]
    : secret
      ? [{ secret: { name: secret.secretName, items: secret.items, optional: secret.optional } }]
      : downwardAPI
        ? [{ downwardAPI: { items: downwardAPI.items } }]
        : (projected?.sources ?? [])
  const parts = await Promise.allSettled(sources.map(source => filesOf(context, givers, pod, source, mode, addresses)))
  const failures = [...new Set(parts.flatMap(part => (part.status === 'rejected' ? [messageOf(part.reason)] : [])))]
  if (failures.length > 0) throw new Error(failures.length === 1 ? failures[0] : `[${failures.join(', ')}]`)
  return new Map(parts.flatMap(part => (part.status === 'fulfilled' ? [...part.value] : [])))
}

async function filesOf(
  context: KubeletContext,
  { tokens, read }: PayloadGivers,
  pod: Pod,
  source: Source,
  mode: number,
  addresses: PodAddresses,
): Promise<Map<string, PayloadFile>> {
  const namespace = pod.metadata.namespace ?? ''
  const { configMap, secret, downwardAPI, serviceAccountToken } = source
  if (configMap) {
    const object = await read(ConfigMap, namespace, configMap.name ?? '').catch(missingIsFine(configMap.optional, `configmap "${configMap.name}" not found`))
    const data = new Map([
      ...Object.entries(object?.data ?? {}).map(([key, text]) => [key, encodeText(text)] as const),
      ...Object.entries(object?.binaryData ?? {}).map(([key, text]) => [key, decodeBase64(text)] as const),
    ])
    return select(data, configMap, mode, 'configmap references non-existent config key')
  }
  if (secret) {
    const object = await read(Secret, namespace, secret.name ?? '').catch(missingIsFine(secret.optional, `secret "${secret.name}" not found`))
    const data = new Map(Object.entries(object?.data ?? {}).map(([key, text]) => [key, decodeBase64(text)] as const))
    return select(data, secret, mode, 'references non-existent secret key')
  }
  if (downwardAPI) {
    return new Map(
      (downwardAPI.items ?? []).map(item => [item.path, { data: encodeText(downwardText(context, pod, item, addresses)), mode: item.mode ?? mode }]),
    )
  }
  if (serviceAccountToken) {
    const { audience, expirationSeconds, path } = serviceAccountToken
    const token = await tokens.get(pod, audience, expirationSeconds ?? 3600)
    // A token is for whom the containers run as, and nobody else, where that can be told.
    const userId = commonUserOf(pod)
    const isPersonal = userId !== undefined || pod.spec.securityContext?.fsGroup !== undefined
    return new Map([[path, { data: encodeText(token), mode: isPersonal ? TOKEN_MODE : mode, userId }]])
  }
  throw new Error(`${Object.keys(source).join(', ')}: this kind of projection is not supported`)
}

const missingIsFine =
  (optional: boolean | undefined, message: string) =>
  (error: unknown): undefined => {
    if (!isReason(error, 'NotFound')) throw error
    if (!optional) throw new Error(message)
    return undefined
  }

function select(data: ReadonlyMap<string, Uint8Array>, { items, optional }: { items?: Items; optional?: boolean }, mode: number, complaint: string) {
  if (!items || items.length === 0) return new Map([...data].map(([key, bytes]) => [key, { data: bytes, mode }]))
  const files = new Map<string, PayloadFile>()
  for (const item of items) {
    const bytes = data.get(item.key)
    if (bytes) files.set(item.path, { data: bytes, mode: item.mode ?? mode })
    else if (!optional) throw new Error(`${complaint}: ${item.key}`)
  }
  return files
}

type DownwardItem = NonNullable<NonNullable<Source['downwardAPI']>['items']>[number]

function downwardText(context: KubeletContext, pod: Pod, { fieldRef, resourceFieldRef }: DownwardItem, addresses: PodAddresses): string {
  if (fieldRef) {
    const text = podField(pod, fieldRef.fieldPath, context.nodeName, addresses)
    if (text === undefined) throw new Error(`unsupported fieldPath: ${fieldRef.fieldPath}`)
    return text
  }
  const about = containersOf(pod).find(({ container }) => container.name === resourceFieldRef?.containerName)?.container
  const divisor = resourceFieldRef?.divisor
  const text = about && containerResource(about, resourceFieldRef?.resource ?? '', divisor === undefined ? undefined : String(divisor), context.allocatable())
  if (text === undefined) throw new Error(`couldn't resolve ${resourceFieldRef?.resource} of container ${resourceFieldRef?.containerName}`)
  return text
}
