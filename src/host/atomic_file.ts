import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'

/** Whoever reads the file sees the old text or the new one, whole, also after a crash. The mode holds from the first byte on. */
export async function writeFileAtomically(path: string, text: string, mode: number): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  try {
    const file = await open(draft, 'wx', mode)
    try {
      await file.writeFile(text)
      await file.chmod(mode)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}
