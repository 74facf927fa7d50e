/** The browser's part of the HTML page, from where the build has put it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../host/package_root.ts'
import type { PageAssets } from '../timeline/page/render.ts'
import { UserError } from './output.ts'

export function readPageAssets(): PageAssets {
  const path = join(packageRoot(), 'dist', 'page', 'timeline.json')
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new UserError(`the HTML page cannot be drawn: ${path} is not there or not whole (${(error as Error).message})`, {
      next: 'Build Poise again: npm start, or npm install of the package. The outputs text, json and svg need no such file.',
    })
  }
}
