import type { AdmissionPlugin } from './admission.ts'
import { isNewPod, podDraft } from './pods.ts'

/** How long a Pod stays on a Node that is lost, unless it says otherwise. */
const TOLERATION_SECONDS = 300
const KEYS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  handles: isNewPod,
  mutate(request) {
    const pod = podDraft(request)
    if (!pod) return
    const given = pod.spec.tolerations ?? []
    const missing = KEYS.filter(
      key => !given.some(toleration => (toleration.key === key || !toleration.key) && (toleration.effect === 'NoExecute' || !toleration.effect)),
    )
    if (missing.length === 0) return
    pod.spec.tolerations = [
      ...given,
      ...missing.map(key => ({ key, operator: 'Exists' as const, effect: 'NoExecute' as const, tolerationSeconds: TOLERATION_SECONDS })),
    ]
  },
}
