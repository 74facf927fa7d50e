/** Pods that run many cases at once, one a container, and what each container said. */
import type { Pod } from '../../src/api/kinds/pod.ts'
import type { VolumeCase } from './volume_cases.ts'
import type { Namespace } from './site.ts'

/** A Pod costs a sandbox, so that few of them do: the containers of one run one after the other in no time. */
const CASES_A_POD = 8

/** What each case's container printed, by title. */
export async function runCases(namespace: Namespace, cases: readonly VolumeCase[]): Promise<ReadonlyMap<string, string>> {
  const groups = groupsOf(cases)
  await namespace.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: groups.map(podOf) }))
  const said = await Promise.all(
    groups.map(async (group, i) => {
      const pod = await namespace.until(nameOf(i), found => hasEnded(found), 120)
      const output = await namespace.kubectl(['logs', nameOf(i), '--all-containers', '--prefix'])
      return group.map(({ title }, c) => [title, linesOf(output, `c${c}`) + failureOf(pod, `c${c}`)] as const)
    }),
  )
  await namespace.kubectl(['delete', 'pods', ...groups.map((_, i) => nameOf(i)), '--wait=false'])
  return new Map(said.flat())
}

const nameOf = (group: number): string => `cases-${group}`

export const hasEnded = (pod: Pod | undefined): boolean => pod?.status.phase === 'Succeeded' || pod?.status.phase === 'Failed'

/** What is said of the Pod is the same for all in it. */
function groupsOf(cases: readonly VolumeCase[]): VolumeCase[][] {
  const byContext = new Map<string, VolumeCase[]>()
  for (const one of cases) {
    const context = JSON.stringify([one.podSecurityContext, one.pod])
    byContext.set(context, [...(byContext.get(context) ?? []), one])
  }
  return [...byContext.values()].flatMap(alike =>
    Array.from({ length: Math.ceil(alike.length / CASES_A_POD) }, (_, i) => alike.slice(i * CASES_A_POD, (i + 1) * CASES_A_POD)),
  )
}

function podOf(cases: readonly VolumeCase[], group: number): object {
  const entries = cases.flatMap((one, c) =>
    Object.entries(one.mounts ?? {}).map(([path, what], v) => ({ c, path, what: what as { mount?: object }, volume: `c${c}-v${v}` })),
  )
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: nameOf(group) },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      securityContext: cases[0]!.podSecurityContext,
      ...cases[0]!.pod,
      volumes: entries.map(({ volume, what }) => forItself(volumeOf(volume, what), volume.split('-')[0]!)),
      containers: cases.map(({ script, securityContext, resources, image = 'busybox' }, c) => ({
        name: `c${c}`,
        image,
        imagePullPolicy: 'IfNotPresent',
        // A file may end without a new line, and the next container's words would follow on the same one.
        command: ['sh', '-c', `(${script}); code=$?; echo; exit $code`],
        securityContext,
        resources,
        volumeMounts: entries.filter(entry => entry.c === c).map(({ volume, path, what }) => ({ name: volume, mountPath: path, ...what.mount })),
      })),
    },
  }
}

/** A volume of a case: without what its mount says. */
export const volumeOf = (name: string, what: object): object => ({ name, ...Object.fromEntries(Object.entries(what).filter(([key]) => key !== 'mount')) })

/** Downward API volumes name a container. */
const forItself = (volume: object, container: string): object => JSON.parse(JSON.stringify(volume).replaceAll('"SELF"', `"${container}"`)) as object

/** Without the prefix `[pod/NAME/CONTAINER] `, trimmed, and with the Pod's own name as POD. */
export function linesOf(output: string, container: string): string {
  const lines = output.split('\n').flatMap(line => {
    const [, pod = '', name, text = ''] = /^\[pod\/([^/]+)\/([^\]]+)\] (.*)$/.exec(line) ?? []
    return name === container ? [text.trim().replaceAll(pod, 'POD')] : []
  })
  return lines.join('\n').trim()
}

function failureOf(pod: Pod | undefined, container: string): string {
  const { state } = pod?.status.containerStatuses?.find(({ name }) => name === container) ?? {}
  return state?.terminated?.exitCode === 0 ? '' : ` [${JSON.stringify(state)}]`
}
