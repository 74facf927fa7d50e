/**
 * Puts the command line into few files: loading some 450 modules one by one takes longer than everything else `poise up`
 * does. The modules of dist/src stay what the library and the tests use; bin/poise.mjs takes the bundle when it is current.
 */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { licenses } from './licenses.mjs'

/** Native, or loaded only when somebody needs it. */
const LEFT_OUT = ['lmdb', '@grpc/grpc-js', 'ws']
const DAY_MS = 24 * 3600 * 1000

export function makeBundle(root) {
  const startedAt = new Date()
  const { buildSync } = createRequire(join(root, 'package.json'))('esbuild')
  const folder = join(root, 'dist', 'bundle', 'cli')
  const { metafile, outputFiles } = buildSync({
    absWorkingDir: root,
    entryPoints: ['src/cli/main.ts'],
    outdir: folder,
    bundle: true,
    // What is imported late stays in files of its own.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    sourcesContent: false,
    external: LEFT_OUT,
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" },
    metafile: true,
    write: false,
    logLevel: 'warning',
  })
  mkdirSync(folder, { recursive: true })
  const entry = join(folder, 'main.js')
  for (const { path, contents } of outputFiles) if (path !== entry) writeFileSync(path, contents)
  writeFileSync(join(folder, 'LICENSES.txt'), licenses(root, Object.keys(metafile.inputs)))
  // Last and at once, so that nobody starts half of it. What is compiled meanwhile is newer, and the bundle is not taken.
  writeFileSync(`${entry}.new`, outputFiles.find(({ path }) => path === entry).contents)
  utimesSync(`${entry}.new`, startedAt, startedAt)
  renameSync(`${entry}.new`, entry)
  // A cluster that runs may still load a piece of the bundle it began with.
  for (const name of readdirSync(folder)) {
    const age = startedAt - statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs
    if (age > DAY_MS) rmSync(join(folder, name), { force: true })
  }
}
