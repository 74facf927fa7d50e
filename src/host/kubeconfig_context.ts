/**
 * Any context of anybody's kubeconfig, read by kubectl's own rules: several files are one configuration in which the first to
 * name a thing wins, and paths in a file are meant from where that file is.
 */
import { readFile } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import { parse } from 'yaml'
import type { KubeconfigPaths } from './kubeconfig.ts'

export interface ContextCluster {
  readonly server: string
  readonly 'certificate-authority'?: string
  readonly 'certificate-authority-data'?: string
  readonly 'insecure-skip-tls-verify'?: boolean
  readonly 'tls-server-name'?: string
  readonly 'proxy-url'?: string
  readonly 'disable-compression'?: boolean
  readonly extensions?: readonly { readonly name: string; readonly extension: unknown }[]
}

export interface ContextUser {
  readonly 'client-certificate'?: string
  readonly 'client-certificate-data'?: string
  readonly 'client-key'?: string
  readonly 'client-key-data'?: string
  readonly token?: string
  readonly tokenFile?: string
  readonly username?: string
  readonly password?: string
  readonly as?: string
  readonly 'as-uid'?: string
  readonly 'as-groups'?: readonly string[]
  readonly 'as-user-extra'?: Readonly<Record<string, readonly string[]>>
  readonly exec?: ExecPlugin
  readonly 'auth-provider'?: { readonly name?: string }
}

export interface ExecPlugin {
  readonly apiVersion?: string
  readonly command: string
  readonly args?: readonly string[] | null
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null
  readonly installHint?: string
  readonly provideClusterInfo?: boolean
  readonly interactiveMode?: 'Never' | 'IfAvailable' | 'Always'
}

export interface KubeconfigContext {
  readonly name: string
  /** Of the context, else `default`. */
  readonly namespace: string
  readonly cluster: ContextCluster
  readonly user: ContextUser
}

/** What is wrong with a configuration, with a next step; the message ends in `Next: …`. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError'
}

/** `context`: undefined is the current one. Throws KubeconfigError. */
export async function readContext({ read }: KubeconfigPaths, context: string | undefined): Promise<KubeconfigContext> {
  const config = await readMerged(read)
  const where = read.join(', ')
  if (config.files === 0) {
    throw new KubeconfigError(`there is no kubeconfig: looked at ${where}. Next: start a cluster with poise up, or name a file with --kubeconfig`)
  }
  const name = context ?? config.currentContext
  const known = [...config.contexts.keys()]
  const choose =
    known.length > 0 ? `choose one with --context: ${known.slice(0, 10).join(', ')}${known.length > 10 ? ', …' : ''}` : 'start a cluster with poise up'
  if (!name) throw new KubeconfigError(`no context is current in ${where}. Next: ${choose}`)
  const found = config.contexts.get(name)
  if (!found) throw new KubeconfigError(`there is no context ${JSON.stringify(name)} in ${where}. Next: ${choose}`)
  const cluster = config.clusters.get(found.cluster ?? '')
  if (!cluster?.server) {
    throw new KubeconfigError(
      `context ${JSON.stringify(name)} names the cluster ${JSON.stringify(found.cluster ?? '')}, which ${cluster ? 'has no server' : 'is not there'}. Next: mend it with kubectl config set-cluster`,
    )
  }
  const user = found.user ? config.users.get(found.user) : {}
  if (!user) {
    throw new KubeconfigError(
      `context ${JSON.stringify(name)} names the user ${JSON.stringify(found.user)}, which is not there. Next: mend it with kubectl config set-credentials`,
    )
  }
  return { name, namespace: found.namespace || 'default', cluster, user }
}

interface Merged {
  readonly files: number
  readonly currentContext: string
  readonly contexts: ReadonlyMap<string, { cluster?: string; user?: string; namespace?: string }>
  readonly clusters: ReadonlyMap<string, ContextCluster>
  readonly users: ReadonlyMap<string, ContextUser>
}

async function readMerged(paths: readonly string[]): Promise<Merged> {
  let files = 0
  let currentContext = ''
  const contexts = new Map<string, { cluster?: string; user?: string; namespace?: string }>()
  const clusters = new Map<string, ContextCluster>()
  const users = new Map<string, ContextUser>()
  for (const path of paths) {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      // Of a list, files that are not there do not count.
      if (error.code === 'ENOENT') return undefined
      throw new KubeconfigError(`the kubeconfig ${path} cannot be read: ${error.message}. Next: mend its permissions, or name another with --kubeconfig`)
    })
    if (text === undefined) continue
    files++
    const config = parseConfig(path, text)
    const from = dirname(path)
    currentContext ||= config['current-context'] ?? ''
    for (const { name, context } of config.contexts ?? []) if (!contexts.has(name)) contexts.set(name, context ?? {})
    for (const { name, cluster } of config.clusters ?? [])
      if (cluster && !clusters.has(name)) clusters.set(name, located(cluster, from, ['certificate-authority']))
    for (const { name, user } of config.users ?? []) {
      if (users.has(name)) continue
      const exec = user?.exec && { ...user.exec, command: commandFrom(user.exec.command, from) }
      users.set(name, { ...located(user ?? {}, from, ['client-certificate', 'client-key', 'tokenFile']), ...(exec && { exec }) })
    }
  }
  return { files, currentContext, contexts, clusters, users }
}

interface KubeconfigFile {
  readonly 'current-context'?: string
  readonly contexts?: readonly { readonly name: string; readonly context?: { cluster?: string; user?: string; namespace?: string } }[] | null
  readonly clusters?: readonly { readonly name: string; readonly cluster?: ContextCluster }[] | null
  readonly users?: readonly { readonly name: string; readonly user?: ContextUser | null }[] | null
}

function parseConfig(path: string, text: string): KubeconfigFile {
  let config: unknown
  try {
    config = parse(text)
  } catch (error) {
    throw new KubeconfigError(
      `the kubeconfig ${path} is not YAML: ${(error as Error).message.split('\n')[0]}. Next: mend the file, or name another with --kubeconfig`,
    )
  }
  if (config === null || config === undefined) return {}
  const lists = typeof config === 'object' ? Object.entries(config).filter(([key]) => ['clusters', 'users', 'contexts'].includes(key)) : []
  const isSound =
    typeof config === 'object' && !Array.isArray(config) && lists.every(([, list]) => list === null || (Array.isArray(list) && list.every(isNamed)))
  if (!isSound) throw new KubeconfigError(`the kubeconfig ${path} is not a configuration. Next: name another with --kubeconfig`)
  return config as KubeconfigFile
}

const isNamed = (entry: unknown): boolean => typeof entry === 'object' && entry !== null && typeof (entry as { name?: unknown }).name === 'string'

function located<T extends object>(entry: T, from: string, fields: readonly string[]): T {
  const moved = fields.flatMap(field => {
    const path = (entry as Record<string, unknown>)[field]
    return typeof path === 'string' && path !== '' ? [[field, isAbsolute(path) ? path : join(from, path)]] : []
  })
  return { ...entry, ...(Object.fromEntries(moved) as Partial<T>) }
}

/** A bare word is looked up on the PATH; what has a slash is a path. */
const commandFrom = (command: string, from: string): string => (command.includes('/') && !isAbsolute(command) ? join(from, command) : command)
