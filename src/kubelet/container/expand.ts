/**
 * `$(VAR)` in commands, arguments and values: replaced by the variable, or left as it stands when there is none.
 * `$$` is a dollar sign, so `$$(VAR)` is the text `$(VAR)`. What comes in is not expanded again.
 */
export function expand(text: string, lookUp: (name: string) => string | undefined): string {
  let out = ''
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== '$' || i + 1 === text.length) {
      out += text[i]
    } else if (text[i + 1] === '$') {
      out += '$'
      i++
    } else if (text[i + 1] === '(') {
      const end = text.indexOf(')', i + 2)
      if (end < 0) return `${out}${text.slice(i)}`
      const name = text.slice(i + 2, end)
      out += lookUp(name) ?? `$(${name})`
      i = end
    } else {
      out += '$'
    }
  }
  return out
}
