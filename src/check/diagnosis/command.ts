/** Command lines, as far as signals are concerned: a shell as first process does not pass them on. */
import type { Container } from '../../api/types/container.ts'
import { shellScriptOf } from '../static/shell_script.ts'

const SHELL = /^(?:\S*\/)?(?:sh|bash|ash|dash|zsh|ksh)$/

/** `sh -c …`, `/bin/bash start.sh`: a shell that has stayed the first process, because it did not give its place to what it started. */
export const isShell = (command: readonly string[]): boolean => SHELL.test(command[0] ?? '')

/**
 * Its command or its args with `exec` before the program that stays, so that it takes the place of the shell:
 * `sh -c 'exec node server.js'`. Undefined where it has one already, or where that is not one plain program.
 */
export function withExec(container: Pick<Container, 'command' | 'args'>): Pick<Container, 'command' | 'args'> | undefined {
  const script = shellScriptOf(container)
  if (!script) return undefined
  // Words and what separates them, in turns.
  const parts = script.text.split(/(&&|;|\n)/)
  let last = parts.length - 1
  // What follows the program would never be reached: exec does not come back.
  while (last > 0 && PASSES.test(parts[last]!.trim())) last -= 2
  const program = parts[last]!.trim()
  if (!/^[\w./]/.test(program) || /^(?:exec|if|while|until|for|case|wait|done|fi|trap)\b/.test(program) || /[|&(){}<>`'"]/.test(program)) return undefined
  const before = parts.slice(0, last).join('')
  const text = `${before}${before === '' || /\s$/.test(before) ? '' : ' '}exec ${program}`
  const [list, at] = script.place
  return { [list]: container[list]!.map((word, index) => (index === at ? text : word)) }
}

const PASSES = /^(?:|true|:|exit(?: \S+)?|echo .*)$/

/** How long a hook's command only waits: `sleep 5`, `sh -c "sleep 5"`. Undefined: it does something else. */
export function sleepSeconds(command: readonly string[]): number | undefined {
  const script = SHELL.test(command[0] ?? '') && command[1] === '-c' ? (command[2] ?? '') : command.join(' ')
  const found = /^(?:\S*\/)?sleep (\d+(?:\.\d+)?)([smh]?)$/.exec(script.trim())
  return found ? Number(found[1]) * { '': 1, s: 1, m: 60, h: 3600 }[found[2] as 's']! : undefined
}
