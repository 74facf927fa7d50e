/** `npm start`: the tour, from a fresh clone. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { ensureBuild, ensureNodeModules, ensureSystemPackages, root } from './ensure.mjs'

ensureNodeModules()
const missing = ensureSystemPackages()
for (const sentence of missing) process.stderr.write(`${sentence}\n`)
ensureBuild()
const tour = spawn(process.execPath, [join(root, 'bin', 'poise.mjs'), 'tour', ...process.argv.slice(2)], { stdio: 'inherit' })
// It removes its cluster first: the prompt must not be back before.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => tour.kill(signal))
tour.once('exit', code => (process.exitCode = code ?? 1))
