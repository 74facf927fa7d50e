/** busybox's echo and the shell's printf, as text. */
export function echo(args: readonly string[]): string {
  let lineFeed = true
  let escapes = false
  let first = 0
  for (; first < args.length && /^-[neE]+$/.test(args[first]!); first++) {
    if (args[first]!.includes('n')) lineFeed = false
    if (args[first]!.includes('e')) escapes = true
  }
  const text = args.slice(first).join(' ')
  return (escapes ? unescaped(text) : text) + (lineFeed ? '\n' : '')
}

/** The format is used again for as long as there are arguments. */
export function formatPrintf([format = '', ...args]: readonly string[]): string {
  let out = ''
  let next = 0
  do {
    const before = next
    out += unescaped(format).replace(/%(-?\d*)([sdib%c])/g, (_, width: string, kind: string) => {
      if (kind === '%') return '%'
      const value = args[next++] ?? (kind === 's' ? '' : '0')
      const text = kind === 'b' ? unescaped(value) : value
      return width.startsWith('-') ? text.padEnd(Number(width.slice(1))) : text.padStart(Number(width || 0))
    })
    if (next === before) break
  } while (next < args.length)
  return out
}

function unescaped(text: string): string {
  const plain: Record<string, string> = { n: '\n', t: '\t', r: '\r', '\\': '\\', a: '\x07', '0': '\0' }
  return text.replace(/\\([ntr\\a0])/g, (_, letter: string) => plain[letter]!)
}
