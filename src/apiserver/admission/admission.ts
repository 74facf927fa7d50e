/**
 * What is asked and changed between decoding and validation, in order.
 *
 *   decode ─▶ mutate … mutate ─▶ what the kind decides ─▶ validate fields ─▶ check … check ─▶ store
 *
 * A plugin changes the draft or throws the ApiError of its refusal. It sees the store as it is now.
 */
import type { Kind } from '../../api/kind.ts'
import type { KubernetesObject } from '../../api/meta.ts'
import type { User } from '../../base/transport.ts'

export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE'
  readonly kind: Kind
  readonly namespace: string
  readonly name: string
  readonly subresource: string
  readonly user: User
  readonly dryRun: boolean
  readonly warnings: string[]
  /** The draft, free to be changed by `mutate`. For a DELETE there is none. */
  readonly object: KubernetesObject | undefined
  /** What is stored now. For a CREATE there is none. */
  readonly old: KubernetesObject | undefined
}

export interface AdmissionPlugin {
  /** As Kubernetes calls it. */
  readonly name: string
  handles(request: AdmissionRequest): boolean
  mutate?(request: AdmissionRequest): void | Promise<void>
  check?(request: AdmissionRequest): void | Promise<void>
}

export interface Admission {
  mutate(request: AdmissionRequest): Promise<void>
  check(request: AdmissionRequest): Promise<void>
}

export function createAdmission(plugins: readonly AdmissionPlugin[]): Admission {
  return {
    async mutate(request) {
      for (const plugin of plugins) {
        if (!plugin.mutate || !plugin.handles(request)) continue
        const done = plugin.mutate(request)
        if (done) await done
      }
    },
    async check(request) {
      for (const plugin of plugins) {
        if (!plugin.check || !plugin.handles(request)) continue
        const done = plugin.check(request)
        if (done) await done
      }
    },
  }
}
