import { normalized } from '../files.ts'
import type { Process } from '../process.ts'

/** `test` and `[`: 0 true, 1 false, 2 when it cannot be understood. */
export async function evaluateTest(args: readonly string[], process: Process): Promise<number> {
  let at = 0

  const or = async (): Promise<boolean> => {
    let value = await and()
    while (args[at] === '-o') {
      at++
      value = (await and()) || value
    }
    return value
  }
  const and = async (): Promise<boolean> => {
    let value = await not()
    while (args[at] === '-a') {
      at++
      value = (await not()) && value
    }
    return value
  }
  const not = async (): Promise<boolean> => {
    if (args[at] === '!' && at + 1 < args.length) {
      at++
      return !(await not())
    }
    return primary()
  }
  const primary = async (): Promise<boolean> => {
    const [left, operator, right] = args.slice(at, at + 3)
    if (left === undefined) return false
    if (operator !== undefined && right !== undefined && operator in COMPARISONS) {
      at += 3
      return COMPARISONS[operator]!(left, right)
    }
    if (/^-[a-zA-Z]$/.test(left) && operator !== undefined) {
      at += 2
      return unary(left, operator)
    }
    at++
    return left !== ''
  }
  const unary = async (flag: string, operand: string): Promise<boolean> => {
    if (flag === '-n') return operand !== ''
    if (flag === '-z') return operand === ''
    const info = operand === '' ? undefined : await process.wait(process.guest.files.stat(normalized(operand, process.cwd)))
    switch (flag) {
      case '-f':
        return info?.kind === 'file'
      case '-d':
        return info?.kind === 'directory'
      case '-s':
        return (info?.size ?? 0) > 0
      case '-x':
        return info !== undefined && (info.mode & 0o111) !== 0
      default:
        return info !== undefined
    }
  }

  const result = await or()
  if (at >= args.length) return result ? 0 : 1
  await process.complain(`sh: ${args[at]}: unknown operand\n`)
  return 2
}

const COMPARISONS: Readonly<Record<string, (a: string, b: string) => boolean>> = {
  '=': (a, b) => a === b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '-eq': (a, b) => Number(a) === Number(b),
  '-ne': (a, b) => Number(a) !== Number(b),
  '-lt': (a, b) => Number(a) < Number(b),
  '-le': (a, b) => Number(a) <= Number(b),
  '-gt': (a, b) => Number(a) > Number(b),
  '-ge': (a, b) => Number(a) >= Number(b),
}
