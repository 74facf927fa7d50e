/** Orders keys as their UTF-8 bytes are ordered, which is how etcd and lmdb order them. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return codePointRank(x) - codePointRank(y)
  }
  return a.length - b.length
}

/** Is the key behind every key that starts with the prefix? */
export function isBehindPrefix(key: string, prefix: string): boolean {
  return !key.startsWith(prefix) && compareKeys(key, prefix) > 0
}

/** UTF-16 puts surrogates (code points from U+10000) before U+E000 to U+FFFF, UTF-8 puts them behind. */
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
