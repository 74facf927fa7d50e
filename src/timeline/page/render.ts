/** One HTML file that asks nobody for anything: data, style and script are in it, and its own policy forbids the rest. */
import { escaped } from '../escaped.ts'
import type { PageDocument } from './document.ts'

/** What scripts/page.mjs has made of dashboard/timeline. */
export interface PageAssets {
  readonly script: string
  readonly style: string
  /** As a Content-Security-Policy names them: `sha256-…`. */
  readonly scriptHash: string
  readonly styleHash: string
  /** Of the packages whose code is in the script. */
  readonly licenses: string
}

export function renderTimelinePage(document: PageDocument, { script, style, scriptHash, styleHash, licenses }: PageAssets): string {
  const policy = `default-src 'none'; script-src '${scriptHash}'; style-src '${styleHash}'; img-src data:; base-uri 'none'; form-action 'none'`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="Poise">
<link rel="icon" href="data:,">
<title>${escaped(document.title)}</title>
<style>${style}</style>
</head>
<body>
<noscript><h1>${escaped(document.title)}</h1><p>This page draws its timelines with a script that it brings along; allow scripts for this file to see them. The data is in the file as JSON.</p></noscript>
<div id="page"></div>
<script type="application/json" id="poise-data">${jsonForScript(document)}</script>
<script type="text/plain" id="licenses">${licenses.replace(/<\/(?=script)/gi, '<\\/')}</script>
<script>${script}</script>
</body>
</html>
`
}

/** No `<` may stand in it: `</script>` and `<!--` would end or change the element, whatever string they come from. */
const jsonForScript = (value: unknown): string => JSON.stringify(value, shortNumbers).replaceAll('<', '\\u003c')

/** Microseconds are as exact as anything here; the digits behind them are noise and half of the file. */
const shortNumbers = (_: string, value: unknown): unknown => (typeof value === 'number' && !Number.isInteger(value) ? Math.round(value * 1000) / 1000 : value)
