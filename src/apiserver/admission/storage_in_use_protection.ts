import { CLAIM_PROTECTION, VOLUME_PROTECTION } from '../../api/storage.ts'
import type { AdmissionPlugin } from './admission.ts'

const FINALIZERS: Readonly<Record<string, string>> = {
  '/persistentvolumeclaims/': CLAIM_PROTECTION,
  '/persistentvolumes/': VOLUME_PROTECTION,
}

/** What is in use does not go while it is: the protection controllers take the finalizer off when it is free. */
export const storageInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  handles: ({ operation, kind, subresource }) => operation === 'CREATE' && subresource === '' && kind.storage.prefix in FINALIZERS,
  mutate({ kind, object }) {
    if (!object) return
    const finalizer = FINALIZERS[kind.storage.prefix]!
    const finalizers = object.metadata.finalizers ?? []
    if (!finalizers.includes(finalizer)) object.metadata.finalizers = [...finalizers, finalizer]
  },
}
