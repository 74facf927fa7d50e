/** What the rules look at: objects as files have them, with defaults set, and where each field stands. */
import type { KubernetesObject } from '../../api/meta.ts'

export type Path = readonly (string | number)[]

export interface SourceObject {
  /** Decoded and with its defaults, as the API server would store it. */
  readonly object: KubernetesObject
  readonly file: string
  /** Of the field, or of the nearest field above it that was written. From 1. */
  locate(path: Path): { readonly line: number; readonly column: number }
}
