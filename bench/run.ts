/** `npm run bench -- NAME`: one of the benches, or the list of them. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const HELPERS = ['run', 'report', 'h2load', 'serve_api', 'read_process', 'cluster_process', 'watch_pod', 'cri_pod', 'timeline_cluster']
const [name] = process.argv.splice(2, 1)
const file = join(import.meta.dirname, `${name}.js`)
if (name && !HELPERS.includes(name) && existsSync(file)) await import(file)
else {
  const names = readdirSync(import.meta.dirname)
    .filter(entry => entry.endsWith('.js'))
    .map(entry => entry.slice(0, -3))
    .filter(entry => !HELPERS.includes(entry))
  console.log(`Usage: npm run bench -- NAME\nNAME is one of: ${names.join(', ')}`)
  process.exitCode = name ? 2 : 0
}
