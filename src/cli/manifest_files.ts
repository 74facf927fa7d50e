/** Reads manifests as kubectl does: files, directories (with -R those below them too), and `-` for what is piped in. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { addAbortSignal, type Readable } from 'node:stream'
import { text as textOf } from 'node:stream/consumers'
import type { ManifestText } from '../check/manifests.ts'
import { UserError } from './output.ts'

const EXTENSIONS = /\.(json|yaml|yml)$/

/** As `-f` and `-R` name them. `signal` ends the waiting for what is piped in. */
export async function readFiles(
  { filename, recursive }: { readonly filename: readonly string[]; readonly recursive: boolean },
  signal: AbortSignal,
): Promise<ManifestText[]> {
  if (filename.length === 0) throw new UserError('there is nothing to check', { next: 'Name the manifests: poise check -f deploy.yaml', exitCode: 2 })
  return readManifestFiles(filename, { recursive, stdin: process.stdin, signal })
}

export async function readManifestFiles(
  names: readonly string[],
  { recursive, stdin, signal }: { recursive: boolean; stdin: Readable; signal: AbortSignal },
): Promise<ManifestText[]> {
  const texts: ManifestText[] = []
  if (names.filter(name => name === '-').length > 1)
    throw new UserError('-f - was given more than once', { next: 'Standard input can be read once.', exitCode: 2 })
  for (const name of names) {
    if (/^https?:\/\//.test(name))
      throw new UserError(`${name} is an address, and files are read here only`, { next: `Fetch it first: curl -fsSL ${name} | poise check -f -`, exitCode: 2 })
    if (name === '-') texts.push({ file: 'STDIN', text: await textOf(addAbortSignal(signal, stdin)) })
    else for (const file of await filesAt(name, recursive)) texts.push({ file, text: await readFile(file, 'utf8').catch(unreadable(file)) })
  }
  return texts
}

/** In a directory only what looks like a manifest; a file that was named is taken as it is. */
async function filesAt(name: string, recursive: boolean): Promise<string[]> {
  const found = await stat(name).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT')
      throw new UserError(`the path "${name}" does not exist`, { next: 'Name a file or a directory with -f, or - for standard input.', exitCode: 2 })
    throw error
  })
  if (!found.isDirectory()) return [name]
  const entries = (await readdir(name, { withFileTypes: true })).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const files: string[] = []
  for (const entry of entries) {
    const path = join(name, entry.name)
    if (entry.isDirectory()) files.push(...(recursive ? await filesAt(path, true) : []))
    else if (EXTENSIONS.test(entry.name)) files.push(path)
  }
  return files
}

const unreadable = (file: string) => (error: NodeJS.ErrnoException) => {
  throw new UserError(`${file} cannot be read: ${error.message}`, { exitCode: 2 })
}
