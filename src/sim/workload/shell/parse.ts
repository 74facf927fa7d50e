/** Text to tree, by recursive descent: one function for each rule of the grammar. */
import { ShellSyntaxError } from './syntax.ts'
import type { Assignment, Item, Node, Redirect, Script, Word } from './syntax.ts'
import { createWordReader } from './word_reader.ts'

const RESERVED = new Set(['if', 'then', 'elif', 'else', 'fi', 'while', 'until', 'do', 'done', 'for', 'in', 'case', 'esac', '{', '}', '!'])

export function parseScript(text: string): Script {
  const parser = createParser(text)
  const script = parser.script([])
  if (!parser.atEnd()) throw new ShellSyntaxError(`syntax error: unexpected "${parser.rest()}"`)
  return script
}

function createParser(text: string) {
  const reader = createWordReader(text, inner => parseScript(inner))
  const { peekOperator, takeOperator, skipBlank, skipLines, peekPlain } = reader

  /** A list of commands up to one of the words (or operators) that end it, which is left unread. */
  function script(ends: readonly string[]): Item[] {
    const items: Item[] = []
    for (skipLines(); !reader.atEnd() && !isEnd(ends); skipLines()) {
      const node = andOr()
      const background = takeOperator('&')
      items.push({ node, background })
      if (!background && !takeOperator(';') && !takeOperator('\n') && !reader.atEnd() && !isEnd(ends)) {
        throw new ShellSyntaxError(`syntax error: unexpected "${reader.rest()}"`)
      }
    }
    return items
  }

  function isEnd(ends: readonly string[]): boolean {
    skipBlank()
    return ends.some(end => (/^[a-z{}]/.test(end) ? peekPlain() === end : peekOperator(end)))
  }

  function andOr(): Node {
    let left = pipeline()
    for (;;) {
      const is = takeOperator('&&') ? 'and' : takeOperator('||') ? 'or' : undefined
      if (!is) return left
      skipLines()
      left = { is, left, right: pipeline() }
    }
  }

  function pipeline(): Node {
    skipBlank()
    if (peekPlain() === '!') {
      reader.takePlain()
      return { is: 'not', node: pipeline() }
    }
    const nodes = [command()]
    while (takeOperator('|')) {
      skipLines()
      nodes.push(command())
    }
    return nodes.length === 1 ? nodes[0]! : { is: 'pipe', nodes }
  }

  function command(): Node {
    skipBlank()
    if (takeOperator('(')) {
      const body = script([')'])
      expectOperator(')')
      return { is: 'group', body, subshell: true, redirects: redirects() }
    }
    switch (peekPlain()) {
      case '{': {
        reader.takePlain()
        const body = script(['}'])
        expectWord('}')
        return { is: 'group', body, subshell: false, redirects: redirects() }
      }
      case 'if':
        return conditional()
      case 'while':
      case 'until': {
        const whileTrue = reader.takePlain() === 'while'
        const test = script(['do'])
        return { is: 'loop', whileTrue, test, body: loopBody(), redirects: redirects() }
      }
      case 'for':
        return forLoop()
      case 'case':
        return caseOf()
      default:
        return simple()
    }
  }

  function conditional(): Node {
    const branches = []
    let word = reader.takePlain()
    while (word === 'if' || word === 'elif') {
      const test = script(['then'])
      expectWord('then')
      branches.push({ test, body: script(['elif', 'else', 'fi']) })
      word = reader.takePlain()
    }
    const otherwise = word === 'else' ? script(['fi']) : []
    if (word === 'else') expectWord('fi')
    else if (word !== 'fi') throw new ShellSyntaxError(`syntax error: unexpected end of file (expecting "fi")`)
    return { is: 'if', branches, otherwise }
  }

  function loopBody(): Script {
    expectWord('do')
    const body = script(['done'])
    expectWord('done')
    return body
  }

  function forLoop(): Node {
    reader.takePlain()
    skipBlank()
    const name = reader.takePlain() ?? ''
    const words: Word[] = []
    skipLines()
    if (peekPlain() === 'in') {
      reader.takePlain()
      for (let word = reader.word(); word; word = reader.word()) words.push(word)
    } else words.push([{ is: 'variable', name: '@', operator: '', operand: [], quoted: true }])
    takeOperator(';')
    skipLines()
    return { is: 'for', name, words, body: loopBody(), redirects: redirects() }
  }

  function caseOf(): Node {
    reader.takePlain()
    const word = reader.word() ?? []
    skipLines()
    expectWord('in')
    const branches = []
    for (skipLines(); peekPlain() !== 'esac'; skipLines()) {
      if (reader.atEnd()) throw new ShellSyntaxError('syntax error: unexpected end of file (expecting "esac")')
      takeOperator('(')
      const patterns: Word[] = []
      do patterns.push(reader.word() ?? [])
      while (takeOperator('|'))
      expectOperator(')')
      branches.push({ patterns, body: script([';;', 'esac']) })
      takeOperator(';;')
    }
    expectWord('esac')
    return { is: 'case', word, branches }
  }

  function simple(): Node {
    const assignments: Assignment[] = []
    const words: Word[] = []
    const all: Redirect[] = []
    for (;;) {
      const redirect = reader.redirect()
      if (redirect) {
        all.push(redirect)
        continue
      }
      const plain = peekPlain()
      if (words.length === 0 && plain !== undefined && RESERVED.has(plain)) break
      const assignment = words.length === 0 ? reader.assignment() : undefined
      if (assignment) {
        assignments.push(assignment)
        continue
      }
      const word = reader.word()
      if (!word) break
      words.push(word)
      if (words.length === 1 && plain !== undefined && reader.takeParentheses()) {
        skipLines()
        return { is: 'function', name: plain, body: command() }
      }
    }
    if (assignments.length + words.length + all.length === 0) throw new ShellSyntaxError(`syntax error: unexpected "${reader.rest() || 'end of file'}"`)
    return { is: 'simple', assignments, words, redirects: all }
  }

  function redirects(): Redirect[] {
    const all: Redirect[] = []
    for (let redirect = reader.redirect(); redirect; redirect = reader.redirect()) all.push(redirect)
    return all
  }

  function expectOperator(operator: string): void {
    if (!takeOperator(operator)) throw new ShellSyntaxError(`syntax error: unexpected "${reader.rest() || 'end of file'}" (expecting "${operator}")`)
  }

  function expectWord(word: string): void {
    skipLines()
    if (peekPlain() !== word) throw new ShellSyntaxError(`syntax error: unexpected "${reader.rest() || 'end of file'}" (expecting "${word}")`)
    reader.takePlain()
  }

  return { script, atEnd: reader.atEnd, rest: reader.rest }
}
