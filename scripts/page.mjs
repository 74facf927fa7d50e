/**
 * Puts dashboard/timeline into one script and one style: what `poise timeline -o html` and `poise check -o html` write into
 * their page, so that it needs nobody else. dist/page/timeline.json is read by src/cli/page_assets.ts.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { licenses } from './licenses.mjs'

export const pageFile = root => join(root, 'dist', 'page', 'timeline.json')

export function makePage(root) {
  const { buildSync } = createRequire(join(root, 'package.json'))('esbuild')
  const { metafile, outputFiles } = buildSync({
    absWorkingDir: root,
    entryPoints: ['dashboard/timeline/main.tsx'],
    tsconfig: 'dashboard/tsconfig.json',
    outdir: 'dist/page',
    bundle: true,
    minify: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
    charset: 'utf8',
    metafile: true,
    write: false,
    logLevel: 'warning',
  })
  // Inside an HTML element, `</script` would end it wherever it stood.
  const text = ending => outputFiles.find(({ path }) => path.endsWith(ending)).text.replace(/<\/(?=script|style)/gi, '<\\/')
  const [script, style] = [text('.js'), text('.css')]
  const hash = content => `sha256-${createHash('sha256').update(content).digest('base64')}`
  const assets = { script, style, scriptHash: hash(script), styleHash: hash(style), licenses: licenses(root, Object.keys(metafile.inputs)) }
  const file = pageFile(root)
  mkdirSync(join(root, 'dist', 'page'), { recursive: true })
  // At once, so that nobody reads half of it.
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(assets))
  renameSync(`${file}.${process.pid}`, file)
}
