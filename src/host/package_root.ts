/** Where this package lies: its files are asked for from modules and from the bundle, which are not equally deep. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export function packageRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(directory, 'package.json'))) {
    const above = dirname(directory)
    if (above === directory) throw new Error(`no package.json above ${fileURLToPath(import.meta.url)}: this installation of Poise is incomplete`)
    directory = above
  }
  return directory
}
