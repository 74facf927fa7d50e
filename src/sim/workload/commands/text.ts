/** Programs that read files or their input and print. */
import { errorText, normalized } from '../files.ts'
import type { Process, Program } from '../process.ts'
import { complain } from './files.ts'
import { echo, formatPrintf } from './print.ts'
import { evaluateTest } from './test_expression.ts'

export const textPrograms: Readonly<Record<string, Program>> = {
  echo: async process => {
    await process.print(echo(process.args.slice(1)))
    return 0
  },
  printf: async process => {
    await process.print(formatPrintf(process.args.slice(1)))
    return 0
  },
  test: process => evaluateTest(process.args.slice(1), process),
  '[': process => evaluateTest(process.args.slice(1, -1), process),
  cat: async process => {
    const names = process.args.slice(1).filter(arg => !/^-\w/.test(arg))
    if (names.length === 0) {
      for (let text = await process.wait(process.stdin.read()); text !== undefined; text = await process.wait(process.stdin.read())) await process.print(text)
      return 0
    }
    let code = 0
    for (const name of names) {
      const text = await readOrComplain(process, 'cat', name)
      if (text === undefined) code = 1
      else await process.print(text)
    }
    return code
  },
  head: async process => {
    const { count, text } = await lastOrFirst(process, 'head')
    if (text === undefined) return 1
    await process.print(text.split('\n').slice(0, count).join('\n').replace(/(.)$/s, '$1\n').replace(/\n\n$/, '\n'))
    return 0
  },
  tail: async process => {
    const { count, text, name } = await lastOrFirst(process, 'tail')
    if (text === undefined) return 1
    const lines = text.replace(/\n$/, '').split('\n')
    if (text !== '') await process.print(`${lines.slice(-count).join('\n')}\n`)
    return process.args.some(arg => /^-\w*[fF]/.test(arg)) ? follow(process, name, text.length) : 0
  },
  grep: async process => {
    const flags = process.args
      .slice(1)
      .filter(arg => arg.startsWith('-'))
      .join('')
    const [pattern = '', ...names] = process.args.slice(1).filter(arg => !arg.startsWith('-'))
    const text = names.length > 0 ? await readOrComplain(process, 'grep', names[0]!) : await everything(process)
    if (text === undefined) return 2
    const expression = new RegExp(flags.includes('F') ? pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') : pattern, flags.includes('i') ? 'i' : '')
    const found = text
      .replace(/\n$/, '')
      .split('\n')
      .filter(line => expression.test(line) !== flags.includes('v') && text !== '')
    if (!flags.includes('q') && found.length > 0) await process.print(flags.includes('c') ? `${found.length}\n` : `${found.join('\n')}\n`)
    return found.length > 0 ? 0 : 1
  },
  wc: async process => {
    const text = await everything(process)
    await process.print(`${process.args.includes('-c') ? text.length : text.split('\n').length - 1}\n`)
    return 0
  },
  seq: async process => {
    const numbers = process.args.slice(1).map(Number)
    const [first, last] = numbers.length > 1 ? [numbers[0]!, numbers.at(-1)!] : [1, numbers[0] ?? 0]
    for (let i = first; i <= last && process.alive; i++) await process.print(`${i}\n`)
    return 0
  },
  tee: async process => {
    const [name] = process.args.slice(1).filter(arg => !arg.startsWith('-'))
    const text = await everything(process)
    if (name !== undefined) await process.wait(process.guest.files.write(normalized(name, process.cwd), text, { append: process.args.includes('-a') }))
    await process.print(text)
    return 0
  },
}

async function everything(process: Process): Promise<string> {
  let all = ''
  for (let text = await process.wait(process.stdin.read()); text !== undefined; text = await process.wait(process.stdin.read())) all += text
  return all
}

async function readOrComplain(process: Process, program: string, name: string): Promise<string | undefined> {
  if (name === '-') return everything(process)
  if (name === '/dev/null') return ''
  try {
    return await process.wait(process.guest.files.read(normalized(name, process.cwd)))
  } catch (error) {
    if (!process.alive) throw error
    await complain(
      process,
      program,
      program === 'cat' || program === 'tail' || program === 'head' ? `can't open '${name}': ${errorText(error)}` : `${name}: ${errorText(error)}`,
    )
    return undefined
  }
}

async function lastOrFirst(process: Process, program: string): Promise<{ count: number; text: string | undefined; name: string }> {
  const args = process.args.slice(1)
  const flag = args.find(arg => /^-(n|\d)/.test(arg))
  const count = flag === undefined ? 10 : Number(flag.replace(/^-n?/, '') || args[args.indexOf(flag) + 1])
  const name = args.filter((arg, i) => !arg.startsWith('-') && args[i - 1] !== '-n')[0] ?? '-'
  return { count, name, text: await readOrComplain(process, program, name) }
}

/** busybox looks once a second; `tail -f /dev/null` is how many containers stay alive, and needs no looking. */
async function follow(process: Process, name: string, seen: number): Promise<number> {
  if (name === '/dev/null' || name === '-') return process.wait(new Promise<number>(() => {}))
  for (let from = seen; ;) {
    await process.sleep(1_000)
    const text = await readOrComplain(process, 'tail', name)
    if (text === undefined) return 1
    if (text.length > from) await process.print(text.slice(from))
    from = text.length
  }
}
