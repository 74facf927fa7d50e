/** What may be drawn where standard output goes. */
import type { TextOptions } from '../timeline/text.ts'
import type { Cli } from './main.ts'

const COLUMNS = 100
const COLUMNS_MAX = 200

/** Colour on a terminal only, and never with NO_COLOR; ASCII where the locale says so, or who asks. */
export function terminalOf({ env, interactive }: Pick<Cli, 'env' | 'interactive'>, { ascii = false } = {}): Pick<TextOptions, 'width' | 'colour' | 'unicode'> {
  const isSmart = interactive && env['TERM'] !== 'dumb'
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || ''
  const width = (interactive ? process.stdout.columns : undefined) ?? (Number(env['COLUMNS']) || COLUMNS)
  return {
    width: Math.min(width, COLUMNS_MAX),
    colour: isSmart && !env['NO_COLOR'],
    unicode: !ascii && (locale === '' || /utf-?8/i.test(locale)),
  }
}
