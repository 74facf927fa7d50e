import { statSync } from 'node:fs'
import { join } from 'node:path'

/** The bundled command line, or undefined where there is none or the compiler has run since it was made. */
export function currentBundle(root) {
  const bundle = join(root, 'dist', 'bundle', 'cli', 'main.js')
  const made = changed(bundle)
  // A published package has none of these.
  const compiled = ['.tsbuildinfo', '.tsbuildinfo.product'].map(name => changed(join(root, 'dist', name)))
  return made > 0 && compiled.every(time => time <= made) ? bundle : undefined
}

const changed = path => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
