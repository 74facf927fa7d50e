/**
 * The environment of a container: Services, then envFrom, then env; what comes later wins, and may refer to what
 * came before. It is made when the container starts and stays as it is.
 */
import { ConfigMap } from '../../api/kinds/config_map.ts'
import { Secret } from '../../api/kinds/secret.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { isReason } from '../../api/status.ts'
import type { Container } from '../../api/types/container.ts'
import type { KubeletContext } from '../context.ts'
import { containersOf } from '../pod/pod_nouns.ts'
import { decodeBase64 } from '../volume/base64.ts'
import { decodeText } from '../../base/bytes.ts'
import { messageOf } from '../../base/error_message.ts'
import { containerResource, podField, type PodAddresses } from './downward.ts'
import { expand } from './expand.ts'
import { serviceEnv } from './service_env.ts'
import { configError } from './start_failure.ts'

type EnvVar = NonNullable<Container['env']>[number]
type ValueFrom = NonNullable<EnvVar['valueFrom']>

/** Throws StartError with reason CreateContainerConfigError. */
export async function makeEnvironment(context: KubeletContext, pod: Pod, container: Container, addresses: PodAddresses): Promise<Map<string, string>> {
  const variables = new Map(serviceEnv(pod, context.services?.list() ?? []))
  const namespace = pod.metadata.namespace ?? ''
  const objects = createReader(context, namespace)

  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const reference = configMapRef ?? secretRef
    const data = configMapRef ? await objects.configMap(configMapRef.name ?? '') : await objects.secret(secretRef?.name ?? '')
    if (!data && !reference?.optional) throw configError(`${configMapRef ? 'configmap' : 'secret'} "${reference?.name}" not found`)
    for (const key of Object.keys(data ?? {}).sort()) variables.set(`${prefix}${key}`, data![key]!)
  }
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom ? await valueOf(variable.valueFrom) : expand(variable.value ?? '', name => variables.get(name))
    if (value !== undefined) variables.set(variable.name, value)
  }
  return variables

  async function valueOf(from: ValueFrom): Promise<string | undefined> {
    if (from.fieldRef) {
      const value = podField(pod, from.fieldRef.fieldPath, context.nodeName, addresses)
      if (value === undefined) throw configError(`unsupported fieldPath: ${from.fieldRef.fieldPath}`)
      return value
    }
    if (from.resourceFieldRef) {
      const { containerName, resource, divisor } = from.resourceFieldRef
      const about = containerName ? containersOf(pod).find(named => named.container.name === containerName)?.container : container
      const value = about && containerResource(about, resource, divisor === undefined ? undefined : String(divisor), context.allocatable())
      if (value === undefined) throw configError(about ? `unsupported resource name: ${resource}` : `container "${containerName}" not found in pod`)
      return value
    }
    const reference = from.configMapKeyRef ?? from.secretKeyRef
    if (!reference) throw configError('a variable has a source that this version does not support')
    const kind = from.configMapKeyRef ? 'ConfigMap' : 'Secret'
    const data = from.configMapKeyRef ? await objects.configMap(reference.name ?? '') : await objects.secret(reference.name ?? '')
    if (data?.[reference.key] !== undefined) return data[reference.key]
    if (reference.optional) return undefined
    throw configError(
      data ? `couldn't find key ${reference.key} in ${kind} ${namespace}/${reference.name}` : `${kind.toLowerCase()} "${reference.name}" not found`,
    )
  }
}

/** Reads each object once for one container. Undefined: it is not there. */
function createReader({ client }: KubeletContext, namespace: string) {
  const read = new Map<string, Promise<Record<string, string> | undefined>>()
  const once = (key: string, load: () => Promise<Record<string, string>>) => {
    const known =
      read.get(key) ??
      load().catch((error: unknown) => {
        if (isReason(error, 'NotFound')) return undefined
        throw configError(messageOf(error))
      })
    read.set(key, known)
    return known
  }
  return {
    configMap: (name: string) => once(`configmap/${name}`, async () => (await client.get(ConfigMap, { namespace, name })).data ?? {}),
    secret: (name: string) =>
      once(`secret/${name}`, async () => {
        const { data = {} } = await client.get(Secret, { namespace, name })
        return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, decodeText(decodeBase64(value))]))
      }),
  }
}
