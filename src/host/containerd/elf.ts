/** What has to be known of a 64-bit ELF program to put it into an image. */

const PT_LOAD = 1
const PT_INTERP = 3
const ELF_HEADER_BYTES = 0x40

/** A dynamic program names its interpreter, the loader of shared libraries. */
export const isStatic = (elf: Buffer): boolean => segments(elf).every(({ type }) => type !== PT_INTERP)

/** Without what is never loaded, symbols for debuggers above all: what `strip` does, where nobody has a `strip`. */
export function withoutSymbols(elf: Buffer): Buffer {
  const end = Math.max(...segments(elf).map(({ type, offset, size }) => (type === PT_LOAD ? offset + size : 0)))
  if (end < ELF_HEADER_BYTES || end >= elf.length) return elf
  const loaded = Buffer.from(elf.subarray(0, end))
  // The table of sections was behind, and goes too.
  loaded.writeBigUInt64LE(0n, 0x28)
  loaded.writeUInt16LE(0, 0x3c)
  loaded.writeUInt16LE(0, 0x3e)
  return loaded
}

function segments(elf: Buffer): { type: number; offset: number; size: number }[] {
  const table = Number(elf.readBigUInt64LE(0x20))
  const size = elf.readUInt16LE(0x36)
  const count = elf.readUInt16LE(0x38)
  return Array.from({ length: count }, (_, i) => {
    const at = table + i * size
    return { type: elf.readUInt32LE(at), offset: Number(elf.readBigUInt64LE(at + 0x08)), size: Number(elf.readBigUInt64LE(at + 0x20)) }
  })
}
