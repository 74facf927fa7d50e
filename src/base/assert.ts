/** A belief of ours turned out to be false. It is a bug, never a condition to be handled. */
export class BrokenInvariant extends Error {
  override readonly name = 'BrokenInvariant'
}

/** Stays on in production: a component that has lost its footing must not go on writing. */
export function assert(belief: unknown, message: string): asserts belief {
  if (!belief) throw new BrokenInvariant(message)
}
