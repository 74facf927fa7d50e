/** Comparing and copying plain JSON: no dates, maps or classes, which API objects never hold. */

/** True when both are the same JSON. The order of keys does not count; an undefined member counts as absent. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false
    for (let i = 0; i < a.length; i++) if (!deepEqual(a[i], b[i])) return false
    return true
  }
  if (Array.isArray(b)) return false
  return hasSameMembers(a as Json, b as Json)
}

/** A copy that shares nothing with the original. Undefined members are left out. */
export function cloneJson<T>(value: T): T {
  return clone(value) as T
}

/** Sets an own member whatever its name: plain assignment to `__proto__` would change the prototype instead. */
export function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true })
  else target[key] = value
}

type Json = Record<string, unknown>

function hasSameMembers(a: Json, b: Json): boolean {
  let members = 0
  for (const key of Object.keys(a)) {
    const value = a[key]
    if (value === undefined) continue
    if (!Object.hasOwn(b, key) || !deepEqual(value, b[key])) return false
    members++
  }
  for (const key of Object.keys(b)) if (b[key] !== undefined) members--
  return members === 0
}

function clone(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const copy: unknown[] = Array.from({ length: value.length })
    for (let i = 0; i < value.length; i++) copy[i] = clone(value[i])
    return copy
  }
  const copy: Json = {}
  for (const key of Object.keys(value)) {
    const member = (value as Json)[key]
    if (member !== undefined) setOwn(copy, key, clone(member))
  }
  return copy
}
