/** Decides what is done to the workload while the load goes on. */
import { CheckProblem } from './problem.ts'
import { isPaused, podSpecOf, replicasOf, workloadNameOf, workloadText, type WorkloadObject } from './workload.ts'

/** As `--rollout` says it. */
export type RolloutWords =
  | { readonly is: 'restart' }
  | { readonly is: 'image'; readonly container?: string; readonly image: string }
  | { readonly is: 'delete'; readonly all: boolean }
  | { readonly is: 'scale'; readonly replicas: number }
  | { readonly is: 'drain' }

export type Change = (
  | { readonly rollout: 'restart' }
  | { readonly rollout: 'image'; readonly container: string; readonly image: string }
  /** One Pod, or one after the other, each when the one before it has been replaced. */
  | { readonly rollout: 'delete'; readonly all: boolean }
  /** To so many, and back when that has settled. */
  | { readonly rollout: 'scale'; readonly replicas: number; readonly back: number }
  /** The node with most of its Pods: cordoned, its Pods evicted, and uncordoned at the end. */
  | { readonly rollout: 'drain' }
) & {
  /** `kubectl rollout restart deployment/web`: what a person would type. */
  readonly text: string
  readonly notes: readonly string[]
}

/** Undefined for words that are none. */
export function parseRollout(text: string): RolloutWords | undefined {
  const [word, ...rest] = text.split('=')
  const value = rest.join('=')
  if (text === 'restart' || text === 'drain') return { is: text }
  if (text === 'delete' || text === 'delete=all') return { is: 'delete', all: text === 'delete=all' }
  if (word === 'scale' && /^\d+$/.test(value)) return { is: 'scale', replicas: Number(value) }
  if (word !== 'image' || value === '') return undefined
  const equals = value.indexOf('=')
  if (equals < 0) return { is: 'image', image: value }
  const [container, image] = [value.slice(0, equals), value.slice(equals + 1)]
  return container && image ? { is: 'image', container, image } : undefined
}

const ROLLS: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet'])

/** Throws a CheckProblem for a change that this kind of workload does not know. */
export function planChange(workload: WorkloadObject, words: RolloutWords | undefined): Change {
  const { kind, name } = workloadNameOf(workload)
  const what = `${kind.toLowerCase()}/${name}`
  const rolls = ROLLS.has(kind)
  const wanted = words ?? (rolls ? { is: 'restart' } : { is: 'delete', all: false })
  const notes = words === undefined && !rolls ? [`${workloadText({ kind, name })} has no rollout to restart: one of its Pods is deleted instead.`] : []
  switch (wanted.is) {
    case 'restart':
      if (!rolls) throw noRollout(kind, name)
      refuseOnDelete(workload)
      refusePaused(workload, `can't restart paused deployment ${name} (run rollout resume first)`)
      return { rollout: 'restart', text: `kubectl rollout restart ${what}`, notes }
    case 'image': {
      if (!rolls) throw noRollout(kind, name)
      refuseOnDelete(workload)
      refusePaused(workload, `can't roll out an image of paused deployment ${name} (run rollout resume first)`)
      const container = containerFor(workload, wanted.container)
      return { rollout: 'image', container, image: wanted.image, text: `kubectl set image ${what} ${container}=${wanted.image}`, notes }
    }
    case 'delete': {
      const pods = kind === 'Pod' ? name : `of ${what}`
      const text = kind === 'Pod' ? `kubectl delete pod ${name}, and create it again` : `kubectl delete ${wanted.all ? 'each Pod' : 'one Pod'} ${pods}`
      return { rollout: 'delete', all: wanted.all, text, notes }
    }
    case 'scale': {
      const back = replicasOf(workload)
      if (kind === 'Pod' || back === undefined) throw new CheckProblem(`${kind} ${name} cannot be scaled`, 'Use --rollout restart or --rollout delete.')
      if (back === wanted.replicas) throw new CheckProblem(`${kind} ${name} has ${back} replicas already`, 'Give another number: --rollout scale=N.')
      return { rollout: 'scale', replicas: wanted.replicas, back, text: `kubectl scale ${what} --replicas=${wanted.replicas}, and back to ${back}`, notes }
    }
    case 'drain':
      if (kind === 'DaemonSet')
        throw new CheckProblem(`drain leaves the Pods of DaemonSet ${name} where they are`, 'Use --rollout restart or --rollout delete.')
      return { rollout: 'drain', text: `kubectl drain the node with most Pods of ${what}, and uncordon it`, notes }
  }
}

function refuseOnDelete(workload: WorkloadObject): void {
  if (updateTypeOf(workload) === 'OnDelete')
    throw new CheckProblem(
      `${workload.kind} ${workload.metadata.name} has update strategy OnDelete: a change of its template changes no Pod`,
      'Use --rollout delete or --rollout delete=all.',
    )
}

/** In the words of `kubectl rollout restart`; a new image is taken by kubectl, and no Pod gets it. */
function refusePaused(workload: WorkloadObject, message: string): void {
  if (isPaused(workload)) throw new CheckProblem(message, 'Take `paused: true` out of the manifest.')
}

const noRollout = (kind: string, name: string) => new CheckProblem(`${kind} ${name} has no rollout`, 'Use --rollout delete, or put the Pod into a Deployment.')

const updateTypeOf = (workload: WorkloadObject): string | undefined =>
  'updateStrategy' in workload.spec ? (workload.spec.updateStrategy as { type?: string }).type : undefined

function containerFor(workload: WorkloadObject, wanted: string | undefined): string {
  const names = podSpecOf(workload).containers.map(({ name }) => name)
  if (wanted === undefined && names.length === 1) return names[0]!
  if (wanted === undefined)
    throw new CheckProblem(`the Pods have ${names.length} containers (${names.join(', ')})`, 'Say which: --rollout image=CONTAINER=IMAGE.')
  if (!names.includes(wanted)) throw new CheckProblem(`the Pods have no container ${wanted}`, `They have ${names.join(', ')}.`)
  return wanted
}
