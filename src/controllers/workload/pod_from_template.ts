import type { Kind } from '../../api/kind.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import type { KubernetesObject } from '../../api/meta.ts'
import type { PodTemplateSpec } from '../../api/types/pod_template_spec.ts'
import type { Draft } from '../../client/client.ts'
import { controllerReference } from './claim.ts'

/** A Pod as its owner's template says: named after the owner and five letters of the server's, and controlled by it. */
export function podFromTemplate<O extends KubernetesObject>(ownerKind: Kind<O>, owner: O, { metadata, spec }: PodTemplateSpec): Draft<Pod> {
  const { labels, annotations, finalizers } = metadata
  return {
    metadata: {
      namespace: owner.metadata.namespace,
      generateName: generateNameFor(owner.metadata.name!),
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ...(finalizers && { finalizers }),
      ownerReferences: [controllerReference(ownerKind, owner)],
    },
    spec,
  }
}

/** The dash is left out where the name would then be none for a Pod. */
const generateNameFor = (name: string): string => (name.endsWith('.') || name.endsWith('-') ? name : `${name}-`)
