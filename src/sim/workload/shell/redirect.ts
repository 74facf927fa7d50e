import { errorText, normalized } from '../files.ts'
import { inputOf, nowhere } from '../pipe.ts'
import type { Output } from '../pipe.ts'
import type { Process } from '../process.ts'
import type { Expander } from './expand.ts'
import type { Shell } from './shell.ts'
import type { Redirect } from './syntax.ts'

/** Runs with the streams sent elsewhere, and puts them back. A file that cannot be opened fails the command. */
export async function withRedirects(shell: Shell, expander: Expander, redirects: readonly Redirect[], run: () => Promise<number>): Promise<number> {
  if (redirects.length === 0) return run()
  const { process } = shell
  const { stdin, stdout, stderr } = process
  try {
    for (const redirect of redirects) {
      const problem = await apply(process, redirect, await expander.text(redirect.target))
      if (problem !== undefined) {
        await stderr.write(`sh: ${problem}\n`)
        return 1
      }
    }
    return await run()
  } finally {
    process.stdin = stdin
    process.stdout = stdout
    process.stderr = stderr
  }
}

/** For `exec > file`: the streams stay where they are sent. Returns what went wrong. */
export async function apply(process: Process, { descriptor, kind }: Redirect, target: string): Promise<string | undefined> {
  if (kind === 'text') {
    process.stdin = inputOf(target)
    return undefined
  }
  if (kind === 'duplicate') {
    const source = target === '1' ? process.stdout : target === '2' ? process.stderr : nowhere
    if (descriptor === 2) process.stderr = source
    else if (descriptor === 1) process.stdout = source
    return undefined
  }
  const path = normalized(target, process.cwd)
  try {
    if (kind === 'read') {
      process.stdin = path === '/dev/null' ? inputOf('') : inputOf(await process.wait(process.guest.files.read(path)))
      return undefined
    }
    const output = await open(process, path, kind)
    if (descriptor !== 2) process.stdout = output
    if (descriptor === 2 || descriptor === -1) process.stderr = output
    return undefined
  } catch (error) {
    const text = errorText(error)
    if (kind === 'read') return `can't open ${target}: ${text === 'No such file or directory' ? 'no such file' : text}`
    return `can't create ${target}: ${text === 'No such file or directory' ? 'nonexistent directory' : text}`
  }
}

async function open(process: Process, path: string, kind: 'write' | 'append'): Promise<Output> {
  const { files } = process.guest
  switch (path) {
    case '/dev/null':
      return nowhere
    case '/dev/stdout':
      return process.stdout
    case '/dev/stderr':
      return process.stderr
    case '/proc/1/fd/1':
      return process.guest.mainOutput('stdout')
    case '/proc/1/fd/2':
      return process.guest.mainOutput('stderr')
  }
  await process.wait(files.write(path, '', { append: kind === 'append' }))
  return { write: text => files.write(path, text, { append: true }) }
}
