/**
 * The user's kubeconfig: which files there are, and how a cluster's entries get in and out, by kubectl's own rules.
 * Everything else in a file (other people's entries, comments, fields we do not know) stays as it is.
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile, realpath, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { Document, isMap, parse, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml'
import { writeFileAtomically } from './atomic_file.ts'
import type { KeyPair } from './certificates.ts'
import { tryFileLock } from './file_lock.ts'

export interface KubeconfigPaths {
  /** All that make up the configuration; an earlier one wins. */
  readonly read: readonly string[]
  /** Where what is new goes. */
  readonly write: string
}

/**
 * `--kubeconfig` names the only file; else $KUBECONFIG is a list, of which the first that exists is written to, or the
 * last when none does; else it is ~/.kube/config.
 */
export function kubeconfigPath(env: Readonly<Record<string, string | undefined>>, given: string | undefined): KubeconfigPaths {
  if (given) return { read: [given], write: given }
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter(path => path !== '')
  const read = listed.length > 0 ? [...new Set(listed)] : [join(env['HOME'] || homedir(), '.kube', 'config')]
  return { read, write: read.find(path => existsSync(path)) ?? read.at(-1)! }
}

export interface KubeconfigEntry {
  /** Of the cluster; its entries are called `poise-<name>`. */
  readonly name: string
  readonly server: string
  /** PEM. */
  readonly ca: string
  readonly client: KeyPair
}

/** A whole kubeconfig with this one cluster. Strings are quoted as JSON, which is YAML. */
export function renderKubeconfig({ name, server, ca, client }: KubeconfigEntry): string {
  const entry = JSON.stringify(`poise-${name}`)
  const data = (pem: string) => Buffer.from(pem).toString('base64')
  return `apiVersion: v1
kind: Config
clusters:
- name: ${entry}
  cluster:
    certificate-authority-data: ${data(ca)}
    server: ${server}
users:
- name: ${entry}
  user:
    client-certificate-data: ${data(client.certificate)}
    client-key-data: ${data(client.key)}
contexts:
- name: ${entry}
  context:
    cluster: ${entry}
    user: ${entry}
current-context: ${entry}
preferences: {}
`
}

/** How to reach a cluster as its administrator; all in PEM. */
export interface ClusterConnection {
  readonly server: string
  readonly ca: string
  readonly certificate: string
  readonly key: string
}

/** What a kubeconfig with one cluster and one user (renderKubeconfig) says. */
export function connectionOf(kubeconfig: string): ClusterConnection {
  const { clusters, users } = parse(kubeconfig) as {
    clusters: { cluster: { server: string; 'certificate-authority-data': string } }[]
    users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[]
  }
  const pem = (data: string) => Buffer.from(data, 'base64').toString('utf8')
  const { cluster } = clusters[0]!
  const { user } = users[0]!
  return {
    server: cluster.server,
    ca: pem(cluster['certificate-authority-data']),
    certificate: pem(user['client-certificate-data']),
    key: pem(user['client-key-data']),
  }
}

/** Puts the entries of a rendered kubeconfig where entries of these names are already, or where new ones go. */
export async function addKubeconfig({ read, write }: KubeconfigPaths, text: string, { switchContext = true }: { switchContext?: boolean } = {}): Promise<void> {
  const added = parse(text) as Record<Section, { name: string }[]> & { 'current-context': string }
  const homes = new Map<string, { section: Section; entry: { name: string } }[]>(switchContext ? [[write, []]] : [])
  for (const section of SECTIONS) {
    for (const entry of added[section]) {
      const home = (await holderOf(read, section, entry.name)) ?? write
      homes.set(home, [...(homes.get(home) ?? []), { section, entry }])
    }
  }
  for (const [path, entries] of homes) {
    await edit(path, document => {
      for (const { section, entry } of entries) setEntry(document, section, entry)
      if (switchContext && path === write) document.set('current-context', added['current-context'])
    })
  }
}

/** Takes out every cluster, user and context of this name. A file that does not have them is not touched. */
export async function removeKubeconfig({ read }: KubeconfigPaths, name: string): Promise<void> {
  for (const path of read) {
    const document = await load(path)
    if (!document || (!SECTIONS.some(section => indexOf(document, section, name) >= 0) && document.get('current-context') !== name)) continue
    await edit(path, found => {
      for (const section of SECTIONS) {
        for (let at = indexOf(found, section, name); at >= 0; at = indexOf(found, section, name)) found.deleteIn([section, at])
      }
      if (found.get('current-context') === name) found.set('current-context', '')
    })
  }
}

const SECTIONS = ['clusters', 'users', 'contexts'] as const
type Section = (typeof SECTIONS)[number]

async function holderOf(paths: readonly string[], section: Section, name: string): Promise<string | undefined> {
  for (const path of paths) {
    const document = await load(path)
    if (document && indexOf(document, section, name) >= 0) return path
  }
  return undefined
}

function indexOf(document: Document, section: Section, name: string): number {
  const entries = document.get(section) as YAMLSeq<YAMLMap> | null | undefined
  return entries?.items?.findIndex(entry => entry?.get?.('name') === name) ?? -1
}

function setEntry(document: Document, section: Section, entry: { name: string }): void {
  const entries = document.get(section) as YAMLSeq | null | undefined
  const node = document.createNode(entry)
  // kubectl leaves `null` or `[]` behind when the last entry goes.
  if (!entries?.items) return document.set(section, document.createNode([entry]))
  const at = indexOf(document, section, entry.name)
  if (at >= 0) entries.items[at] = node
  else entries.items.push(node)
  entries.flow = false
}

async function edit(path: string, change: (document: Document) => void): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  // A link is followed here, or the rename would replace it.
  const target = await realpath(path).catch(() => path)
  const unlock = await lock(`${target}.lock`)
  try {
    const document =
      (await load(target)) ?? new Document({ apiVersion: 'v1', kind: 'Config', clusters: [], users: [], contexts: [], 'current-context': '', preferences: {} })
    change(document)
    await writeFileAtomically(target, document.toString({ lineWidth: 0 }), 0o600)
  } finally {
    await unlock()
  }
}

async function load(path: string): Promise<Document | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  if (text.trim() === '') return undefined
  const document = parseDocument(text)
  // Never written over: it may be one slip of the pen away from somebody's only copy.
  if (document.errors.length > 0) throw new Error(`the kubeconfig ${path} cannot be read: ${document.errors[0]!.message}`)
  if (document.contents === null) return undefined
  if (!isMap(document.contents)) throw new Error(`the kubeconfig ${path} is not a configuration`)
  return document as unknown as Document
}

const LOCK_WAIT_MS = 5000
const LOCK_RETRY_MS = 50
/** A write takes milliseconds; kubectl, killed in the middle of one, leaves its lock for ever. */
const LOCK_STALE_MS = 60_000

/**
 * kubectl's own lock: a file beside it that must not exist. kubectl's is empty; ours says whose it is, so that one whose
 * process was killed in the middle of a write does not make the next wait.
 */
async function lock(path: string): Promise<() => Promise<void>> {
  const deadline = performance.now() + LOCK_WAIT_MS
  for (;;) {
    const attempt = await tryFileLock(path, content => content === '')
    if (attempt.is === 'taken') return attempt.release
    const held = await stat(path).catch(() => undefined)
    if (held && held.size === 0 && Date.now() - held.mtimeMs > LOCK_STALE_MS) await rm(path, { force: true })
    else if (performance.now() > deadline) throw new Error(`the kubeconfig is locked by another program; if none is running, remove ${path}`)
    else await new Promise(resolve => setTimeout(resolve, LOCK_RETRY_MS))
  }
}
