/** A short text that changes with the bytes, for ETags. Not cryptographic: nobody gains by making two documents look the same. */
export function fingerprint(bytes: Uint8Array): string {
  let a = 0x811c9dc5
  let b = 0x9e3779b9
  for (const byte of bytes) {
    a = Math.imul(a ^ byte, 0x01000193)
    b = Math.imul(b ^ byte, 0x85ebca6b) ^ (a >>> 13)
  }
  return [a, b, bytes.length].map(word => (word >>> 0).toString(16).toUpperCase().padStart(8, '0')).join('')
}
