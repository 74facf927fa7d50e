import type { Pod } from '../../api/kinds/pod.ts'
import type { AdmissionRequest } from './admission.ts'

/** A Pod that is being made: the Pod itself, not one of its subresources. */
export const isNewPod = ({ operation, kind, subresource }: AdmissionRequest): boolean =>
  operation === 'CREATE' && kind.storage.prefix === '/pods/' && subresource === ''

/** Admission comes before validation, so a draft may lack what every stored Pod has. */
export function podDraft({ object }: AdmissionRequest): Pod | undefined {
  const pod = object as Pod | undefined
  return pod?.spec ? pod : undefined
}
