/** Makes a fresh clone ready for `npx poise …`, as `npm start` does before its tour. */
import { ensureBuild, ensureNodeModules, ensureSystemPackages } from './ensure.mjs'

ensureNodeModules()
for (const sentence of ensureSystemPackages()) process.stderr.write(`${sentence}\n`)
ensureBuild()
