/** Freezes plain JSON with all it holds, and returns it. Goes into parts that are frozen already, too: a caller may have frozen only the outside. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  Object.freeze(value)
  if (Array.isArray(value)) for (let i = 0; i < value.length; i++) deepFreeze(value[i])
  else for (const name in value) deepFreeze(value[name])
  return value
}
