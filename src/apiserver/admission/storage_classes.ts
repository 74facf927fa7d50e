import type { PersistentVolumeClaim } from '../../api/kinds/persistent_volume_claim.ts'
import type { StorageClass } from '../../api/kinds/storage_class.ts'
import { compareQuantities, parseQuantity } from '../../api/quantity.ts'
import { forbiddenBy } from '../../api/status.ts'
import { classOfClaim, defaultClassOf } from '../../api/storage.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import type { AdmissionParts } from './plugins.ts'

const CLASSES = '/storage.k8s.io/storageclasses/'

/** What StorageClasses have to say about claims: which class one without a class gets, and whether one may grow. */
export function storageClasses({ store }: AdmissionParts): readonly AdmissionPlugin[] {
  const classNamed = async (name: string) => (await store.get(CLASSES + name))?.value as StorageClass | undefined
  return [
    {
      name: 'DefaultStorageClass',
      handles: request => request.operation === 'CREATE' && isClaim(request),
      async mutate({ object }) {
        const claim = object as PersistentVolumeClaim | undefined
        if (!claim?.spec || classOfClaim(claim) !== undefined) return
        const { items } = await store.list(CLASSES)
        const found = defaultClassOf(items.map(({ value }) => value as StorageClass))
        if (found) claim.spec.storageClassName = found.metadata.name
      },
    },
    {
      name: 'PersistentVolumeClaimResize',
      handles: request => request.operation === 'UPDATE' && isClaim(request),
      async check({ kind, name, object, old }) {
        const claim = object as PersistentVolumeClaim
        const before = old as PersistentVolumeClaim
        if (!wantsMore(claim, before)) return
        if (before.status.phase !== 'Bound') throw forbiddenBy(kind, name, 'Only bound persistent volume claims can be expanded')
        const className = classOfClaim(before)
        const found = className && className === classOfClaim(claim) ? await classNamed(className) : undefined
        if (!found?.allowVolumeExpansion)
          throw forbiddenBy(kind, name, 'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize')
      },
    },
  ]
}

const isClaim = ({ kind, subresource }: AdmissionRequest): boolean => kind.storage.prefix === '/persistentvolumeclaims/' && subresource === ''

function wantsMore({ spec }: PersistentVolumeClaim, { spec: old }: PersistentVolumeClaim): boolean {
  const [size, before] = [spec.resources.requests?.storage, old.resources.requests?.storage]
  return size !== undefined && before !== undefined && parseQuantity(size) !== undefined && compareQuantities(size, before) > 0
}
