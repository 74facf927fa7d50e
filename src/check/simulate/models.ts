/**
 * What each container of a simulation does, and who says so:
 *
 *   annotation simulate.poise.dev/<container>  ▷  --models FILE  ▷  an image that is known  ▷  assumed, and said aloud
 */
import { decodeAnyBody } from '../../api/yaml.ts'
import { messageOf } from '../../base/error_message.ts'
import { parseSettings, SETTINGS_PREFIX } from '../../base/server_settings.ts'
import { imageModel, nameAndTag } from '../../sim/workload/images.ts'
import type { ManifestObject, Manifests } from '../manifests.ts'
import { CheckProblem } from '../problem.ts'
import { changeTemplate, templateOf, type DraftContainer, type DraftTemplate } from './pod_templates.ts'

/** By image (with its tag or without), or by `workload/container`; the words are those of the annotation. */
export type ModelFile = ReadonlyMap<string, string>

export interface ContainerModel {
  /** `Deployment/web` */
  readonly workload: string
  readonly container: string
  readonly image: string
  readonly from: 'annotation' | 'file' | 'image' | 'assumed'
  /** `start=1s, listen=8080`; for an image that is known, what it is. */
  readonly words: string
}

export interface Modelled {
  readonly manifests: Manifests
  readonly models: readonly ContainerModel[]
}

/** Throws a CheckProblem with the line of what cannot be understood. */
export function parseModels(file: string, text: string): ModelFile {
  let json: unknown
  try {
    ;({ json } = decodeAnyBody(new TextEncoder().encode(text), 'application/yaml'))
  } catch (error) {
    throw new CheckProblem(`${file}: ${messageOf(error)}`, EXAMPLE)
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new CheckProblem(`${file}: this is no map of images`, EXAMPLE)
  return new Map(
    Object.entries(json).map(([name, words]) => {
      const joined = Array.isArray(words) ? words.join(', ') : words
      if (typeof joined !== 'string') throw new CheckProblem(`${file}: ${name}: must be words such as start=2s, listen=8080`, EXAMPLE)
      checkWords(joined, `${file}: ${name}`)
      return [name, joined]
    }),
  )
}

const EXAMPLE = 'One line for an image, or for a container of a workload: `shop/web:1.4: start=2s, listen=8080, term=fast`. All words: docs/SIMULATION.md.'

/** Says in every Pod template what its containers do. Throws a CheckProblem for words that are none. */
export function modelled(manifests: Manifests, file: ModelFile): Modelled {
  const models: ContainerModel[] = []
  const objects = manifests.objects.map(manifest => {
    const template = templateOf(manifest.object)
    if (!template) return manifest
    const own = modelsOf(manifest, template, file)
    models.push(...own)
    const said = own.filter(({ from }) => from === 'file' || from === 'assumed')
    if (said.length === 0) return manifest
    return changeTemplate(manifest, draft => {
      const metadata = (draft.metadata ??= {})
      metadata.annotations = { ...metadata.annotations, ...Object.fromEntries(said.map(({ container, words }) => [`${SETTINGS_PREFIX}${container}`, words])) }
    })
  })
  return { manifests: { ...manifests, objects }, models }
}

/** A sentence for each container whose model nobody has given. */
export const assumptions = (models: readonly ContainerModel[]): string[] =>
  models.flatMap(({ workload, container, image, from, words }) =>
    from === 'assumed'
      ? [
          `${workload}, container ${container}: nothing is known of image ${image}. Assumed: ${words}. Say what it does with --models FILE, or with the annotation ${SETTINGS_PREFIX}${container}.`,
        ]
      : [],
  )

function modelsOf({ object, place }: ManifestObject, template: DraftTemplate, file: ModelFile): ContainerModel[] {
  const workload = `${object.kind}/${object.metadata.name}`
  const mustEnd = object.kind === 'Job' || object.kind === 'CronJob'
  const { containers, initContainers = [] } = template.spec
  const only = containers.length === 1
  const model = (container: DraftContainer, ends: boolean): ContainerModel => {
    const image = container.image ?? ''
    const found = { workload, container: container.name, image }
    const annotation = template.metadata?.annotations?.[`${SETTINGS_PREFIX}${container.name}`]
    if (annotation !== undefined) {
      checkWords(annotation, `${place}: ${workload}: annotation ${SETTINGS_PREFIX}${container.name}`)
      return { ...found, from: 'annotation', words: annotation }
    }
    const words = fromFile(file, object.metadata.name ?? '', container.name, image)
    if (words !== undefined) return { ...found, from: 'file', words }
    if (isKnown(image)) return { ...found, from: 'image', words: nameAndTag(image).name }
    return { ...found, from: 'assumed', words: ends ? ENDING_WORDS : assumedWords(container, only) }
  }
  return [...initContainers.map(each => model(each, each.restartPolicy !== 'Always')), ...containers.map(each => model(each, mustEnd))]
}

const fromFile = (file: ModelFile, workload: string, container: string, image: string): string | undefined =>
  file.get(`${workload}/${container}`) ?? file.get(image) ?? file.get(image.split('@')[0]!.replace(/:[^:/]*$/, ''))

/** Its programs and its manners are modelled under its own name. */
const isKnown = (image: string): boolean => imageModel(image).unknownProgram === undefined

/** What init containers and Jobs do: their work, and then they end. */
const ENDING_WORDS = 'listen=none, after=1s'

/** A server that is neither quick nor slow, and behaves at TERM: losses that are found are then the manifest's, and not its own. */
function assumedWords({ ports = [], readinessProbe, livenessProbe, startupProbe }: DraftContainer, isOnly: boolean): string {
  const probes = [readinessProbe, livenessProbe, startupProbe].filter(probe => probe !== undefined)
  const probed = probes.flatMap(({ httpGet, tcpSocket }) => [httpGet?.port, tcpSocket?.port]).filter(port => typeof port === 'number')
  const declared = ports.filter(({ protocol }) => (protocol ?? 'TCP') === 'TCP').map(({ containerPort }) => containerPort)
  const listen = [...new Set([...declared, ...probed])]
  return [
    'start=1s',
    `listen=${listen.length > 0 ? listen.join('+') : isOnly ? '80' : 'none'}`,
    'answer=10ms',
    'term=drain',
    ...(probes.some(({ grpc }) => grpc) ? ['grpc=SERVING'] : []),
  ].join(', ')
}

function checkWords(words: string, where: string): void {
  try {
    parseSettings(words)
  } catch (error) {
    throw new CheckProblem(`${where}: ${messageOf(error)}`, 'All words: docs/SIMULATION.md.')
  }
}
