import { forbiddenBy } from '../../api/status.ts'
import type { AdmissionPlugin } from './admission.ts'
import { isNewPod, podDraft } from './pods.ts'

/** There is no RuntimeClass here to find, so a Pod that needs one is refused, as on a cluster where nobody has made it. */
export const runtimeClass: AdmissionPlugin = {
  name: 'RuntimeClass',
  handles: isNewPod,
  check(request) {
    const pod = podDraft(request)
    if (!pod) return
    const { runtimeClassName, overhead } = pod.spec
    const refuse = (why: string) => forbiddenBy(request.kind, pod.metadata.name ?? '', `pod rejected: ${why}`)
    if (runtimeClassName) throw refuse(`RuntimeClass ${JSON.stringify(runtimeClassName)} not found`)
    if (overhead) throw refuse('Pod Overhead set without corresponding RuntimeClass defined Overhead')
  },
}
