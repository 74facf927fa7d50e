/** Credentials for a registry, from the Pod's imagePullSecrets. */
import { Secret } from '../../api/kinds/secret.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { decodeText } from '../../base/bytes.ts'
import type { Client } from '../../client/client.ts'
import type { ImageAuth } from '../../runtime/runtime.ts'
import { decodeBase64 } from '../volume/base64.ts'

type Credentials = Readonly<Record<string, { username?: string; password?: string; auth?: string }>>

/** A secret that is missing or cannot be read is passed over, as Kubernetes does: the pull itself will tell. */
export async function findPullAuth(client: Client, pod: Pod, registry: string): Promise<ImageAuth | undefined> {
  for (const { name = '' } of pod.spec.imagePullSecrets ?? []) {
    const credentials = await client
      .get(Secret, { namespace: pod.metadata.namespace ?? '', name })
      .then(readCredentials)
      .catch(() => ({}) as Credentials)
    for (const [server, entry] of Object.entries(credentials)) {
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
  const parsed = JSON.parse(json) as { auths?: Credentials } & Credentials
  return type === 'kubernetes.io/dockercfg' ? parsed : (parsed.auths ?? {})
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
