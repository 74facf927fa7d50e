/** Names of images as people write them, and what they mean: `nginx` is `docker.io/library/nginx:latest`. */

export interface ImageName {
  /** With a tag, or a digest. */
  readonly full: string
  readonly tag: string
  readonly digest: string
  /** `docker.io`, `registry.example:5000`. */
  readonly registry: string
}

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const HOST = '(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?'
const REFERENCE = new RegExp(
  `^((?:${HOST}/)?${COMPONENT}(?:/${COMPONENT})*)(?::([\\w][\\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?$`,
)

/** A string says what is wrong with the name. */
export function parseImageName(image: string): ImageName | string {
  const match = REFERENCE.exec(image)
  if (!match) {
    const why = REFERENCE.test(image.toLowerCase()) ? 'repository name must be lowercase' : 'invalid reference format'
    return `couldn't parse image name "${image}": ${why === 'invalid reference format' ? why : `invalid reference format: ${why}`}`
  }
  const [, name = '', tag = '', digest = ''] = match
  const repository = withRegistry(name)
  const effectiveTag = tag || (digest ? '' : 'latest')
  return {
    full: `${repository}${effectiveTag && `:${effectiveTag}`}${digest && `@${digest}`}`,
    tag: effectiveTag,
    digest,
    registry: repository.slice(0, repository.indexOf('/')),
  }
}

/** The policy of a container that names none. */
export function defaultPullPolicy(image: string): 'Always' | 'IfNotPresent' {
  const name = parseImageName(image)
  return typeof name !== 'string' && name.tag === 'latest' && !name.digest ? 'Always' : 'IfNotPresent'
}

function withRegistry(name: string): string {
  const first = name.slice(0, Math.max(0, name.indexOf('/')))
  const isRegistry = first.includes('.') || first.includes(':') || first === 'localhost'
  if (isRegistry) return name
  return first ? `docker.io/${name}` : `docker.io/library/${name}`
}
