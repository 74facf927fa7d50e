import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '../host/temporary_directory.ts'
import { refuseUnreadableArchives } from './image_archives.ts'
import { UserError } from './output.ts'

test('an archive that cannot be read is told by its name, with how to make one', async () => {
  const directory = await temporaryDirectory('poise-archives-')
  try {
    const good = join(directory.path, 'good.tar')
    await writeFile(good, '')
    await refuseUnreadableArchives([])
    await refuseUnreadableArchives([good])
    for (const [file, why] of [
      [join(directory.path, 'missing.tar'), 'there is no such file'],
      [directory.path, 'it is a directory'],
      [join(good, 'below.tar'), 'ENOTDIR'],
    ] as const)
      await assert.rejects(refuseUnreadableArchives([good, file]), (error: unknown) => {
        assert.ok(error instanceof UserError)
        assert.equal(error.message, `the image archive ${file} cannot be read: ${why}`)
        assert.match(error.next!, /docker save/)
        return true
      })
  } finally {
    await directory.remove()
  }
})
