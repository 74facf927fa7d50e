/** What a container's command says about its first process, as far as words can tell. */
import type { Container } from '../../api/types/container.ts'

export interface ShellScript {
  readonly shell: string
  readonly text: string
  /** Where the text is: `command` or `args`, and its index. */
  readonly place: readonly ['command' | 'args', number]
}

/** `sh -c TEXT`, `/bin/bash -ec TEXT` …; undefined for anything else, such as the image's own command. */
export function shellScriptOf({ command = [], args = [] }: Pick<Container, 'command' | 'args'>): ShellScript | undefined {
  const words = [
    ...command.map((word, index) => ({ word, place: ['command', index] as const })),
    ...args.map((word, index) => ({ word, place: ['args', index] as const })),
  ]
  const shell = words[0]?.word.split('/').at(-1) ?? ''
  if (!SHELLS.includes(shell)) return undefined
  const flag = words.findIndex(({ word }, index) => index > 0 && /^-[a-z]*c[a-z]*$/.test(word))
  const text = flag < 0 ? undefined : words[flag + 1]
  return text && { shell, text: text.word, place: text.place }
}

const SHELLS = ['sh', 'ash', 'bash', 'dash', 'zsh', 'ksh']

/** A shell waits for its last command unless it replaces itself by it, which every shell does with a lone command. */
export const staysFirst = ({ text }: ShellScript): boolean => {
  const commands = commandsOf(text)
  return commands.length > 1 && !/^exec\s/.test(commands.at(-1)!)
}

/** It says what to do at TERM. */
export const trapsTerm = ({ text }: ShellScript): boolean => /\btrap\b[^\n;]*\b(SIG)?(TERM|EXIT|15|0)\b/.test(text)

/** Commands one after the other; what is within quotes, `$( )` or a loop is not taken apart. */
export function commandsOf(text: string): string[] {
  const commands: string[] = []
  let current = ''
  let quote = ''
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!
    if (quote) {
      if (char === quote) quote = ''
    } else if (char === "'" || char === '"') quote = char
    else if (char === '(') depth++
    else if (char === ')') depth--
    else if (depth === 0 && (/[;\n|&]/.test(char) || (char === '#' && /(^|\s)$/.test(current)))) {
      if (char === '#') while (i + 1 < text.length && text[i + 1] !== '\n') i++
      // `2>&1` and `&>` are redirections.
      else if (char === '&' && (/[<>]$/.test(current) || text[i + 1] === '>')) {
        current += char
        continue
      }
      commands.push(current)
      current = ''
      continue
    }
    current += char
  }
  commands.push(current)
  return commands.map(command => command.trim()).filter(command => command !== '' && command !== 'done' && command !== 'fi')
}

/** `sleep 5`, or `/bin/sh -c "sleep 5; nginx -s quit"`: how long a hook waits at least; undefined where it does not. */
export function sleepSecondsOf(command: readonly string[]): number | undefined {
  const script = shellScriptOf({ command: [...command], args: [] })
  const texts = script ? commandsOf(script.text) : [command.join(' ')]
  const seconds = texts.flatMap(text => {
    const found = /^(?:exec\s+)?(?:\/\S*\/)?sleep\s+(\d+(?:\.\d+)?)(s|m|h)?$/.exec(text)
    return found ? [Number(found[1]) * ({ s: 1, m: 60, h: 3600 }[found[2] ?? 's'] ?? 1)] : []
  })
  return seconds.length === 0 ? undefined : seconds.reduce((sum, each) => sum + each, 0)
}
