/** `npm start`: the tour, from a fresh clone. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ensureBuild, ensureNodeModules, ensureSystemPackages, root } from './ensure.mjs'

ensureNodeModules()
const missing = ensureSystemPackages()
for (const sentence of missing) process.stderr.write(`${sentence}\n`)
ensureBuild()
const tour = spawnSync(process.execPath, [join(root, 'bin', 'poise.mjs'), 'tour', ...process.argv.slice(2)], { stdio: 'inherit' })
process.exitCode = tour.status ?? 1
