/** Programs about time, processes and the machine. */
import { normalized } from '../files.ts'
import { signalOf } from '../process.ts'
import type { Process, Program } from '../process.ts'
import { runShell, asLife, createShell } from '../shell/shell.ts'
import { complain } from './files.ts'

export const systemPrograms: Readonly<Record<string, Program>> = {
  sh: shellProgram,
  ash: shellProgram,
  bash: shellProgram,
  true: async () => 0,
  false: async () => 1,
  sleep: async process => {
    let total = 0
    for (const arg of process.args.slice(1)) {
      const found = /^(\d+(?:\.\d+)?|\.\d+|infinity|inf)([smhd]?)$/.exec(arg)
      if (!found) return complain(process, 'sleep', `invalid number '${arg}'`)
      total += found[1]!.startsWith('inf') ? Infinity : Number(found[1]) * { '': 1_000, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[found[2]!]!
    }
    if (process.args.length < 2) return complain(process, 'sleep', 'missing operand')
    if (total === Infinity) return process.wait(new Promise<number>(() => {}))
    await process.sleep(total)
    return 0
  },
  timeout: async process => {
    const args = process.args.slice(1)
    while (args[0]?.startsWith('-')) args.shift()
    const seconds = Number.parseFloat(args[0] ?? '')
    const program = process.guest.program(args[1] ?? '')
    if (!program || Number.isNaN(seconds)) return complain(process, 'timeout', `can't execute '${args[1]}': No such file or directory`)
    const child = process.guest.spawn(program, { ...process, args: args.slice(1), parent: process.pid })
    const timer = process.guest.clock.at(
      process.guest.clock.now() + seconds * 1_000,
      () => process.guest.signal(child.pid, 'TERM', 'inside'),
      'workload timeout',
    )
    const code = await process.wait(child.exited)
    timer.cancel()
    return code
  },
  date: async process => {
    const now = new Date(process.guest.clock.wall())
    const format = process.args.find(arg => arg.startsWith('+'))?.slice(1)
    const pad = (n: number) => String(n).padStart(2, '0')
    const parts: Record<string, string> = {
      Y: String(now.getUTCFullYear()),
      m: pad(now.getUTCMonth() + 1),
      d: pad(now.getUTCDate()),
      H: pad(now.getUTCHours()),
      M: pad(now.getUTCMinutes()),
      S: pad(now.getUTCSeconds()),
      s: String(Math.floor(now.getTime() / 1000)),
      N: `${String(now.getTime() % 1000).padStart(3, '0')}000000`,
      F: now.toISOString().slice(0, 10),
      T: now.toISOString().slice(11, 19),
      Z: 'UTC',
    }
    const [weekday, day, month] = now.toUTCString().replace(',', '').split(' ')
    await process.print(
      format === undefined
        ? `${weekday} ${month} ${String(Number(day)).padStart(2)} ${parts.T} UTC ${parts.Y}\n`
        : `${format.replace(/%(.)/g, (all, letter: string) => parts[letter] ?? all)}\n`,
    )
    return 0
  },
  hostname: async process => {
    await process.print(`${process.args.includes('-i') ? process.guest.address : process.guest.hostname}\n`)
    return 0
  },
  env: async process => {
    const args = process.args.slice(1)
    const env = new Map(process.env)
    while (args[0]?.includes('=')) {
      const [name = '', ...value] = args.shift()!.split('=')
      env.set(name, value.join('='))
    }
    const program = args.length > 0 ? process.guest.program(args[0]!) : undefined
    if (program) return process.wait(process.guest.spawn(program, { ...process, args, env, parent: process.pid }).exited)
    if (args.length > 0) return complain(process, 'env', `can't execute '${args[0]}': No such file or directory`).then(() => 127)
    await process.print([...env].map(([name, value]) => `${name}=${value}\n`).join(''))
    return 0
  },
  printenv: async process => {
    const [name] = process.args.slice(1)
    if (name === undefined) return systemPrograms.env!(process)
    const value = process.env.get(name)
    if (value !== undefined) await process.print(`${value}\n`)
    return value === undefined ? 1 : 0
  },
  id: async process => {
    const { uid, gid } = process.guest.user
    const name = uid === 0 ? '(root)' : ''
    await process.print(
      process.args.includes('-u') ? `${uid}\n` : process.args.includes('-g') ? `${gid}\n` : `uid=${uid}${name} gid=${gid}${gid === 0 ? '(root)' : ''}\n`,
    )
    return 0
  },
  whoami: async process => {
    const { uid } = process.guest.user
    if (uid !== 0) return complain(process, 'whoami', `unknown uid ${uid}`)
    await process.print('root\n')
    return 0
  },
  uname: async process => {
    await process.print(process.args.includes('-a') ? `Linux ${process.guest.hostname} 6.1.0-simulated x86_64 GNU/Linux\n` : 'Linux\n')
    return 0
  },
  ps: async process => {
    await process.print(
      [
        'PID   USER     TIME  COMMAND',
        ...process.guest.processes().map(other => `${String(other.pid).padStart(5)} root      0:00 ${other.args.join(' ')}`),
        '',
      ].join('\n'),
    )
    return 0
  },
  top: async process => {
    const used = Math.ceil(process.guest.memoryBytes() / 1024)
    await process.print(
      `Mem: ${used}K used\nCPU:   0% usr   0% sys   0% nic 100% idle   0% io   0% irq   0% sirq\n  PID  PPID USER     STAT   VSZ %VSZ %CPU COMMAND\n`,
    )
    for (const other of process.guest.processes()) {
      await process.print(
        `${String(other.pid).padStart(5)} ${String(other.parent).padStart(5)} root     ${other.cpus > 0 ? 'R' : 'S'}    ${Math.ceil(other.memoryBytes / 1024)}   0%  ${Math.round(other.cpus * 100)}% ${other.args.join(' ')}\n`,
      )
    }
    return 0
  },
  killall: async process => {
    const flags = process.args.slice(1).filter(arg => arg.startsWith('-'))
    let code = 0
    for (const name of process.args.slice(1).filter(arg => !arg.startsWith('-'))) {
      const found = named(process, name)
      if (found.length === 0) {
        code = 1
        if (!flags.includes('-q')) await process.complain(`killall: ${name}: no process killed\n`)
      }
      if (flags.includes('-0')) continue
      const signal = signalOf(flags.map(flag => flag.slice(1)).find(flag => signalOf(flag)) ?? 'TERM')!
      for (const other of found) process.guest.signal(other.pid, signal, 'inside')
    }
    return code
  },
  pidof: async process => {
    const found = named(process, process.args[1] ?? '')
    if (found.length > 0) await process.print(`${found.map(other => other.pid).join(' ')}\n`)
    return found.length > 0 ? 0 : 1
  },
}

export const named = (process: Process, name: string): Process[] =>
  process.guest.processes().filter(other => (other.args[0] ?? '').split('/').at(-1)!.replace(/:$/, '') === name)

async function shellProgram(process: Process): Promise<number> {
  const args = process.args.slice(1)
  let command = false
  let errexit = false
  while (args[0]?.startsWith('-') && args[0] !== '-') {
    const flags = args.shift()!
    if (flags === '--') break
    if (/^-[a-z]+$/.test(flags) && flags.includes('c')) command = true
    if (/^-[a-z]+$/.test(flags) && flags.includes('e')) errexit = true
  }
  const prefix = errexit ? 'set -e\n' : ''
  if (command) {
    if (args.length === 0) return complain(process, 'sh', `-c requires an argument`).then(() => 2)
    return runShell(process, prefix + args[0]!, args.length > 1 ? args.slice(1) : ['sh'])
  }
  if (args.length > 0) {
    const path = normalized(args[0]!, process.cwd)
    if ((await process.wait(process.guest.files.stat(path)))?.kind !== 'file')
      return complain(process, 'sh', `can't open '${args[0]}': No such file or directory`).then(() => 2)
    return runShell(process, prefix + (await process.wait(process.guest.files.read(path))), args)
  }
  return interactive(process)
}

/** Line by line from the input; at its end the shell exits. A container without stdin has no input: `sh` ends at once. */
async function interactive(process: Process): Promise<number> {
  const shell = createShell(process, ['sh'])
  const prompt = process.env.has('TERM') ? '/ # ' : ''
  return asLife(shell, async () => {
    for (;;) {
      await process.print(prompt)
      const line = await process.wait(process.stdin.readLine())
      if (line === undefined) return shell.status
      await shell.runText(line)
    }
  })
}
