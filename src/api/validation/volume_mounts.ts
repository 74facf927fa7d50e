/** Where a container sees the Pod's volumes (behaviour 12.11). */
import { forbidden, invalidValue, notFoundValue, requiredValue, type FieldError } from '../field_error.ts'
import type { AnyContainer } from '../pod.ts'
import type { Volume } from '../types/volume.ts'
import { forEachAt } from './rules.ts'
import { relativePath } from './volumes.ts'

export function validateVolumeMounts({ volumeMounts, volumeDevices, securityContext }: AnyContainer, path: string, volumes: readonly Volume[]): FieldError[] {
  const known = new Set(volumes.map(({ name }) => name))
  const taken = new Set<string>()
  const devices = new Set((volumeDevices ?? []).map(({ devicePath }) => devicePath))
  return [
    ...forEachAt(volumeMounts, `${path}.volumeMounts`, (mount, at) => {
      const errors: FieldError[] = []
      if (!mount.name) errors.push(requiredValue(`${at}.name`))
      else if (!known.has(mount.name)) errors.push(notFoundValue(`${at}.name`, mount.name))
      if (!mount.mountPath) errors.push(requiredValue(`${at}.mountPath`))
      if (taken.has(mount.mountPath)) errors.push(invalidValue(`${at}.mountPath`, mount.mountPath, 'must be unique'))
      if (devices.has(mount.mountPath)) errors.push(invalidValue(`${at}.mountPath`, mount.mountPath, 'must not already exist in volumeDevices'))
      taken.add(mount.mountPath)
      if (mount.subPath) errors.push(...relativePath(mount.subPath, `${at}.subPath`))
      if (mount.subPathExpr) {
        if (mount.subPath) errors.push(invalidValue(`${at}.subPathExpr`, mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive'))
        errors.push(...relativePath(mount.subPathExpr, `${at}.subPathExpr`))
      }
      if (mount.mountPropagation === 'Bidirectional' && !securityContext?.privileged)
        errors.push(forbidden(`${at}.mountPropagation`, 'Bidirectional mount propagation is available only to privileged containers'))
      if (mount.recursiveReadOnly && mount.recursiveReadOnly !== 'Disabled' && !mount.readOnly)
        errors.push(forbidden(`${at}.recursiveReadOnly`, 'may only be specified when readOnly is true'))
      return errors
    }),
    ...forEachAt(volumeDevices, `${path}.volumeDevices`, (device, at) => {
      const volume = volumes.find(({ name }) => name === device.name)
      if (!device.name) return [requiredValue(`${at}.name`)]
      if (!device.devicePath) return [requiredValue(`${at}.devicePath`)]
      if (!volume) return [notFoundValue(`${at}.name`, device.name)]
      return volume.persistentVolumeClaim || volume.ephemeral
        ? []
        : [invalidValue(`${at}.name`, device.name, 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode')]
    }),
  ]
}
