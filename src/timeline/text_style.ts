/** What the drawing in the terminal is made of: glyphs that can be told apart without colour, and colours beside them. */
import type { StageKind, Tone } from './model.ts'

export interface TextStyle {
  readonly glyphs: Glyphs
  paint(colour: Colour, text: string): string
}

export type Colour = 'dim' | 'bold' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'plain'

interface Glyphs {
  readonly tones: Readonly<Record<Tone, string>>
  readonly stages: Readonly<Record<StageKind, string>>
  /** Shorter than a cell. */
  readonly short: string
  readonly open: string
  readonly success: string
  readonly failure: string
  /** A steady thing inside a time that is cut short. */
  readonly skipped: string
  readonly axis: { readonly line: string; readonly tick: string; readonly first: string; readonly cut: string }
  readonly good: string
  readonly bad: string
  readonly more: string
  readonly about: string
  readonly mark: string
  readonly then: string
}

const UNICODE: Glyphs = {
  tones: { wait: '░', work: '█', init: '▓', run: '━', hook: '▒', good: '━', bad: '×', leaving: '╱', rules: '◆', unknown: '┈' },
  stages: { pending: '░', init: '▒', starting: '▓', ready: '█', unready: '×', terminating: '╱', ended: '─' },
  short: '▏',
  open: '▶',
  success: '✓',
  failure: '×',
  skipped: '┄',
  axis: { line: '─', tick: '┬', first: '┌', cut: '╱' },
  good: '✓',
  bad: '✗',
  more: '…',
  about: '≈',
  mark: '▼',
  then: '→',
}

const ASCII: Glyphs = {
  tones: { wait: '.', work: '#', init: '=', run: '-', hook: '%', good: '-', bad: 'x', leaving: '/', rules: '*', unknown: '?' },
  stages: { pending: '.', init: ':', starting: '=', ready: '#', unready: 'x', terminating: '/', ended: '-' },
  short: '|',
  open: '>',
  success: '+',
  failure: 'x',
  skipped: ' ',
  axis: { line: '-', tick: '+', first: '+', cut: '/' },
  good: '+',
  bad: 'x',
  more: '~',
  about: '~',
  mark: 'v',
  then: '>',
}

const CODES: Readonly<Record<Colour, string>> = {
  dim: '2',
  bold: '1',
  red: '31',
  green: '32',
  yellow: '33',
  blue: '34',
  magenta: '35',
  cyan: '36',
  plain: '',
}

export const TONE_COLOURS: Readonly<Record<Tone, Colour>> = {
  wait: 'yellow',
  work: 'blue',
  init: 'cyan',
  run: 'plain',
  hook: 'magenta',
  good: 'green',
  bad: 'red',
  leaving: 'yellow',
  rules: 'cyan',
  unknown: 'dim',
}

export const STAGE_COLOURS: Readonly<Record<StageKind, Colour>> = {
  pending: 'yellow',
  init: 'cyan',
  starting: 'blue',
  ready: 'green',
  unready: 'red',
  terminating: 'magenta',
  ended: 'dim',
}

export function textStyle({ colour, unicode }: { colour: boolean; unicode: boolean }): TextStyle {
  return {
    glyphs: unicode ? UNICODE : ASCII,
    paint: (name, text) => (colour && CODES[name] !== '' && text !== '' ? `\u001b[${CODES[name]}m${text}\u001b[0m` : text),
  }
}

/** At most so wide; what is cut off is cut from the middle, because both ends of a Pod's name matter. */
export function fitted(text: string, width: number, more: string): string {
  if (text.length <= width) return text
  if (width <= 1) return text.slice(0, width)
  const tail = Math.floor((width - 1) / 2)
  return text.slice(0, width - 1 - tail) + more + (tail > 0 ? text.slice(-tail) : '')
}

/** At most so wide; the end is cut off. */
export const clipped = (text: string, width: number, more: string): string => (text.length <= width ? text : text.slice(0, Math.max(0, width - 1)) + more)
