/** What makes a Pod of a StatefulSet the one with this number: its name, labels, host name and claims. */
import type { PersistentVolumeClaim } from '../../api/kinds/persistent_volume_claim.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { StatefulSet } from '../../api/kinds/stateful_set.ts'
import type { PodTemplateSpec } from '../../api/types/pod_template_spec.ts'
import type { Volume } from '../../api/types/volume.ts'
import type { Draft } from '../../client/client.ts'
import { podFromTemplate } from '../workload/pod_from_template.ts'

export const REVISION_LABEL = 'controller-revision-hash'
const POD_NAME_LABEL = 'statefulset.kubernetes.io/pod-name'
const POD_INDEX_LABEL = 'apps.kubernetes.io/pod-index'

export const startOrdinal = ({ spec }: StatefulSet): number => spec.ordinals?.start ?? 0

export const podName = ({ metadata }: StatefulSet, ordinal: number): string => `${metadata.name}-${ordinal}`

/** Undefined: by its name the Pod is none of this set. */
export function ordinalOf({ metadata }: StatefulSet, pod: Pod): number | undefined {
  const name = pod.metadata.name!
  const dash = name.lastIndexOf('-')
  const digits = name.slice(dash + 1)
  return name.slice(0, dash) === metadata.name && /^(0|[1-9][0-9]{0,9})$/.test(digits) ? Number(digits) : undefined
}

export const revisionOf = ({ metadata }: Pod): string | undefined => metadata.labels?.[REVISION_LABEL]

/** `<template>-<set>-<ordinal>`: whoever comes after a Pod finds the claims of the one before. */
export const claimName = (template: string, set: StatefulSet, ordinal: number): string => `${template}-${podName(set, ordinal)}`

/** @param revision name of the ControllerRevision that the template is of */
export function podOf(set: StatefulSet, ordinal: number, template: PodTemplateSpec, revision: string): Draft<Pod> {
  const name = podName(set, ordinal)
  const draft = podFromTemplate(StatefulSet, set, template)
  return {
    metadata: { ...draft.metadata, name, labels: { ...draft.metadata.labels, ...identityLabels(set, ordinal), [REVISION_LABEL]: revision } },
    spec: { ...template.spec, hostname: name, subdomain: set.spec.serviceName ?? '', ...volumesWithClaims(set, ordinal, template.spec.volumes) },
  }
}

const identityLabels = (set: StatefulSet, ordinal: number) => ({ [POD_NAME_LABEL]: podName(set, ordinal), [POD_INDEX_LABEL]: String(ordinal) })

/** A claim takes the place of a volume of the same name. */
function volumesWithClaims(set: StatefulSet, ordinal: number, volumes: readonly Volume[] = []): { volumes?: Volume[] } {
  const claims = (set.spec.volumeClaimTemplates ?? []).map(({ metadata }): Volume => {
    const name = metadata.name ?? ''
    return { name, persistentVolumeClaim: { claimName: claimName(name, set, ordinal) } }
  })
  const others = volumes.filter(({ name }) => !claims.some(claim => claim.name === name))
  return claims.length + others.length > 0 ? { volumes: [...claims, ...others] } : {}
}

export interface Mismatch {
  /** What the labels of the Pod should be besides, when they are not. */
  readonly labels: { readonly [name: string]: string } | undefined
  /** What its volumes should be, when its claims are not among them. Volumes of a Pod never change: to ask for it is to be told so. */
  readonly volumes: Volume[] | undefined
}

/** How a Pod that was adopted, or tampered with, differs from the one with this number. Undefined: it does not. */
export function mismatchOf(set: StatefulSet, ordinal: number, { metadata, spec }: Pod): Mismatch | undefined {
  const labels = identityLabels(set, ordinal)
  const hasLabels = Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value)
  const claims = volumesWithClaims(set, ordinal).volumes ?? []
  const hasClaims = claims.every(({ name, persistentVolumeClaim }) =>
    spec.volumes?.some(volume => volume.name === name && volume.persistentVolumeClaim?.claimName === persistentVolumeClaim!.claimName),
  )
  if (hasLabels && hasClaims) return undefined
  return { labels: hasLabels ? undefined : labels, volumes: hasClaims ? undefined : volumesWithClaims(set, ordinal, spec.volumes).volumes }
}

/** The claims of a Pod, as they are made when they are not there. */
export function claimsOf(set: StatefulSet, ordinal: number): (Draft<PersistentVolumeClaim> & { metadata: { name: string } })[] {
  return (set.spec.volumeClaimTemplates ?? []).map(({ metadata, spec }) => ({
    metadata: {
      ...(metadata.annotations && { annotations: metadata.annotations }),
      name: claimName(metadata.name ?? '', set, ordinal),
      namespace: set.metadata.namespace!,
      labels: { ...metadata.labels, ...set.spec.selector.matchLabels },
    },
    spec,
  }))
}
