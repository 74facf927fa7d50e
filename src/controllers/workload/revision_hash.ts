/**
 * Names for what a template was at some time: `web-5d59d67564`. Equal content gives an equal name, whoever works it out.
 * The names look like Kubernetes' but are others: it hashes a memory dump of Go.
 */
import { canonicalJson } from '../../base/canonical_json.ts'

/** No vowels, so that no name spells a word. */
const SAFE_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

/**
 * 32 bits of FNV-1a: at most ten letters and digits.
 * @param collisionCount how often the name was taken by something else; each time there is another one
 */
export function revisionHash(content: unknown, collisionCount: number | undefined): string {
  const hash = fnv32a(`${canonicalJson(content)}${collisionCount ?? ''}`)
  return Array.from(String(hash), digit => SAFE_ALPHABET[digit.charCodeAt(0) % SAFE_ALPHABET.length]!).join('')
}

function fnv32a(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
