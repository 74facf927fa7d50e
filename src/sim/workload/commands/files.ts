/** Programs that change files, as busybox words their complaints. */
import { errorText, normalized } from '../files.ts'
import type { Process, Program } from '../process.ts'

export const filePrograms: Readonly<Record<string, Program>> = {
  touch: forEach('touch', async (process, path) => {
    await process.guest.files.write(path, '', { append: true })
    return undefined
  }),
  mkdir: forEach('mkdir', async (process, path, name, flags) => {
    const { files } = process.guest
    if (await files.stat(path)) {
      if (flags.includes('p')) return undefined
      return `can't create directory '${name}': File exists`
    }
    const parent = path.slice(0, path.lastIndexOf('/')) || '/'
    if (!flags.includes('p') && !(await files.stat(parent))) return `can't create directory '${name}': No such file or directory`
    await files.makeDirectory(path)
    return undefined
  }),
  rm: forEach('rm', async (process, path, name, flags) => {
    const { files } = process.guest
    if ((await files.stat(path))?.kind === 'directory' && !/[rR]/.test(flags)) return `'${name}' is a directory`
    return !(await files.remove(path)) && !flags.includes('f') ? `can't remove '${name}': No such file or directory` : undefined
  }),
  chmod: async process => {
    const [mode = '', ...names] = process.args.slice(1).filter(arg => !/^-[Rfv]+$/.test(arg))
    for (const name of names) {
      const path = normalized(name, process.cwd)
      const info = await process.wait(process.guest.files.stat(path))
      if (!info) return complain(process, 'chmod', `${name}: No such file or directory`)
      const exact = /^[0-7]+$/.test(mode) ? parseInt(mode, 8) : mode.includes('x') ? info.mode | 0o111 : info.mode
      await process.wait(process.guest.files.changeMode(path, exact))
    }
    return 0
  },
  chown: async () => 0,
  cp: twoPaths('cp', async (process, from, to) => process.guest.files.write(to, await process.guest.files.read(from))),
  mv: twoPaths('mv', (process, from, to) => process.guest.files.rename(from, to)),
  ln: async process => {
    const [target, name] = process.args.slice(1).filter(arg => !arg.startsWith('-'))
    if (target === undefined || name === undefined) return complain(process, 'ln', 'missing operand')
    const path = normalized(name, process.cwd)
    return attempt(process, 'ln', name, async () => {
      if (process.args.some(arg => /^-\w*f/.test(arg))) await process.guest.files.remove(path)
      await process.guest.files.symlink(target, path)
    })
  },
  ls: async process => {
    const flags = process.args
      .slice(1)
      .filter(arg => arg.startsWith('-'))
      .join('')
    const names = process.args.slice(1).filter(arg => !arg.startsWith('-'))
    let code = 0
    for (const name of names.length > 0 ? names : ['.']) {
      const path = normalized(name, process.cwd)
      const info = await process.wait(process.guest.files.stat(path))
      if (!info) {
        code = await complain(process, 'ls', `${name}: No such file or directory`)
        continue
      }
      const all = info.kind === 'directory' ? await process.wait(process.guest.files.list(path)) : [name]
      const shown = all.filter(entry => /[aA]/.test(flags) || !entry.startsWith('.'))
      if (shown.length > 0) await process.print(`${shown.join('\n')}\n`)
    }
    return code
  },
  sync: async () => 0,
}

/** One action for each path given; text that comes back is a complaint. */
function forEach(program: string, act: (process: Process, path: string, name: string, flags: string) => Promise<string | undefined>): Program {
  return async process => {
    const args = process.args.slice(1)
    const flags = args.filter(arg => arg.startsWith('-')).join('')
    let code = 0
    for (const name of args.filter(arg => !arg.startsWith('-'))) {
      code = Math.max(
        code,
        await attempt(process, program, name, async () => {
          const problem = await act(process, normalized(name, process.cwd), name, flags)
          if (problem) throw new Complaint(problem)
        }),
      )
    }
    return code
  }
}

function twoPaths(program: string, act: (process: Process, from: string, to: string) => Promise<void>): Program {
  return async process => {
    const [from, to] = process.args.slice(1).filter(arg => !arg.startsWith('-'))
    if (from === undefined || to === undefined) return complain(process, program, 'missing operand')
    const source = normalized(from, process.cwd)
    let target = normalized(to, process.cwd)
    if ((await process.wait(process.guest.files.stat(target)))?.kind === 'directory') target = `${target}/${source.slice(source.lastIndexOf('/') + 1)}`
    return attempt(process, program, from, () => act(process, source, target))
  }
}

class Complaint extends Error {}

async function attempt(process: Process, program: string, name: string, act: () => Promise<void>): Promise<number> {
  try {
    await process.wait(act())
    return 0
  } catch (error) {
    if (!process.alive) throw error
    return complain(process, program, error instanceof Complaint ? error.message : `${name}: ${errorText(error)}`)
  }
}

export async function complain(process: Process, program: string, text: string): Promise<number> {
  await process.complain(`${program}: ${text}\n`)
  return 1
}
