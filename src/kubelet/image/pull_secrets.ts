/** Credentials for a registry, from the Pod's imagePullSecrets. */
import { Secret } from '../../api/kinds/secret.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { decodeText } from '../../base/bytes.ts'
import type { Client } from '../../client/client.ts'
import type { ImageAuth } from '../../runtime/runtime.ts'
import { decodeBase64 } from '../volume/base64.ts'

type Credentials = Readonly<Record<string, { username?: string; password?: string; auth?: string }>>

export interface PullSecrets {
  readonly secrets: readonly Secret[]
  /** The names of those that could not be had. */
  readonly missing: readonly string[]
}

export async function getPullSecrets(client: Client, pod: Pod): Promise<PullSecrets> {
  const names = (pod.spec.imagePullSecrets ?? []).flatMap(({ name }) => name || [])
  const found = await Promise.all(names.map(name => client.get(Secret, { namespace: pod.metadata.namespace ?? '', name }).catch(() => undefined)))
  return { secrets: found.flatMap(secret => secret ?? []), missing: names.filter((_, index) => !found[index]) }
}

/** A secret that cannot be read is passed over, as Kubernetes does: the pull itself will tell. */
export function findPullAuth({ secrets }: PullSecrets, registry: string): ImageAuth | undefined {
  for (const secret of secrets) {
    for (const [server, entry] of Object.entries(readCredentials(secret))) {
      if (hostOf(server) !== hostOf(registry)) continue
      const [username = '', password = ''] = entry.auth ? split(decodeText(decodeBase64(entry.auth))) : [entry.username, entry.password]
      return { username, password, serverAddress: server }
    }
  }
  return undefined
}

function readCredentials({ type, data = {} }: Secret): Credentials {
  const text = (key: string) => (data[key] === undefined ? undefined : decodeText(decodeBase64(data[key])))
  const json = type === 'kubernetes.io/dockercfg' ? text('.dockercfg') : text('.dockerconfigjson')
  if (!json) return {}
  try {
    const parsed = JSON.parse(json) as { auths?: Credentials } & Credentials
    return type === 'kubernetes.io/dockercfg' ? parsed : (parsed.auths ?? {})
  } catch {
    return {}
  }
}

const split = (text: string): [string, string] => {
  const colon = text.indexOf(':')
  return colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)]
}

/** Docker's own registry goes by several names in these files. */
function hostOf(server: string): string {
  const host = server.replace(/^https?:\/\//, '').split('/')[0]!
  return host === 'index.docker.io' || host === 'registry-1.docker.io' ? 'docker.io' : host
}
