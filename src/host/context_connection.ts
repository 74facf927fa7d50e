/** A connection to the cluster of any kubeconfig context, with whatever credentials it names. */
import { readFile } from 'node:fs/promises'
import { createClient } from '../client/api_client.ts'
import type { Client } from '../client/client.ts'
import type { Transport } from '../base/transport.ts'
import { createExecCredentials, type ExecCredential, type ExecCredentials } from './exec_credentials.ts'
import { createHttp1Transport, speaksHttp2 } from './http/http1_transport.ts'
import { createHttpsTransport, type HttpsTransport, type HttpsTransportOptions } from './http/https_transport.ts'
import { kubeconfigPath } from './kubeconfig.ts'
import { KubeconfigError, readContext, type ContextUser, type KubeconfigContext } from './kubeconfig_context.ts'

export interface ContextConnection {
  readonly client: Client
  readonly transport: Transport
  /** The name of the context. */
  readonly context: string
  readonly server: string
  /** Of the context, else `default`. */
  readonly namespace: string
  close(): void
}

export interface ContextChoice {
  readonly env: Readonly<Record<string, string | undefined>>
  /** `--kubeconfig`: this file and no other. */
  readonly kubeconfig?: string | undefined
  /** `--context`; undefined: the current one. */
  readonly context?: string | undefined
}

/**
 * Reads the configuration; the server is asked nothing before the first request. Throws KubeconfigError, which says what to do
 * next; requests throw NetworkError, ApiError, or KubeconfigError when a credential program fails.
 */
export async function connectToContext({ env, kubeconfig, context }: ContextChoice): Promise<ContextConnection> {
  const chosen = await readContext(kubeconfigPath(env, kubeconfig), context)
  refuseUnsupported(chosen)
  const { name, namespace, cluster, user } = chosen
  const url = serverUrl(name, cluster.server)
  const basePath = url.pathname.replace(/\/+$/, '')
  const exec = user.exec && createExecCredentials(user.exec, cluster, env)
  const fixed: HttpsTransportOptions = {
    server: url.origin,
    ...(await authorityOf(chosen)),
    ...(cluster['tls-server-name'] && { serverName: cluster['tls-server-name'] }),
    ...(await keyPairOf(user)),
    ...(!exec && { authorization: authorizationOf(user) }),
    headers: impersonationOf(user),
  }
  const connection = exec ? renewing(exec, fixed) : eitherVersion(fixed)
  const transport: Transport = request => connection.transport(basePath ? { ...request, path: basePath + request.path } : request)
  return { client: createClient(transport), transport, context: name, server: cluster.server, namespace, close: connection.close }
}

/** HTTP/2 where the server speaks it: asked before the first request. */
function eitherVersion(options: HttpsTransportOptions): HttpsTransport {
  let asked: Promise<HttpsTransport> | undefined
  const choose = async () =>
    options.server.startsWith('https:') && (await speaksHttp2(options)) ? createHttpsTransport(options) : createHttp1Transport(options)
  return {
    async transport(request) {
      const attempt = (asked ??= choose())
      try {
        return (await attempt).transport(request)
      } catch (error) {
        if (asked === attempt) asked = undefined
        throw error
      }
    },
    close: () =>
      void asked?.then(
        chosen => chosen.close(),
        () => undefined,
      ),
  }
}

function serverUrl(context: string, server: string): URL {
  // kubectl takes an address without a scheme for plain HTTP.
  const url = URL.canParse(server) && /^https?:\/\//.test(server) ? new URL(server) : URL.canParse(`http://${server}`) ? new URL(`http://${server}`) : undefined
  if (url) return url
  throw new KubeconfigError(`the server of context ${JSON.stringify(context)} is not an address: ${server}. Next: mend it with kubectl config set-cluster`)
}

