/**
 * Writes POSIX (ustar) archives of files small enough to hold in memory.
 */
export interface TarEntry {
  /** Up to 100 bytes; a directory ends with a slash. */
  readonly name: string
  readonly data?: Uint8Array
  readonly mode?: number
  /** A symbolic link to there. */
  readonly linkTo?: string
}

const BLOCK = 512

export function tarOf(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(entry => [header(entry), padded(entry.data ?? new Uint8Array())]), Buffer.alloc(2 * BLOCK)])
}

function header({ name, data, mode, linkTo }: TarEntry): Buffer {
  const directory = name.endsWith('/')
  const block = Buffer.alloc(BLOCK)
  block.write(name, 0, 100)
  writeOctal(block, mode ?? (directory ? 0o755 : 0o644), 100, 8)
  writeOctal(block, 0, 108, 8)
  writeOctal(block, 0, 116, 8)
  writeOctal(block, data?.length ?? 0, 124, 12)
  writeOctal(block, 0, 136, 12)
  block.fill(' ', 148, 156)
  block.write(linkTo !== undefined ? '2' : directory ? '5' : '0', 156)
  block.write(linkTo ?? '', 157, 100)
  block.write('ustar\0' + '00', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(sum.toString(8).padStart(6, '0') + '\0 ', 148)
  return block
}

const writeOctal = (block: Buffer, value: number, offset: number, length: number) => block.write(value.toString(8).padStart(length - 1, '0') + '\0', offset)

const padded = (data: Uint8Array) => Buffer.concat([data, Buffer.alloc((BLOCK - (data.length % BLOCK)) % BLOCK)])
