/** `$(( … ))`: whole numbers, the usual operators, and assignment to a variable. */
export function calculate(text: string, read: (name: string) => number, write: (name: string, value: number) => void): number {
  const assignment = /^\s*([A-Za-z_]\w*)\s*([-+*/%]?)=(?!=)(.*)$/s.exec(text)
  if (assignment) {
    const [, name, operator, rest] = assignment as unknown as [string, string, string, string]
    const value = calculate(operator === '' ? rest : `${name} ${operator} (${rest})`, read, write)
    write(name, value)
    return value
  }
  const tokens = text.match(/\d+|[A-Za-z_]\w*|<=|>=|==|!=|&&|\|\||[-+*/%<>!()]/g) ?? []
  let at = 0
  const binary = (level: number): number => {
    const operators = LEVELS[level]
    if (!operators) return unary()
    let left = binary(level + 1)
    for (let operator = tokens[at]; operator !== undefined && operators.includes(operator); operator = tokens[at]) {
      at++
      left = apply(operator, left, binary(level + 1))
    }
    return left
  }
  const unary = (): number => {
    const token = tokens[at++]
    if (token === '-') return -unary()
    if (token === '+') return unary()
    if (token === '!') return unary() === 0 ? 1 : 0
    if (token === '(') {
      const value = binary(0)
      at++
      return value
    }
    return token === undefined ? 0 : /^\d/.test(token) ? Number(token) : read(token)
  }
  return binary(0)
}

/** Weakest first. */
const LEVELS = [['||'], ['&&'], ['==', '!='], ['<', '<=', '>', '>='], ['+', '-'], ['*', '/', '%']]

function apply(operator: string, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return b === 0 ? 0 : Math.trunc(a / b)
    case '%':
      return b === 0 ? 0 : a % b
    case '<':
      return Number(a < b)
    case '<=':
      return Number(a <= b)
    case '>':
      return Number(a > b)
    case '>=':
      return Number(a >= b)
    case '==':
      return Number(a === b)
    case '!=':
      return Number(a !== b)
    case '&&':
      return Number(a !== 0 && b !== 0)
    default:
      return Number(a !== 0 || b !== 0)
  }
}
