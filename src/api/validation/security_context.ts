/** The rights of a Pod and of its containers. */
import { invalidValue, requiredValue, type FieldError } from '../field_error.ts'
import type { AppArmorProfile, PodSecurityContext, SeccompProfile, SecurityContext } from '../types/security_context.ts'
import { relativePath } from './volumes.ts'
import { forEachAt, inRange, noDuplicates } from './rules.ts'

const ID_MAX = 2 ** 31 - 1
const SYSCTL = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/
const SYSCTL_RULE = 'must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$'

export function validateSecurityContext(context: SecurityContext | undefined, path: string, hostUsers = true): FieldError[] {
  if (!context) return []
  const errors = [...validateIds(context, path), ...validateProfiles(context, path)]
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged) errors.push(invalidValue(path, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'))
    if (context.capabilities?.add?.includes('CAP_SYS_ADMIN'))
      errors.push(invalidValue(path, context, 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'))
  }
  // Without users of its own its root is the machine's, and would see all of the machine's /proc.
  if (context.procMount === 'Unmasked' && hostUsers) errors.push(invalidValue(`${path}.procMount`, 'Unmasked', '`hostUsers` must be false to use `Unmasked`'))
  return errors
}

export function validatePodSecurityContext(
  context: PodSecurityContext,
  path: string,
  { hostNetwork, hostIPC }: { hostNetwork: boolean; hostIPC: boolean },
): FieldError[] {
  return [
    ...validateIds(context, path),
    ...validateProfiles(context, path),
    ...inRange(context.fsGroup, `${path}.fsGroup`, 0, ID_MAX),
    ...forEachAt(context.supplementalGroups, `${path}.supplementalGroups`, (group, at) => inRange(group, at, 0, ID_MAX)),
    ...forEachAt(context.sysctls, `${path}.sysctls`, ({ name }, at) => {
      if (!name) return [requiredValue(`${at}.name`)]
      if (name.length > 253 || !SYSCTL.test(name)) return [invalidValue(`${at}.name`, name, SYSCTL_RULE)]
      if (hostNetwork && /^net[./]/.test(name)) return [invalidValue(`${at}.name`, name, "may not be specified when 'hostNetwork' is true")]
      return hostIPC && /^(kernel[./](shm|msg|sem$)|fs[./]mqueue[./])/.test(name)
        ? [invalidValue(`${at}.name`, name, "may not be specified when 'hostIPC' is true")]
        : []
    }),
    ...noDuplicates(
      context.sysctls,
      ({ name }) => name?.replaceAll('/', '.'),
      index => `${path}.sysctls[${index}].name`,
    ),
  ]
}

const validateIds = ({ runAsUser, runAsGroup }: Pick<SecurityContext, 'runAsUser' | 'runAsGroup'>, path: string): FieldError[] => [
  ...inRange(runAsUser, `${path}.runAsUser`, 0, ID_MAX),
  ...inRange(runAsGroup, `${path}.runAsGroup`, 0, ID_MAX),
]

const validateProfiles = ({ seccompProfile, appArmorProfile }: Pick<SecurityContext, 'seccompProfile' | 'appArmorProfile'>, path: string): FieldError[] => [
  ...(seccompProfile ? validateProfile(seccompProfile, `${path}.seccompProfile`, 'seccomp') : []),
  ...(appArmorProfile ? validateProfile(appArmorProfile, `${path}.appArmorProfile`, 'AppArmor') : []),
]

function validateProfile({ type, localhostProfile }: SeccompProfile | AppArmorProfile, path: string, what: 'seccomp' | 'AppArmor'): FieldError[] {
  if (!type)
    return [requiredValue(`${path}.type`, what === 'seccomp' ? 'type is required when seccompProfile is set' : 'type is required when appArmorProfile is set')]
  if (type === 'Localhost' && localhostProfile) return what === 'seccomp' ? relativePath(localhostProfile, `${path}.localhostProfile`) : []
  if (type === 'Localhost') return [requiredValue(`${path}.localhostProfile`, `must be set when ${what} type is Localhost`)]
  return localhostProfile !== undefined ? [invalidValue(`${path}.localhostProfile`, localhostProfile, `must only be set when ${what} type is Localhost`)] : []
}
