/**
 * Before a package is made of this directory: compiled code from these sources and nothing of older ones. npm skips
 * it where .npmrc silences lifecycle scripts, as ours does: publish with `npm publish --ignore-scripts=false`.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { ensureBuild, ensureNodeModules, root } from './ensure.mjs'

ensureNodeModules()
rmSync(join(root, 'dist'), { recursive: true, force: true })
ensureBuild()
