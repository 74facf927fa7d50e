/** What a RuntimeClass says of its Pods is written into them: what they cost besides, and where they can run. */
import { cloneJson, deepEqual } from '../../api/deep.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import type { RuntimeClass } from '../../api/kinds/runtime_class.ts'
import { mergeTolerations } from '../../api/pod.ts'
import { forbiddenBy } from '../../api/status.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import type { AdmissionParts } from './plugins.ts'
import { isNewPod, podDraft } from './pods.ts'

const PREFIX = '/node.k8s.io/runtimeclasses/'

export function runtimeClass({ store }: AdmissionParts): AdmissionPlugin {
  const classOf = async (request: AdmissionRequest, pod: Pod): Promise<RuntimeClass | undefined> => {
    const { runtimeClassName } = pod.spec
    if (!runtimeClassName) return undefined
    const stored = await store.get(PREFIX + runtimeClassName)
    if (!stored) throw refused(request, `pod rejected: RuntimeClass ${JSON.stringify(runtimeClassName)} not found`)
    return stored.value as RuntimeClass
  }
  return {
    name: 'RuntimeClass',
    handles: isNewPod,
    async mutate(request) {
      const pod = podDraft(request)
      const found = pod && (await classOf(request, pod))
      if (!pod || !found) return
      const podFixed = found.overhead?.podFixed
      if (podFixed) {
        if (pod.spec.overhead && !deepEqual(pod.spec.overhead, podFixed)) throw refused(request, MISMATCH)
        pod.spec.overhead = cloneJson(podFixed)
      }
      place(pod, found, why => refused(request, why))
    },
    async check(request) {
      const pod = podDraft(request)
      if (!pod) return
      const podFixed = (await classOf(request, pod))?.overhead?.podFixed
      const { overhead = {} } = pod.spec
      if (podFixed) {
        if (!deepEqual(overhead, podFixed)) throw refused(request, MISMATCH)
      } else if (Object.keys(overhead).length > 0) throw refused(request, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead')
    },
  }
}

const MISMATCH = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"

const refused = ({ kind, object }: AdmissionRequest, why: string) => forbiddenBy(kind, object?.metadata.name ?? '', why)

function place({ spec }: Pod, { scheduling }: RuntimeClass, refuse: (why: string) => Error): void {
  for (const [key, value] of Object.entries(scheduling?.nodeSelector ?? {})) {
    const own = spec.nodeSelector?.[key]
    if (own !== undefined && own !== value)
      throw refuse(`conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`)
    spec.nodeSelector = { ...spec.nodeSelector, [key]: value }
  }
  if (scheduling?.tolerations) spec.tolerations = mergeTolerations(spec.tolerations ?? [], cloneJson(scheduling.tolerations))
}
