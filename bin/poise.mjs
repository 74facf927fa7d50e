#!/usr/bin/env node
// In a checkout this compiles when a source has changed, so that `npx poise` never runs old code.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { currentBundle } from './bundle.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const ensure = join(root, 'scripts', 'ensure.mjs')
// Tests start it many times, right after a build.
if (existsSync(ensure) && !process.env.POISE_NO_BUILD) {
  const { ensureBuild, ensureNodeModules, isCheckout } = await import(pathToFileURL(ensure).href)
  if (isCheckout()) {
    ensureNodeModules()
    ensureBuild({ quiet: true })
  }
}
const bundle = currentBundle(root)
if (bundle) process.setSourceMapsEnabled(true)
const { main } = await import(pathToFileURL(bundle ?? join(root, 'dist', 'src', 'cli', 'main.js')).href)
process.exitCode = await main(process.argv.slice(2))
// Everything has been told and closed. Should a forgotten handle keep the process, it does not for long.
setTimeout(() => process.exit(), 3_000).unref()
