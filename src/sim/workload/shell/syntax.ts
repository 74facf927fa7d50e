/** The part of the shell's grammar that manifests use, as a tree. */

export type Script = readonly Item[]

export interface Item {
  readonly node: Node
  readonly background: boolean
}

export type Node =
  | { readonly is: 'simple'; readonly assignments: readonly Assignment[]; readonly words: readonly Word[]; readonly redirects: readonly Redirect[] }
  | { readonly is: 'and' | 'or'; readonly left: Node; readonly right: Node }
  | { readonly is: 'not'; readonly node: Node }
  | { readonly is: 'pipe'; readonly nodes: readonly Node[] }
  | { readonly is: 'if'; readonly branches: readonly { readonly test: Script; readonly body: Script }[]; readonly otherwise: Script }
  | { readonly is: 'loop'; readonly whileTrue: boolean; readonly test: Script; readonly body: Script; readonly redirects: readonly Redirect[] }
  | { readonly is: 'for'; readonly name: string; readonly words: readonly Word[]; readonly body: Script; readonly redirects: readonly Redirect[] }
  | { readonly is: 'case'; readonly word: Word; readonly branches: readonly { readonly patterns: readonly Word[]; readonly body: Script }[] }
  | { readonly is: 'group'; readonly body: Script; readonly subshell: boolean; readonly redirects: readonly Redirect[] }
  | { readonly is: 'function'; readonly name: string; readonly body: Node }

export interface Assignment {
  readonly name: string
  readonly value: Word
}

export interface Redirect {
  readonly descriptor: number
  readonly kind: 'read' | 'write' | 'append' | 'duplicate' | 'text'
  readonly target: Word
}

export type Word = readonly Part[]

export type Part =
  | { readonly is: 'text'; readonly text: string; readonly quoted: boolean }
  | {
      readonly is: 'variable'
      readonly name: string
      readonly operator: '' | ':-' | '-' | ':=' | '=' | ':+' | '+' | '#' | '%' | '%%' | 'prefix#' | 'prefix##'
      readonly operand: Word
      readonly quoted: boolean
    }
  | { readonly is: 'command'; readonly script: Script; readonly quoted: boolean }
  | { readonly is: 'arithmetic'; readonly expression: Word; readonly quoted: boolean }

export class ShellSyntaxError extends Error {
  override readonly name = 'ShellSyntaxError'
}
