/** Archives of images, as users name them. */
import { access, constants, stat } from 'node:fs/promises'
import { UserError } from './output.ts'

/** Before anything is started, or loaded. */
export async function refuseUnreadableArchives(files: readonly string[]): Promise<void> {
  for (const file of files) {
    const refuse = (why: string) => new UserError(`the image archive ${file} cannot be read: ${why}`, { next: 'Make one with: docker save IMAGE -o FILE.tar' })
    await access(file, constants.R_OK).catch(({ code }: NodeJS.ErrnoException) => {
      throw refuse(code === 'ENOENT' ? 'there is no such file' : (code ?? 'unknown'))
    })
    if ((await stat(file)).isDirectory()) throw refuse('it is a directory')
  }
}
