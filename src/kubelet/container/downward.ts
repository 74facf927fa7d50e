/** The downward API: fields of the Pod and resources of its containers, as text. */
import type { Pod } from '../../api/kinds/pod.ts'
import { quantityMilli, quantityValue } from '../../api/quantity.ts'
import type { Container } from '../../api/types/container.ts'
import type { Allocatable } from '../node/allocatable.ts'

export interface PodAddresses {
  readonly podIPs: readonly string[]
  readonly hostIPs: readonly string[]
}

/** Undefined: there is no such field. */
export function podField(pod: Pod, path: string, nodeName: string, { podIPs, hostIPs }: PodAddresses): string | undefined {
  const subscript = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path)
  if (subscript) return (subscript[1] === 'labels' ? pod.metadata.labels : pod.metadata.annotations)?.[subscript[2]!] ?? ''
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name ?? ''
    case 'metadata.namespace':
      return pod.metadata.namespace ?? ''
    case 'metadata.uid':
      return pod.metadata.uid ?? ''
    case 'metadata.labels':
      return mapText(pod.metadata.labels ?? {})
    case 'metadata.annotations':
      return mapText(pod.metadata.annotations ?? {})
    case 'spec.nodeName':
      return nodeName
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName ?? ''
    case 'status.hostIP':
      return hostIPs[0] ?? ''
    case 'status.hostIPs':
      return hostIPs.join(',')
    case 'status.podIP':
      return podIPs[0] ?? ''
    case 'status.podIPs':
      return podIPs.join(',')
    default:
      return undefined
  }
}

/** A limit that is not set is what the node could give at most. Rounded up to whole divisors. */
export function containerResource(container: Container, resource: string, divisor: string | undefined, node: Allocatable): string | undefined {
  const [list, name] = splitOnce(resource)
  if (list !== 'limits' && list !== 'requests') return undefined
  const set = container.resources?.[list]?.[name] ?? (list === 'requests' ? undefined : allocatable(name, node))
  const by = divisor && divisor !== '0' ? divisor : '1'
  if (name === 'cpu') return String(Math.ceil((set ? quantityMilli(String(set)) : 0) / quantityMilli(by)))
  return String(Math.ceil((set ? quantityValue(String(set)) : 0) / quantityValue(by)))
}

function allocatable(name: string, { cpuMilli, memoryBytes, ephemeralStorageBytes }: Allocatable): string | undefined {
  if (name === 'cpu') return `${cpuMilli}m`
  if (name === 'memory') return String(memoryBytes)
  if (name === 'ephemeral-storage') return String(ephemeralStorageBytes)
  return undefined
}

const splitOnce = (text: string): [string, string] => {
  const dot = text.indexOf('.')
  return dot < 0 ? [text, ''] : [text.slice(0, dot), text.slice(dot + 1)]
}

/** One `key="value"` a line, sorted, as the files of a downward API volume hold labels. */
const mapText = (map: Readonly<Record<string, string>>): string =>
  Object.keys(map)
    .sort()
    .map(key => `${key}=${JSON.stringify(map[key])}`)
    .join('\n')
