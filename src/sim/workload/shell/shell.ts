/**
 * A small POSIX shell over simulated processes.
 *
 * Two habits of real shells decide how a Pod ends, and are kept: a trap runs only after the foreground command
 * has ended (`wait` alone is interrupted), and without a trap PID 1 does not hear TERM at all.
 */
import { createPipe } from '../pipe.ts'
import type { Process, Signal } from '../process.ts'
import { createBuiltins } from './builtins.ts'
import { createLoop, ExitShell, Leave } from './control.ts'
import { createExpander, matches } from './expand.ts'
import { parseScript } from './parse.ts'
import { withRedirects } from './redirect.ts'
import { runExternal } from './external.ts'
import { ShellSyntaxError } from './syntax.ts'
import type { Node, Script } from './syntax.ts'

export interface Shell {
  readonly process: Process
  status: number
  /** `$0` and the positional parameters. */
  parameters: string[]
  readonly traps: Map<Signal | 'EXIT', string>
  readonly jobs: Map<number, Promise<number>>
  lastJob: number
  errexit: boolean
  readonly functions: Map<string, Node>
  run(script: Script): Promise<number>
  runText(text: string): Promise<number>
  setTrap(signal: Signal | 'EXIT', action: string | undefined): void
  /** Resolves at the next trapped signal. */
  interrupted(): Promise<void>
  /** The same shell in a child: `( … )`, a pipe's part, a background job. */
  fork(child: Process): Shell
}

/** Runs a script as the whole life of a shell: what `sh -c` does. */
export async function runShell(process: Process, text: string, parameters: readonly string[]): Promise<number> {
  const shell = createShell(process, [...parameters])
  const code = await asLife(shell, () => shell.runText(text))
  return code
}

/** `exit` ends the life, and the EXIT trap has the last word. */
export async function asLife(shell: Shell, live: () => Promise<number>): Promise<number> {
  const guarded = async (work: () => Promise<number>) => {
    try {
      return await work()
    } catch (error) {
      if (error instanceof ExitShell) return error.exitCode
      if (error instanceof Leave) return shell.status
      throw error
    }
  }
  const code = await guarded(live)
  const last = shell.traps.get('EXIT')
  if (last === undefined) return code
  shell.traps.delete('EXIT')
  return guarded(async () => {
    await shell.runText(last)
    return code
  })
}

/** A machine has only so much: without a limit of its own, the container is killed here. */
const SHELL_BYTES_MAX = 256 * 1024 * 1024