function refuseUnsupported({ name, cluster, user }: KubeconfigContext): void {
  const where = `context ${JSON.stringify(name)}`
  if (cluster['proxy-url']) {
    throw new KubeconfigError(
      `${where} goes through a proxy (proxy-url), which is not supported. Next: run kubectl proxy --context ${name}, and use a context whose server is http://127.0.0.1:8001`,
    )
  }
  if (user['auth-provider']) {
    throw new KubeconfigError(
      `${where} uses the auth-provider ${JSON.stringify(user['auth-provider'].name ?? '')}, which Kubernetes has removed in 1.26. Next: let your provider write a kubeconfig with an exec plugin`,
    )
  }
}

async function authorityOf({ name, cluster }: KubeconfigContext): Promise<Pick<HttpsTransportOptions, 'ca' | 'insecure'>> {
  const given = await pemOf(cluster['certificate-authority-data'], cluster['certificate-authority'])
  if (!cluster['insecure-skip-tls-verify']) return given === undefined ? {} : { ca: given }
  if (given === undefined) return { insecure: true }
  throw new KubeconfigError(
    `context ${JSON.stringify(name)} has both a certificate authority and insecure-skip-tls-verify. Next: take one of them out, as kubectl asks too`,
  )
}

async function keyPairOf(user: ContextUser): Promise<Pick<HttpsTransportOptions, 'certificate' | 'key'>> {
  const certificate = await pemOf(user['client-certificate-data'], user['client-certificate'])
  const key = await pemOf(user['client-key-data'], user['client-key'])
  return certificate !== undefined && key !== undefined ? { certificate, key } : {}
}

/** Data before files, as kubectl has it. */
async function pemOf(data: string | undefined, file: string | undefined): Promise<string | undefined> {
  if (data) return Buffer.from(data, 'base64').toString('utf8')
  return file ? readOwn(file) : undefined
}

const readOwn = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: Error) => {
    throw new KubeconfigError(`the kubeconfig names a file that cannot be read: ${error.message}. Next: log in to the cluster again, or mend the path`)
  })

/** A file's token is read again now and then, because somebody renews it. */
const TOKEN_FRESH_MS = 60_000

function authorizationOf(user: ContextUser): () => Promise<string | undefined> {
  const { tokenFile, token, username, password = '' } = user
  let read: { readonly atMs: number; readonly text: string } | undefined
  return async () => {
    if (tokenFile) {
      if (!read || performance.now() - read.atMs > TOKEN_FRESH_MS) read = { atMs: performance.now(), text: (await readOwn(tokenFile)).trim() }
      return `Bearer ${read.text}`
    }
    if (token) return `Bearer ${token}`
    return username ? `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` : undefined
  }
}

function impersonationOf(user: ContextUser): Record<string, string | readonly string[]> {
  return {
    ...(user.as && { 'impersonate-user': user.as }),
    ...(user['as-uid'] && { 'impersonate-uid': user['as-uid'] }),
    ...(user['as-groups']?.length && { 'impersonate-group': user['as-groups'] }),
    ...Object.fromEntries(
      Object.entries(user['as-user-extra'] ?? {}).map(([key, values]) => [`impersonate-extra-${encodeURIComponent(key).toLowerCase()}`, values]),
    ),
  }
}

/** A program's credentials change: a new key pair needs a new connection, and a request that was not let in is asked once more. */
function renewing(exec: ExecCredentials, fixed: HttpsTransportOptions): HttpsTransport {
  let current: { readonly credential: ExecCredential; readonly connection: HttpsTransport } | undefined
  const opened: HttpsTransport[] = []
  const connection = async (): Promise<HttpsTransport> => {
    const credential = await exec.get()
    if (current?.credential === credential) return current.connection
    // Watches that are under way go on with the old one: only what comes now needs what is new.
    const { token, certificate, key } = credential
    const made = eitherVersion({ ...fixed, ...(certificate && { certificate, key: key! }), ...(token && { token }) })
    opened.push(made)
    current = { credential, connection: made }
    return made
  }
  return {
    async transport(request) {
      const response = await (await connection()).transport(request)
      if (response.status !== 401) return response
      exec.refuse()
      return (await connection()).transport(request)
    },
    close: () => opened.forEach(one => one.close()),
  }
}
