/** A manifest on the node's disk becomes a static Pod: decoded, completed and checked as the API would do it. Pure. */
import { apiReferenceOf } from '../../api/api_references.ts'
import { decodeObject } from '../../api/decode.ts'
import { applyDefaults } from '../../api/defaults.ts'
import { printFieldError } from '../../api/field_error.ts'
import { Pod } from '../../api/kinds/pod.ts'
import { CONFIG_SOURCE_ANNOTATION } from '../../api/pod.ts'
import { dnsLabel, dnsSubdomain } from '../../api/validation/names.ts'
import { decodeBody } from '../../api/yaml.ts'
import { messageOf } from '../../base/error_message.ts'
import { canonicalJson } from '../../base/canonical_json.ts'
import { contentHash } from './content_hash.ts'

export const CONFIG_HASH_ANNOTATION = 'kubernetes.io/config.hash'
const CONFIG_SEEN_ANNOTATION = 'kubernetes.io/config.seen'

export type Manifest = { readonly is: 'pod'; readonly pod: Pod } | { readonly is: 'problem'; readonly why: string }

export interface ManifestInputs {
  /** YAML or JSON, one Pod. */
  readonly bytes: Uint8Array
  readonly path: string
  readonly nodeName: string
  /** RFC 3339. */
  readonly seenAt: string
}

export function readManifest({ bytes, path, nodeName, seenAt }: ManifestInputs): Manifest {
  let pod: Pod
  try {
    pod = decodePod(bytes)
  } catch (error) {
    return { is: 'problem', why: messageOf(error) }
  }
  const { metadata } = pod
  // Of what the manifest says, and where it lies; what the node makes of it below is no part of it.
  metadata.uid ||= contentHash(`${canonicalJson(pod)} host:${nodeName} file:${path}`)
  metadata.namespace ||= 'default'
  if (metadata.name) metadata.name = `${metadata.name}-${nodeName.toLowerCase()}`
  metadata.annotations = {
    ...metadata.annotations,
    [CONFIG_HASH_ANNOTATION]: metadata.uid,
    [CONFIG_SEEN_ANNOTATION]: seenAt,
    [CONFIG_SOURCE_ANNOTATION]: 'file',
  }
  pod.spec.nodeName = nodeName
  // It belongs to its node, whatever becomes of that.
  pod.spec.tolerations = [
    ...(pod.spec.tolerations ?? []).filter(({ key, effect }) => key || effect !== 'NoExecute'),
    { operator: 'Exists', effect: 'NoExecute' },
  ]
  Pod.prepareForCreate?.(pod)
  const why = problemWith(pod)
  return why ? { is: 'problem', why } : { is: 'pod', pod }
}

function decodePod(bytes: Uint8Array): Pod {
  const { json } = decodeBody(bytes, 'application/yaml')
  const { apiVersion, kind } = json as { apiVersion?: unknown; kind?: unknown }
  if (apiVersion !== 'v1' || kind !== 'Pod') throw new Error(`it holds no Pod of v1 but kind ${String(kind)} of ${String(apiVersion)}`)
  const { object, unknownFields, errors } = decodeObject(Pod.schema, json)
  const problem = errors[0] ?? (unknownFields[0] && `unknown field ${JSON.stringify(unknownFields[0])}`)
  if (problem) throw new Error(problem)
  object.metadata ??= {}
  applyDefaults(Pod.schema, object)
  Pod.setDefaults?.(object)
  return object as Pod
}

function problemWith(pod: Pod): string | undefined {
  const { name, namespace } = pod.metadata
  if (!name) return 'metadata.name: Required value'
  const reference = apiReferenceOf(pod.spec)
  if (reference) return `static pods may not reference ${reference}`
  const problem = dnsSubdomain(name)[0] ?? dnsLabel(namespace ?? '')[0]
  if (problem) return `metadata.name: Invalid value: ${JSON.stringify(name)}: ${problem}`
  const errors = [...(Pod.validate?.(pod) ?? []), ...(Pod.validateCreate?.(pod) ?? [])]
  return errors[0] && printFieldError(errors[0])
}
