/** Pods as files describe them, in objects that may be changed: a simulation says in them what their containers do. */
import type { KubernetesObject } from '../../api/meta.ts'
import type { Container } from '../../api/types/container.ts'
import type { ManifestObject } from '../manifests.ts'
import { templateIn } from '../template_path.ts'

/** As loose as a manifest is: what was written need not have what a schema would add. */
export interface DraftTemplate {
  metadata?: { annotations?: Record<string, string> }
  spec: { containers: DraftContainer[]; initContainers?: DraftContainer[]; terminationGracePeriodSeconds?: number }
}

export type DraftContainer = Pick<
  Container,
  'name' | 'image' | 'command' | 'args' | 'ports' | 'restartPolicy' | 'readinessProbe' | 'livenessProbe' | 'startupProbe'
> & {
  lifecycle?: { preStop?: { exec?: { command?: string[] }; sleep?: { seconds: number } } }
}

/** Undefined: this object makes no Pods. */
export function templateOf(object: KubernetesObject): DraftTemplate | undefined {
  const template = templateIn(object) as DraftTemplate | undefined
  return template?.spec?.containers ? template : undefined
}

/** The same object with its template changed, both as it was written and as it is planned with. */
export function changeTemplate(manifest: ManifestObject, change: (template: DraftTemplate) => void): ManifestObject {
  const [written, object] = [structuredClone(manifest.written), structuredClone(manifest.object)]
  for (const copy of [written, object]) {
    const template = templateOf(copy)
    if (template) change(template)
  }
  return { ...manifest, written, object }
}
