/**
 * Sets of fields in the form managedFields has (FieldsV1): a tree whose steps are `f:<field>`, `k:{"name":"a"}` (the
 * item with these keys) and `v:"x"` (the item of this value). A node without steps is in the set; a node with steps is
 * in it when it also has the step `.`. Nodes are never changed once made, so sets share what they have in common.
 */
export interface FieldSet {
  readonly [step: string]: FieldSet
}

/** The node of a field that is in the set and has nothing below it. */
export const LEAF: FieldSet = Object.freeze({})

export const isEmpty = (set: FieldSet): boolean => {
  for (const _ in set) return false
  return true
}

/** What is in either. Returns the first itself when the second adds nothing. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  let result: Record<string, FieldSet> | undefined
  for (const step in b) {
    if (step === '.') continue
    const inA = a[step]
    const merged = inA === undefined ? b[step]! : unionOfNodes(inA, b[step]!)
    if (merged !== inA) (result ??= { ...a })[step] = merged
  }
  return result ?? a
}

/** What is in the first and not in the second. Returns the first itself when nothing is taken away. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  let result: Record<string, FieldSet> | undefined
  for (const step in a) {
    if (step === '.' || b[step] === undefined) continue
    const rest = differenceOfNodes(a[step]!, b[step]!)
    if (rest === a[step]) continue
    result ??= { ...a }
    if (rest) result[step] = rest
    else delete result[step]
  }
  return result ?? a
}

/** The paths that are in both, as lists of steps. */
export function commonPaths(a: FieldSet, b: FieldSet, prefix: readonly string[] = []): (readonly string[])[] {
  const paths: (readonly string[])[] = []
  for (const step in a) {
    if (step === '.' || b[step] === undefined) continue
    const path = [...prefix, step]
    if (isMember(a[step]!) && isMember(b[step]!)) paths.push(path)
    paths.push(...commonPaths(a[step]!, b[step]!, path))
  }
  return paths
}

/** As messages show it: `.spec.containers[name="a"].image`. */
export function printPath(path: readonly string[]): string {
  return path
    .map(step => {
      const rest = step.slice(2)
      if (step.startsWith('f:')) return `.${rest}`
      if (step.startsWith('v:')) return `[=${rest}]`
      if (step.startsWith('i:')) return `[${rest}]`
      return `[${Object.entries(JSON.parse(rest) as object)
        .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
        .join(',')}]`
    })
    .join('')
}

/** True when the value of a fieldsV1 member is such a tree: clients may send anything. */
export function isFieldSet(value: unknown): value is FieldSet {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.entries(value).every(([step, node]) => isStep(step) && isFieldSet(node))
}

function isStep(step: string): boolean {
  if (step === '.' || step.startsWith('f:') || /^i:\d+$/.test(step)) return true
  if (!step.startsWith('k:{') && !step.startsWith('v:')) return false
  try {
    JSON.parse(step.slice(2))
    return true
  } catch {
    return false
  }
}

const isMember = (node: FieldSet): boolean => node['.'] !== undefined || isEmpty(node)

function unionOfNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(b)) return isMember(a) ? a : { '.': LEAF, ...a }
  if (isEmpty(a)) return isMember(b) ? b : { '.': LEAF, ...b }
  const steps = union(a, b)
  return isMember(b) && !isMember(a) ? { '.': LEAF, ...steps } : steps
}

/** Undefined when nothing is left. */
function differenceOfNodes(a: FieldSet, b: FieldSet): FieldSet | undefined {
  const staysMember = isMember(a) && !isMember(b)
  const steps = difference(a, b)
  if (steps === a && staysMember === isMember(a)) return a
  const { '.': _, ...below } = steps
  if (isEmpty(below)) return staysMember ? LEAF : undefined
  return staysMember ? { '.': LEAF, ...below } : below
}