export function createShell(process: Process, parameters: string[], parent?: Shell): Shell {
  const pending: Signal[] = []
  let wakeWait = () => {}
  const loop = createLoop(process, body => runBody(body))

  const shell: Shell = {
    process,
    status: 0,
    parameters,
    traps: new Map(),
    jobs: new Map(),
    lastJob: 0,
    errexit: parent?.errexit ?? false,
    functions: new Map(parent?.functions),
    run,
    async runText(text) {
      let script: Script
      try {
        script = parseScript(text)
      } catch (error) {
        if (!(error instanceof ShellSyntaxError)) throw error
        await process.complain(`sh: ${error.message}\n`)
        return (shell.status = 2)
      }
      return run(script)
    },
    setTrap(signal, action) {
      if (action === undefined) shell.traps.delete(signal)
      else shell.traps.set(signal, action)
      if (signal === 'EXIT') return
      process.onSignal(
        signal,
        action === undefined
          ? undefined
          : action === ''
            ? 'ignore'
            : () => {
                pending.push(signal)
                wakeWait()
              },
      )
    },
    interrupted: () => (pending.length > 0 ? Promise.resolve() : new Promise(resolve => (wakeWait = resolve))),
    fork: child => createShell(child, [...shell.parameters], shell),
  }
  const builtins = createBuiltins(shell)
  const expander = createExpander(shell, capture)

  async function run(script: Script): Promise<number> {
    for (const { node, background } of script) {
      if (background) startJob(node)
      else {
        shell.status = await execute(node)
        if (shell.errexit && shell.status !== 0 && !(node.is === 'and' || node.is === 'or' || node.is === 'not')) throw new ExitShell(shell.status)
      }
      await runTraps()
    }
    return shell.status
  }

  async function runTraps(): Promise<void> {
    for (let signal = pending.shift(); signal; signal = pending.shift()) {
      const action = shell.traps.get(signal)
      if (!action) continue
      const { status } = shell
      await shell.runText(action)
      shell.status = status
    }
  }

  async function execute(node: Node): Promise<number> {
    switch (node.is) {
      case 'simple':
        return simple(node)
      case 'and':
      case 'or': {
        const left = (shell.status = await quietly(() => execute(node.left)))
        await runTraps()
        return (left === 0) === (node.is === 'and') ? execute(node.right) : left
      }
      case 'not':
        return (await quietly(() => execute(node.node))) === 0 ? 1 : 0
      case 'pipe':
        return pipeline(node.nodes)
      case 'if': {
        for (const { test, body } of node.branches) if ((await quietly(() => run(test))) === 0) return runBody(body)
        return runBody(node.otherwise)
      }
      case 'loop':
        return withRedirects(shell, expander, node.redirects, () =>
          loop(async () => ((await quietly(() => run(node.test))) === 0) === node.whileTrue, node.body),
        )
      case 'for': {
        const words = await expander.fields(node.words)
        return withRedirects(shell, expander, node.redirects, () =>
          loop(async () => {
            const next = words.shift()
            if (next !== undefined) process.env.set(node.name, next)
            return next !== undefined
          }, node.body),
        )
      }
      case 'case': {
        const subject = await expander.text(node.word)
        for (const { patterns, body } of node.branches) {
          for (const pattern of patterns) if (matches(await expander.text(pattern), subject)) return runBody(body)
        }
        return 0
      }
      case 'group':
        return withRedirects(shell, expander, node.redirects, () => (node.subshell ? inChild(node.body, {}).exited : runBody(node.body)))
      case 'function': {
        shell.functions.set(node.name, node.body)
        return 0
      }
    }
  }

  const runBody = async (body: Script) => {
    shell.status = 0
    return run(body)
  }

  /** A failing test is no failure under `set -e`. */
  async function quietly(work: () => Promise<number>): Promise<number> {
    const { errexit } = shell
    shell.errexit = false
    try {
      return await work()
    } finally {
      shell.errexit = errexit
    }
  }

  async function simple(node: Node & { is: 'simple' }): Promise<number> {
    const words = await expander.fields(node.words)
    const values = new Map<string, string>()
    for (const { name, value } of node.assignments) values.set(name, await expander.text(value))
    const [name] = words
    if (name === undefined) {
      assign(values)
      return withRedirects(shell, expander, node.redirects, async () =>
        values.size > 0 && node.assignments.every(a => a.value.every(p => p.is !== 'command')) ? 0 : shell.status,
      )
    }
    return withRedirects(shell, expander, node.redirects, async () => {
      const body = shell.functions.get(name)
      if (body) return callFunction(body, words)
      const builtin = builtins.get(name)
      if (builtin) {
        for (const [variable, value] of values) process.env.set(variable, value)
        return builtin(words.slice(1))
      }
      return runExternal(shell, words, values)
    })
  }

  /** Variables are memory: a script that doubles one for ever is how people try out limits. */
  function assign(values: ReadonlyMap<string, string>): void {
    for (const [variable, value] of values) {
      process.memoryBytes += value.length - (process.env.get(variable)?.length ?? 0)
      process.env.set(variable, value)
    }
    if (process.memoryBytes > SHELL_BYTES_MAX) process.guest.killForMemory()
    else process.guest.memoryChanged()
  }

  async function callFunction(body: Node, words: readonly string[]): Promise<number> {
    const { parameters } = shell
    shell.parameters = [parameters[0] ?? 'sh', ...words.slice(1)]
    try {
      return await execute(body)
    } catch (error) {
      if (error instanceof Leave && error.what === 'return') return shell.status
      throw error
    } finally {
      shell.parameters = parameters
    }
  }

  function inChild(script: Script, streams: Partial<Pick<Process, 'stdin' | 'stdout' | 'stderr'>>): Process {
    return process.guest.spawn(
      child => {
        const forked = shell.fork(child)
        return asLife(forked, () => forked.run(script))
      },
      {
        args: ['sh'],
        env: process.env,
        cwd: process.cwd,
        stdin: process.stdin,
        stdout: process.stdout,
        stderr: process.stderr,
        parent: process.pid,
        ...streams,
      },
    )
  }

  function startJob(node: Node): void {
    const job = inChild([{ node, background: false }], {})
    shell.lastJob = job.pid
    shell.jobs.set(job.pid, job.exited)
    shell.status = 0
  }

  async function pipeline(nodes: readonly Node[]): Promise<number> {
    let stdin = process.stdin
    let last: Promise<number> = Promise.resolve(0)
    for (const [i, node] of nodes.entries()) {
      const pipe = i < nodes.length - 1 ? createPipe() : undefined
      const part = inChild([{ node, background: false }], { stdin, stdout: pipe ?? process.stdout })
      if (pipe) void part.exited.then(() => pipe.end())
      stdin = pipe ?? stdin
      last = part.exited
    }
    return process.wait(last)
  }

  async function capture(script: Script): Promise<string> {
    const pipe = createPipe()
    const child = inChild(script, { stdout: pipe })
    void child.exited.then(() => pipe.end())
    let text = ''
    for (let piece = await process.wait(pipe.read()); piece !== undefined; piece = await process.wait(pipe.read())) text += piece
    shell.status = await process.wait(child.exited)
    return text.replace(/\n+$/, '')
  }

  return shell
}
