/** What this node can do that others cannot, and which Pods it refuses because it cannot. */
import type { Pod } from '../../api/kinds/pod.ts'
import { appArmorOf } from '../container/security.ts'
import { containersOf } from '../pod/pod_nouns.ts'

export interface NodeAbilities {
  readonly hasAppArmor: boolean
  /** The runtime can leave out the groups of the image. */
  readonly hasStrictGroups: boolean
  /** Settings outside the safe set that Pods may have all the same: names, or beginnings of names with `*` at the end. */
  readonly allowedUnsafeSysctls: readonly string[]
}

export const NO_ABILITIES: NodeAbilities = { hasAppArmor: false, hasStrictGroups: false, allowedUnsafeSysctls: [] }

export function abilityRefusal(pod: Pod, { hasAppArmor, hasStrictGroups }: NodeAbilities): { reason: string; message: string } | undefined {
  if (!hasAppArmor && wantsAppArmor(pod)) return { reason: 'AppArmor', message: 'Cannot enforce AppArmor: AppArmor is not enabled on the host' }
  if (!hasStrictGroups && pod.spec.securityContext?.supplementalGroupsPolicy === 'Strict')
    return { reason: 'SupplementalGroupsPolicyNotSupported', message: 'SupplementalGroupsPolicy=Strict is not supported in this node' }
  return undefined
}

/** Any profile but Unconfined, of any container. */
const wantsAppArmor = (pod: Pod): boolean => containersOf(pod).some(({ container }) => (appArmorOf(pod, container)?.type ?? 'Unconfined') !== 'Unconfined')
