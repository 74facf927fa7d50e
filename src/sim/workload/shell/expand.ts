/** From words to arguments: variables, command output, arithmetic, and the splitting of what was not quoted. */
import { normalized } from '../files.ts'
import { calculate } from './arithmetic.ts'
import type { Shell } from './shell.ts'
import type { Part, Script, Word } from './syntax.ts'

export interface Expander {
  /** Arguments: unquoted results are split at blanks, and patterns become file names. */
  fields(words: readonly Word[]): Promise<string[]>
  /** One string, never split. */
  text(word: Word): Promise<string>
}

export function createExpander(shell: Shell, capture: (script: Script) => Promise<string>): Expander {
  const { process } = shell

  const variable = (name: string): string | undefined => {
    switch (name) {
      case '?':
        return String(shell.status)
      case '$':
        return String(process.pid)
      case '!':
        return shell.lastJob ? String(shell.lastJob) : ''
      case '#':
        return String(shell.parameters.length - 1)
      case '@':
      case '*':
        return shell.parameters.slice(1).join(' ')
      case '-':
        return shell.errexit ? 'e' : ''
    }
    if (/^\d$/.test(name)) return shell.parameters[Number(name)]
    return process.env.get(name)
  }

  const valueOf = async (part: Part): Promise<string> => {
    switch (part.is) {
      case 'text':
        return part.text
      case 'command':
        return capture(part.script)
      case 'arithmetic':
        return String(
          calculate(
            await text(part.expression),
            name => Number(variable(name) ?? 0),
            (name, value) => void process.env.set(name, String(value)),
          ),
        )
      case 'variable':
        return withOperator(part, variable(part.name))
    }
  }

  const withOperator = async (part: Part & { is: 'variable' }, value: string | undefined): Promise<string> => {
    const isMissing = value === undefined || (part.operator.startsWith(':') && value === '')
    switch (part.operator) {
      case '':
        return value ?? ''
      case '#':
        return String((value ?? '').length)
      case ':-':
      case '-':
        return isMissing ? text(part.operand) : value!
      case ':=':
      case '=': {
        if (!isMissing) return value!
        const given = await text(part.operand)
        process.env.set(part.name, given)
        return given
      }
      case ':+':
      case '+':
        return isMissing ? '' : text(part.operand)
      case '%':
      case '%%':
        return withoutSuffix(value ?? '', await text(part.operand), part.operator === '%%')
      case 'prefix#':
      case 'prefix##':
        return withoutPrefix(value ?? '', await text(part.operand), part.operator === 'prefix##')
    }
  }

  async function text(word: Word): Promise<string> {
    let joined = ''
    for (const part of word) joined += await valueOf(part)
    return joined
  }

  async function split(word: Word): Promise<string[]> {
    const results: string[] = []
    let current = ''
    let open = false
    let pattern = ''
    const close = async () => {
      if (open) results.push(...(/[*?[]/.test(pattern) ? await fileNames(pattern, current) : [current]))
      current = ''
      pattern = ''
      open = false
    }
    for (const part of word) {
      if (part.is === 'variable' && part.name === '@' && part.quoted) {
        for (const [i, parameter] of shell.parameters.slice(1).entries()) {
          if (i > 0) await close()
          current += parameter
          open = true
        }
        continue
      }
      const value = await valueOf(part)
      if (part.quoted || part.is === 'text') {
        current += value
        pattern += part.quoted ? value.replace(/[*?[\]]/g, '') : value
        open = true
        continue
      }
      const pieces = value.split(/[ \t\n]+/)
      for (const [i, piece] of pieces.entries()) {
        if (i > 0) await close()
        if (piece === '') continue
        current += piece
        pattern += piece
        open = true
      }
    }
    await close()
    return results
  }

  /** Only patterns in the last part of a path, as `rm -rf /data/*` needs them. */
  async function fileNames(pattern: string, written: string): Promise<string[]> {
    const cut = written.lastIndexOf('/')
    const directory = cut < 0 ? '' : written.slice(0, cut + 1)
    const { files } = process.guest
    const info = await process.wait(files.stat(normalized(directory || '.', process.cwd)))
    if (info?.kind !== 'directory') return [written]
    const names = await process.wait(files.list(normalized(directory || '.', process.cwd)))
    const found = names.filter(
      name =>
        (!name.startsWith('.') || pattern.slice(pattern.lastIndexOf('/') + 1).startsWith('.')) && matches(pattern.slice(pattern.lastIndexOf('/') + 1), name),
    )
    return found.length > 0 ? found.map(name => `${directory}${name}`) : [written]
  }

  return {
    text,
    async fields(words) {
      const results: string[] = []
      for (const word of words) results.push(...(await split(word)))
      return results
    },
  }
}

/** Does a shell pattern (`*`, `?`, `[a-z]`) match the whole text? */
export function matches(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.')
    .replace(/\[!/g, '[^')
  try {
    return new RegExp(`^${source}$`, 's').test(text)
  } catch {
    return pattern === text
  }
}

function withoutSuffix(value: string, pattern: string, longest: boolean): string {
  const starts = Array.from({ length: value.length + 1 }, (_, i) => i)
  const at = (longest ? starts : starts.reverse()).find(i => matches(pattern, value.slice(i)))
  return at === undefined ? value : value.slice(0, at)
}

function withoutPrefix(value: string, pattern: string, longest: boolean): string {
  const ends = Array.from({ length: value.length + 1 }, (_, i) => i)
  const at = (longest ? ends.reverse() : ends).find(i => matches(pattern, value.slice(0, i)))
  return at === undefined ? value : value.slice(at)
}
