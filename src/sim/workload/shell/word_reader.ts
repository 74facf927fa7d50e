/** Words, quotes, expansions and redirections: everything below the level of commands. */
import { ShellSyntaxError } from './syntax.ts'
import type { Assignment, Part, Redirect, Script, Word } from './syntax.ts'

export type WordReader = ReturnType<typeof createWordReader>

const ENDS_WORD = /[\s;&|<>()]/

export function createWordReader(text: string, parse: (inner: string) => Script) {
  let at = 0
  /** Here-documents whose text begins after the next line feed. */
  let pending: { end: string; fill: (text: string) => void }[] = []

  const atEnd = () => {
    skipBlank()
    return at >= text.length
  }

  function skipBlank(): void {
    for (;;) {
      if (text[at] === ' ' || text[at] === '\t' || text[at] === '\r') at++
      else if (text[at] === '\\' && text[at + 1] === '\n') at += 2
      else if (text[at] === '#' && (at === 0 || /[\s;&|(]/.test(text[at - 1]!))) while (at < text.length && text[at] !== '\n') at++
      else return
    }
  }

  function skipLines(): void {
    for (skipBlank(); text[at] === '\n'; skipBlank()) lineFeed()
  }

  function lineFeed(): void {
    at++
    for (const { end, fill } of pending) {
      const lines: string[] = []
      while (at < text.length) {
        const stop = text.indexOf('\n', at)
        const line = text.slice(at, stop < 0 ? text.length : stop)
        at = stop < 0 ? text.length : stop + 1
        if (line.trimStart() === end) break
        lines.push(line)
      }
      fill(lines.map(line => `${line}\n`).join(''))
    }
    pending = []
  }

  const peekOperator = (operator: string) => {
    skipBlank()
    if (!text.startsWith(operator, at)) return false
    const next = text[at + operator.length]
    if (operator === '&' && next === '&') return false
    if (operator === '|' && next === '|') return false
    return !(operator === ';' && next === ';')
  }

  const takeOperator = (operator: string) => {
    if (!peekOperator(operator)) return false
    if (operator === '\n') lineFeed()
    else at += operator.length
    return true
  }

  /** The next word if it has neither quotes nor expansions. */
  const peekPlain = (): string | undefined => {
    skipBlank()
    return /^[^\s;&|<>()'"\\$`]+/.exec(text.slice(at, at + 200))?.[0]
  }

  const takePlain = () => {
    const plain = peekPlain()
    if (plain !== undefined) at += plain.length
    return plain
  }

  const takeParentheses = () => {
    const found = /^\s*\(\s*\)/.exec(text.slice(at, at + 20))
    if (found) at += found[0].length
    return found !== null
  }

  function assignment(): Assignment | undefined {
    skipBlank()
    const found = /^([A-Za-z_][A-Za-z0-9_]*)=/.exec(text.slice(at, at + 200))
    if (!found) return undefined
    at += found[0].length
    const value = at < text.length && !ENDS_WORD.test(text[at]!) ? word() : undefined
    return { name: found[1]!, value: value ?? [] }
  }

  function redirect(): Redirect | undefined {
    skipBlank()
    const found = /^(\d*)(<<-?|>>|>&|<&|&>|>|<)/.exec(text.slice(at, at + 12))
    if (!found) return undefined
    at += found[0].length
    const operator = found[2]!
    const number = found[1] === '' ? undefined : Number(found[1])
    const target = word()
    if (!target) throw new ShellSyntaxError('syntax error: unexpected newline')
    if (operator.startsWith('<<')) return hereDocument(target)
    if (operator === '>&' || operator === '<&') return { descriptor: number ?? 1, kind: 'duplicate', target }
    // `&>` is no POSIX, but ash takes it: both streams go to the file.
    if (operator === '&>') return { descriptor: -1, kind: 'write', target }
    if (operator === '<') return { descriptor: number ?? 0, kind: 'read', target }
    return { descriptor: number ?? 1, kind: operator === '>>' ? 'append' : 'write', target }
  }

  function hereDocument(end: Word): Redirect {
    const quoted = end.some(part => part.is === 'text' && part.quoted)
    const target: Part[] = []
    pending.push({
      end: end.map(part => (part.is === 'text' ? part.text : '')).join(''),
      fill: body => void target.push(...(quoted ? [{ is: 'text', text: body, quoted: true } as const] : partsOf(body))),
    })
    return { descriptor: 0, kind: 'text', target }
  }

  /** Expansions in text that stands as if in double quotes. */
  function partsOf(body: string): Part[] {
    const inner = createWordReader(body, parse)
    return inner.quotedUntil(undefined)
  }

  function word(): Word | undefined {
    skipBlank()
    const parts: Part[] = []
    let plain = ''
    const flush = () => {
      if (plain !== '') parts.push({ is: 'text', text: plain, quoted: false })
      plain = ''
    }
    const start = at
    while (at < text.length && !ENDS_WORD.test(text[at]!)) {
      const character = text[at]!
      if (character === "'") {
        flush()
        const end = text.indexOf("'", at + 1)
        if (end < 0) throw new ShellSyntaxError('syntax error: unterminated quoted string')
        parts.push({ is: 'text', text: text.slice(at + 1, end), quoted: true })
        at = end + 1
      } else if (character === '"') {
        flush()
        at++
        const quoted = quotedUntil('"')
        parts.push(...(quoted.length > 0 ? quoted : [{ is: 'text', text: '', quoted: true } as const]))
      } else if (character === '\\') {
        if (text[at + 1] !== '\n') parts.push(...(flush(), [{ is: 'text', text: text[at + 1] ?? '\\', quoted: true } as const]))
        at += 2
      } else {
        const expansion = character === '$' || character === '`' ? expand(false) : undefined
        if (expansion) {
          flush()
          parts.push(expansion)
        } else {
          plain += character
          at++
        }
      }
    }
    flush()
    return at === start ? undefined : parts
  }

  function quotedUntil(end: '"' | undefined): Part[] {
    const parts: Part[] = []
    let plain = ''
    const flush = () => {
      if (plain !== '') parts.push({ is: 'text', text: plain, quoted: true })
      plain = ''
    }
    for (;;) {
      if (at >= text.length) {
        if (end !== undefined) throw new ShellSyntaxError('syntax error: unterminated quoted string')
        break
      }
      const character = text[at]!
      if (character === end) {
        at++
        break
      }
      if (character === '\\' && at + 1 < text.length && '"$`\\\n'.includes(text[at + 1]!)) {
        if (text[at + 1] !== '\n') plain += text[at + 1]
        at += 2
        continue
      }
      const expansion = character === '$' || character === '`' ? expand(true) : undefined
      if (!expansion) {
        plain += character
        at++
        continue
      }
      flush()
      parts.push(expansion)
    }
    flush()
    return parts
  }

  /** Reads an expansion at `$` or a backtick; undefined when the dollar is only a dollar. */
  function expand(quoted: boolean): Part | undefined {
    if (text[at] === '`') {
      const end = text.indexOf('`', at + 1)
      if (end < 0) throw new ShellSyntaxError('syntax error: unterminated quoted string')
      const inner = text.slice(at + 1, end).replaceAll('\\`', '`')
      at = end + 1
      return { is: 'command', script: parse(inner), quoted }
    }
    if (text.startsWith('$((', at)) {
      const end = closing(at + 1)
      const inner = text.slice(at + 3, end - 1)
      at = end + 1
      return { is: 'arithmetic', expression: partsOf(inner), quoted }
    }
    if (text.startsWith('$(', at)) {
      const end = closing(at + 1)
      const inner = text.slice(at + 2, end)
      at = end + 1
      return { is: 'command', script: parse(inner), quoted }
    }
    if (text.startsWith('${', at)) return braced(quoted)
    const name = /^\$([A-Za-z_][A-Za-z0-9_]*|[0-9?$!#@*-])/.exec(text.slice(at, at + 200))
    if (!name) return undefined
    at += name[0].length
    return { is: 'variable', name: name[1]!, operator: '', operand: [], quoted }
  }

  function braced(quoted: boolean): Part {
    const end = text.indexOf('}', at)
    if (end < 0) throw new ShellSyntaxError('syntax error: missing "}"')
    const inner = text.slice(at + 2, end)
    at = end + 1
    const length = /^#([A-Za-z_][A-Za-z0-9_]*)$/.exec(inner)
    if (length) return { is: 'variable', name: length[1]!, operator: '#', operand: [], quoted }
    const found = /^([A-Za-z_][A-Za-z0-9_]*|[0-9?$!#@*-])(?:(:-|:=|:\+|-|=|\+|%%|%|##|#)(.*))?$/s.exec(inner)
    if (!found) throw new ShellSyntaxError('syntax error: bad substitution')
    const written = found[2] ?? ''
    const operator = (written.startsWith('#') ? `prefix${written}` : written) as (Part & { is: 'variable' })['operator']
    return { is: 'variable', name: found[1]!, operator, operand: partsOf(found[3] ?? ''), quoted }
  }

  /** Where the parenthesis opened at `open` is closed, quotes regarded. */
  function closing(open: number): number {
    let depth = 0
    for (let i = open; i < text.length; i++) {
      const character = text[i]
      if (character === '\\') i++
      else if (character === "'" || character === '"') {
        const end = text.indexOf(character, i + 1)
        if (end < 0) break
        i = end
      } else if (character === '(') depth++
      else if (character === ')' && --depth === 0) return i
    }
    throw new ShellSyntaxError('syntax error: unterminated quoted string')
  }

  return {
    atEnd,
    skipBlank,
    skipLines,
    peekOperator,
    takeOperator,
    peekPlain,
    takePlain,
    takeParentheses,
    assignment,
    redirect,
    word,
    quotedUntil,
    rest: () =>
      text
        .slice(at, at + 20)
        .split('\n')[0]!
        .trim() || (at < text.length ? 'newline' : ''),
  }
}
