/** Commands the shell must run itself, because they change it; and the few that every shell has inside. */
import { normalized } from '../files.ts'
import { signalOf } from '../process.ts'
import { echo, formatPrintf } from '../commands/print.ts'
import { evaluateTest } from '../commands/test_expression.ts'
import { findProgram } from './external.ts'
import { ExitShell, Leave } from './control.ts'
import type { Shell } from './shell.ts'

export type Builtin = (args: readonly string[]) => Promise<number>

export function createBuiltins(shell: Shell): ReadonlyMap<string, Builtin> {
  const { process } = shell
  const number = (text: string | undefined, otherwise: number) => (text !== undefined && /^\d+$/.test(text) ? Number(text) : otherwise)
  const assign = (args: readonly string[]) => {
    for (const arg of args) {
      const cut = arg.indexOf('=')
      if (cut > 0) process.env.set(arg.slice(0, cut), arg.slice(cut + 1))
    }
    return 0
  }

  const builtins: Record<string, Builtin> = {
    ':': async () => 0,
    true: async () => 0,
    false: async () => 1,
    exit: async args => {
      throw new ExitShell(number(args[0], shell.status) & 255)
    },
    return: async args => {
      shell.status = number(args[0], shell.status)
      throw new Leave('return', 1)
    },
    break: async args => {
      throw new Leave('break', number(args[0], 1))
    },
    continue: async args => {
      throw new Leave('continue', number(args[0], 1))
    },
    echo: async args => {
      await process.print(echo(args))
      return 0
    },
    printf: async args => {
      await process.print(formatPrintf(args))
      return 0
    },
    test: args => evaluateTest(args, process),
    '[': async args => {
      if (args.at(-1) === ']') return evaluateTest(args.slice(0, -1), process)
      await process.complain('sh: missing ]\n')
      return 2
    },
    export: async args => assign(args),
    local: async args => assign(args),
    readonly: async args => assign(args),
    unset: async args => {
      for (const name of args) process.env.delete(name)
      return 0
    },
    set: async args => {
      for (const arg of args) {
        if (/^-\w*e/.test(arg)) shell.errexit = true
        if (/^\+\w*e/.test(arg)) shell.errexit = false
      }
      const cut = args.indexOf('--')
      if (cut >= 0) shell.parameters = [shell.parameters[0] ?? 'sh', ...args.slice(cut + 1)]
      return 0
    },
    shift: async args => {
      shell.parameters = [shell.parameters[0] ?? 'sh', ...shell.parameters.slice(1 + number(args[0], 1))]
      return 0
    },
    cd: async args => {
      const path = normalized(args[0] ?? process.env.get('HOME') ?? '/', process.cwd)
      if ((await process.wait(process.guest.files.stat(path)))?.kind !== 'directory') {
        await process.complain(`sh: cd: can't cd to ${args[0]}: No such file or directory\n`)
        return 2
      }
      process.cwd = path
      process.env.set('PWD', path)
      return 0
    },
    pwd: async () => {
      await process.print(`${process.cwd}\n`)
      return 0
    },
    read: async args => {
      const line = await process.wait(process.stdin.readLine())
      const names = args.filter(arg => !arg.startsWith('-'))
      const words = (line ?? '').trim().split(/[ \t]+/)
      for (const [i, name] of names.entries()) process.env.set(name, i === names.length - 1 ? words.slice(i).join(' ') : (words[i] ?? ''))
      return line === undefined ? 1 : 0
    },
    eval: args => shell.runText(args.join(' ')),
    trap: async args => {
      if (args.length < 2) return 0
      for (const name of args.slice(1)) {
        const signal = name === 'EXIT' || name === '0' ? 'EXIT' : signalOf(name)
        if (signal) shell.setTrap(signal, args[0] === '-' ? undefined : args[0])
      }
      return 0
    },
    wait: async args => {
      const wanted = args.length > 0 ? args.map(Number) : [...shell.jobs.keys()]
      const all = Promise.all(wanted.map(pid => shell.jobs.get(pid) ?? Promise.resolve(127))).then(codes => ({ code: args.length > 0 ? codes.at(-1)! : 0 }))
      // The one builtin that a trapped signal interrupts (POSIX 2.14, wait): hence `sleep infinity & wait`.
      const outcome = await process.wait(Promise.race([all, shell.interrupted().then(() => ({ code: 143 }))]))
      for (const pid of wanted) shell.jobs.delete(pid)
      return outcome.code
    },
    kill: async args => {
      const [first = ''] = args
      const signal = first.startsWith('-') ? (first === '-s' ? signalOf(args[1] ?? '') : signalOf(first.slice(1))) : 'TERM'
      const pids = args.slice(first === '-s' ? 2 : first.startsWith('-') ? 1 : 0)
      if (first === '-0') return pids.every(pid => process.guest.processes().some(other => other.pid === Number(pid))) ? 0 : 1
      let code = 0
      for (const pid of pids) {
        if (signal && process.guest.signal(Number(pid.replace('%', '')), signal, 'inside')) continue
        await process.complain(`sh: can't kill pid ${pid}: No such process\n`)
        code = 1
      }
      return code
    },
    exec: async args => {
      if (args.length === 0) return 0
      const program = await findProgram(process, args[0]!)
      if (typeof program !== 'function') {
        await process.complain(`sh: exec: ${args[0]}: ${program.problem}\n`)
        throw new ExitShell(program.exitCode)
      }
      // The program takes this process over: it keeps the number, and with it the fate of PID 1; traps are gone.
      for (const signal of shell.traps.keys()) if (signal !== 'EXIT') process.onSignal(signal, undefined)
      shell.traps.clear()
      process.args = args
      throw new ExitShell(await program(process))
    },
    command: async args => {
      if (args[0] !== '-v') return shell.runText(args.map(arg => `'${arg.replaceAll("'", `'\\''`)}'`).join(' '))
      const known = args[1] !== undefined && (builtins[args[1]] !== undefined || process.guest.program(args[1]) !== undefined)
      if (known) await process.print(`${args[1]}\n`)
      return known ? 0 : 127
    },
  }
  return new Map(Object.entries(builtins))
}
