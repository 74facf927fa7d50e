/** Operations of the published documents: what can be done to each resource at which path. */
import { apiVersionOf, type Kind } from '../kind.ts'
import { listModelOf, referenceTo, type Dialect, type GroupVersionKind, type Json } from './definitions.ts'

/** `/api/v1` or `/apis/apps/v1`. */
export const groupVersionPath = (kind: { group: string; version: string }): string => (kind.group ? `/apis/${apiVersionOf(kind)}` : `/api/${kind.version}`)

/** All paths of a resource with their operations. */
export function describePaths(kind: Kind, dialect: Dialect): [string, Json][] {
  const collection = `${groupVersionPath(kind)}/${kind.namespaced ? 'namespaces/{namespace}/' : ''}${kind.plural}`
  const item = `${collection}/{name}`
  const everywhere =
    kind.namespaced && kind.verbs.includes('list') ? [pathItem(`${groupVersionPath(kind)}/${kind.plural}`, ['list'], kind, dialect, 'ForAllNamespaces')] : []
  return [
    pathItem(
      collection,
      kind.verbs.filter(verb => verb === 'list' || verb === 'create' || verb === 'deletecollection'),
      kind,
      dialect,
      '',
    ),
    pathItem(
      item,
      kind.verbs.filter(verb => verb === 'get' || verb === 'update' || verb === 'patch' || verb === 'delete'),
      kind,
      dialect,
      '',
    ),
    ...kind.subresources.map(subresource =>
      pathItem(`${item}/${subresource.name}`, subresource.verbs, kind, dialect, pascal(subresource.name), subresource.kind),
    ),
    ...everywhere,
  ].filter(([, operations]) => Object.keys(operations).some(key => key !== 'parameters'))
}

export const PATCH_MEDIA_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
]
const MEDIA_TYPES = ['application/json', 'application/yaml']
const WATCH_MEDIA_TYPES = [...MEDIA_TYPES, 'application/json;stream=watch']

interface VerbShape {
  readonly method: string
  readonly action: string
  readonly query: readonly string[]
  readonly body?: 'object' | 'patch' | 'deleteOptions'
  readonly answer: 'object' | 'list' | 'status'
}

const READ_LIST = [
  'allowWatchBookmarks',
  'continue',
  'fieldSelector',
  'labelSelector',
  'limit',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'timeoutSeconds',
  'watch',
]
const WRITE = ['dryRun', 'fieldManager', 'fieldValidation']
const DELETE = ['dryRun', 'gracePeriodSeconds', 'orphanDependents', 'propagationPolicy']

const VERBS: Readonly<Record<string, VerbShape>> = {
  get: { method: 'get', action: 'get', query: [], answer: 'object' },
  list: { method: 'get', action: 'list', query: READ_LIST, answer: 'list' },
  create: { method: 'post', action: 'post', query: WRITE, body: 'object', answer: 'object' },
  update: { method: 'put', action: 'put', query: WRITE, body: 'object', answer: 'object' },
  patch: { method: 'patch', action: 'patch', query: [...WRITE, 'force'], body: 'patch', answer: 'object' },
  delete: { method: 'delete', action: 'delete', query: DELETE, body: 'deleteOptions', answer: 'status' },
  deletecollection: {
    method: 'delete',
    action: 'deletecollection',
    query: [...DELETE, ...READ_LIST.filter(name => !name.startsWith('allowWatch') && name !== 'watch')],
    body: 'deleteOptions',
    answer: 'status',
  },
}

const QUERY: Readonly<Record<string, { type: string; description: string }>> = {
  allowWatchBookmarks: { type: 'boolean', description: 'Asks a watch to send bookmarks.' },
  continue: { type: 'string', description: 'Where the previous page of the list ended.' },
  dryRun: { type: 'string', description: 'All: do everything but store the result.' },
  fieldManager: { type: 'string', description: 'Who makes the change, as managedFields will say.' },
  fieldSelector: { type: 'string', description: 'Only objects whose fields are as it says.' },
  fieldValidation: { type: 'string', description: 'What to do about unknown and duplicate fields: Ignore, Warn or Strict.' },
  force: { type: 'boolean', description: 'Takes fields over from other managers in an apply.' },
  gracePeriodSeconds: { type: 'integer', description: 'How long the object may take to end, in seconds; 0 is at once.' },
  labelSelector: { type: 'string', description: 'Only objects whose labels are as it says.' },
  limit: { type: 'integer', description: 'The most objects of one page.' },
  orphanDependents: { type: 'boolean', description: 'Deprecated: use propagationPolicy.' },
  pretty: { type: 'string', description: 'true: indent the answer.' },
  propagationPolicy: { type: 'string', description: 'What happens to dependents: Orphan, Background or Foreground.' },
  resourceVersion: { type: 'string', description: 'How fresh the answer must be, or after which version a watch begins.' },
  resourceVersionMatch: { type: 'string', description: 'How resourceVersion is meant: Exact or NotOlderThan.' },
  sendInitialEvents: { type: 'boolean', description: 'Asks a watch to begin with what exists.' },
  timeoutSeconds: { type: 'integer', description: 'How long a list or watch may take, in seconds.' },
  watch: { type: 'boolean', description: 'Watches instead of listing.' },
}

