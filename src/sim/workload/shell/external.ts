import { normalized } from '../files.ts'
import type { Process, Program } from '../process.ts'
import type { Shell } from './shell.ts'

/** Runs a program in a process of its own and waits for it. */
export async function runExternal(shell: Shell, words: readonly string[], values: ReadonlyMap<string, string>): Promise<number> {
  const { process } = shell
  const found = await findProgram(process, words[0]!)
  if (typeof found !== 'function') {
    await process.complain(`sh: ${words[0]}: ${found.problem}\n`)
    return found.exitCode
  }
  const child = process.guest.spawn(found, {
    args: words,
    env: new Map([...process.env, ...values]),
    cwd: process.cwd,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    parent: process.pid,
  })
  return process.wait(child.exited)
}

/** A program of the image, or a script that somebody wrote into a file. */
export async function findProgram(process: Process, name: string): Promise<Program | { problem: string; exitCode: number }> {
  if (name.includes('/')) {
    const path = normalized(name, process.cwd)
    const info = await process.wait(process.guest.files.stat(path))
    if (info?.kind === 'directory') return { problem: 'Permission denied', exitCode: 126 }
    if (info) {
      if ((info.mode & 0o111) === 0) return { problem: 'Permission denied', exitCode: 126 }
      const shell = process.guest.program('sh')
      if (!shell) return { problem: 'not found', exitCode: 127 }
      return child => {
        child.args = ['sh', path, ...child.args.slice(1)]
        return shell(child)
      }
    }
  }
  const program = process.guest.program(name)
  if (!program) return { problem: 'not found', exitCode: 127 }
  return program
}
