/**
 * Which form of an answer a client wants, from its Accept header.
 *
 * kubectl asks for `application/json;as=Table;v=v1;g=meta.k8s.io,…,application/json` and takes the first the
 * server can do. A client that accepts protobuf only is told 406: the server speaks JSON and YAML.
 */
import { notAcceptable } from '../../api/status.ts'

export type Media = 'json' | 'yaml'

export interface Accepted {
  readonly media: Media
  /** What to turn the object into: Table, PartialObjectMetadata, PartialObjectMetadataList, APIGroupDiscoveryList. */
  readonly as?: string
  /** Version and group of that form. */
  readonly version?: string
  readonly group?: string
}

export interface Clause {
  readonly type: string
  readonly parameters: Readonly<Record<string, string>>
  readonly quality: number
}

/** How many different headers are remembered: clients send a handful, an attacker as many as he likes. */
const REMEMBERED_MAX = 200

/** Parsed headers are kept, because the same few come thousands of times a second. */
export function createAcceptParser(): (header: string | undefined) => readonly Clause[] {
  const remembered = new Map<string, readonly Clause[]>()
  return header => {
    const text = header?.trim() || '*/*'
    const known = remembered.get(text)
    if (known) return known
    const clauses = parseAccept(text)
    if (remembered.size >= REMEMBERED_MAX) remembered.clear()
    remembered.set(text, clauses)
    return clauses
  }
}

/** The first form, in the client's order of preference, that `offers` says yes to. Throws 406 when there is none. */
export function negotiate(clauses: readonly Clause[], offers: (accepted: Accepted) => boolean): Accepted {
  for (const { type, parameters } of clauses) {
    const media = MEDIA[type]
    if (!media) continue
    const { as, v: version, g: group } = parameters
    const accepted = as ? { media, as, version, group } : { media }
    if (offers(accepted)) return accepted
  }
  throw notAcceptable()
}

const MEDIA: Readonly<Record<string, Media | undefined>> = {
  'application/json': 'json',
  'application/yaml': 'yaml',
  'text/yaml': 'yaml',
  'application/*': 'json',
  '*/*': 'json',
}

export const CONTENT_TYPES: Readonly<Record<Media, string>> = { json: 'application/json', yaml: 'application/yaml' }

function parseAccept(header: string): readonly Clause[] {
  const clauses = header.split(',').map((text): Clause => {
    const [type = '', ...rest] = text.split(';').map(part => part.trim())
    const parameters = Object.fromEntries(
      rest.map(part => {
        const equals = part.indexOf('=')
        return equals < 0 ? [part, ''] : [part.slice(0, equals), part.slice(equals + 1)]
      }),
    )
    const quality = Number(parameters.q ?? 1)
    return { type: type.toLowerCase(), parameters, quality: Number.isFinite(quality) ? quality : 0 }
  })
  return clauses.filter(clause => clause.quality > 0).sort((a, b) => b.quality - a.quality)
}
