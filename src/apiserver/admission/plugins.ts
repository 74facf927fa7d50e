/** The admission plugins, in the order in which they are asked. */
import type { Random } from '../../base/random.ts'
import type { Store } from '../../store/store.ts'
import type { AdmissionPlugin } from './admission.ts'
import { defaultTolerationSeconds } from './default_tolerations.ts'
import { eventDefaults } from './event_defaults.ts'
import { limitRanger } from './limit_ranger.ts'
import { namespaceLifecycle } from './namespace_lifecycle.ts'
import { nodeRestriction } from './node_restriction.ts'
import { priority } from './priority.ts'
import { runtimeClass } from './runtime_class.ts'
import { serviceAccount } from './service_account.ts'
import { storageClasses } from './storage_classes.ts'
import { storageInUseProtection } from './storage_in_use_protection.ts'
import { taintNewNodes } from './taint_new_nodes.ts'

export interface AdmissionParts {
  readonly store: Store
  readonly random: Random
}

export const admissionPlugins = (parts: AdmissionParts): readonly AdmissionPlugin[] => [
  namespaceLifecycle(parts),
  limitRanger(parts),
  serviceAccount(parts),
  nodeRestriction(parts),
  taintNewNodes,
  priority(parts),
  runtimeClass(parts),
  defaultTolerationSeconds,
  storageInUseProtection,
  ...storageClasses(parts),
  eventDefaults,
]
