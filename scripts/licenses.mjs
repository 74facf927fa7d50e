/** What is bundled carries other people's code, so it carries their terms too. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Of the packages that these files, as esbuild names its inputs, belong to. */
export function licenses(root, inputs) {
  const packages = new Set(inputs.flatMap(input => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? []))
  return [...packages]
    .map(name => {
      const directory = join(root, 'node_modules', name)
      const { version, license, author } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
      const text = join(directory, 'LICENSE')
      return `${name} ${version} (${license})${author ? `, ${author.name ?? author}` : ''}\n\n${existsSync(text) ? readFileSync(text, 'utf8') : ''}`
    })
    .join('\n----\n\n')
}