const STATUS_MODEL = 'io.k8s.apimachinery.pkg.apis.meta.v1.Status'
const PATCH_MODEL = 'io.k8s.apimachinery.pkg.apis.meta.v1.Patch'
const DELETE_OPTIONS_MODEL = 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions'

type OtherKind = GroupVersionKind & { readonly schema?: { readonly type: string; readonly name?: string } }

function pathItem(path: string, verbs: readonly string[], kind: Kind, dialect: Dialect, suffix: string, other?: OtherKind): [string, Json] {
  const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => parameter(name!, 'path', 'string', PATH_PARAMETERS[name!]!, dialect))
  const item: Json = { parameters: [...parameters, queryParameter('pretty', dialect)] }
  for (const verb of verbs) {
    const shape = VERBS[verb]
    if (shape) item[shape.method] = operation(shape, kind, dialect, suffix, other)
  }
  return [path, item]
}

const PATH_PARAMETERS: Readonly<Record<string, string>> = { namespace: 'The namespace of the object.', name: 'The name of the object.' }

function operation(shape: VerbShape, kind: Kind, dialect: Dialect, suffix: string, other?: OtherKind): Json {
  const groupVersionKind: GroupVersionKind = other ?? kind
  const models = { object: modelOf(kind, other), list: listModelOf(kind), status: STATUS_MODEL, patch: PATCH_MODEL, deleteOptions: DELETE_OPTIONS_MODEL }
  const produces = shape.action === 'list' ? WATCH_MEDIA_TYPES : MEDIA_TYPES
  const answer = models[shape.answer]
  const body = shape.body && models[shape.body]
  const consumes = shape.body === 'patch' ? PATCH_MEDIA_TYPES : ['*/*']
  const codes = shape.method === 'post' ? ['200', '201', '202'] : shape.method === 'put' || shape.method === 'patch' ? ['200', '201'] : ['200']
  const query = shape.query.map(name => queryParameter(name, dialect))
  const tag = kind.group ? `${kind.group.split('.')[0]}_${kind.version}` : `core_${kind.version}`

  const common: Json = {
    operationId: `${shape.action === 'get' ? 'read' : shape.action}${pascal(tag)}${kind.namespaced && suffix !== 'ForAllNamespaces' ? 'Namespaced' : ''}${kind.kind}${suffix}`,
    tags: [tag],
    'x-kubernetes-action': shape.action,
    'x-kubernetes-group-version-kind': { group: groupVersionKind.group, kind: groupVersionKind.kind, version: groupVersionKind.version },
  }
  if (dialect === 2) {
    const answers = codes.map(code => [code, { description: 'OK', ...(answer && { schema: referenceTo(answer, 2) }) }])
    const bodyParameter = body ? [{ in: 'body', name: 'body', required: shape.body !== 'deleteOptions', schema: referenceTo(body, 2) }] : []
    return {
      ...common,
      consumes,
      produces,
      schemes: ['https'],
      parameters: [...bodyParameter, ...query],
      responses: { ...Object.fromEntries(answers), 401: { description: 'Unauthorized' } },
    }
  }
  const content = (mediaTypes: readonly string[], model: string | undefined): Json =>
    Object.fromEntries(mediaTypes.map(type => [type, model ? { schema: referenceTo(model, 3) } : {}]))
  const answers = codes.map(code => [code, { description: 'OK', content: content(produces, answer) }])
  return {
    ...common,
    parameters: query,
    ...(body && { requestBody: { required: shape.body !== 'deleteOptions', content: content(consumes, body) } }),
    responses: { ...Object.fromEntries(answers), 401: { description: 'Unauthorized' } },
  }
}

/** Undefined for kinds of subresources that have no published model: streams and proxies. */
function modelOf(kind: Kind, other: OtherKind | undefined): string | undefined {
  return other ? other.schema?.name : kind.schema.name
}

const queryParameter = (name: string, dialect: Dialect): Json => parameter(name, 'query', QUERY[name]!.type, QUERY[name]!.description, dialect)

function parameter(name: string, place: 'query' | 'path', type: string, description: string, dialect: Dialect): Json {
  const isRequired = place === 'path' ? { required: true } : {}
  return dialect === 2
    ? { description, in: place, name, ...isRequired, type, uniqueItems: true }
    : { description, in: place, name, ...isRequired, schema: { type, uniqueItems: true } }
}

const pascal = (text: string): string =>
  text
    .split(/[_\-.]/)
    .map(part => part.charAt(0).toUpperCase() + part.slice(1))
    .join('')
