/** Gives containers the requests and limits of their namespace, and refuses Pods and claims that ask for too much or too little. */
import type { LimitRange } from '../../api/kinds/limit_range.ts'
import type { PersistentVolumeClaim } from '../../api/kinds/persistent_volume_claim.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { claimLimitProblems, podLimitProblems, setContainerDefaults } from '../../api/limits.ts'
import { forbiddenBy } from '../../api/status.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import type { AdmissionParts } from './plugins.ts'
import { isNewPod, podDraft } from './pods.ts'
import { createPresence } from './presence.ts'

const PREFIX = '/limitranges/'

export function limitRanger({ store }: AdmissionParts): AdmissionPlugin {
  const hasRanges = createPresence(store, PREFIX)
  const rangesOf = async (namespace: string): Promise<LimitRange[]> => {
    if (!(await hasRanges(namespace))) return []
    const { items } = await store.list(`${PREFIX}${namespace}/`)
    return items.map(({ value }) => value as LimitRange)
  }
  return {
    name: 'LimitRanger',
    handles: request => isNewPod(request) || isResize(request) || isClaim(request),
    async mutate(request) {
      const pod = isNewPod(request) ? podDraft(request) : undefined
      if (pod) for (const range of await rangesOf(request.namespace)) setContainerDefaults(pod, range)
    },
    async check(request) {
      const { kind, namespace, object, old } = request
      // What is on its way out may be changed in any way that lets it go.
      if (old?.metadata.deletionTimestamp) return
      for (const range of await rangesOf(namespace)) {
        const problems = isClaim(request) ? claimLimitProblems(object as PersistentVolumeClaim, range) : podLimitProblems(object as Pod, range)
        if (problems.length > 0)
          throw forbiddenBy(kind, object?.metadata.name ?? '', problems.length === 1 ? problems[0]! : `[${[...new Set(problems)].join(', ')}]`)
      }
    },
  }
}

const isResize = ({ operation, kind, subresource }: AdmissionRequest): boolean =>
  operation === 'UPDATE' && kind.storage.prefix === '/pods/' && subresource === 'resize'

const isClaim = ({ operation, kind, subresource }: AdmissionRequest): boolean =>
  operation !== 'DELETE' && kind.storage.prefix === '/persistentvolumeclaims/' && subresource === ''
