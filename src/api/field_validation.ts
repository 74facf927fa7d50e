/** What happens to fields that a kind does not have or that were given twice (query parameter fieldValidation). */
import { badRequest, failure, type ApiError } from './status.ts'

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'

/** The server's own default is Warn; kubectl asks for Strict. Throws the ApiError of an unknown value. */
export function readFieldValidation(parameter: string | null | undefined): FieldValidation {
  if (!parameter) return 'Warn'
  if (parameter === 'Ignore' || parameter === 'Warn' || parameter === 'Strict') return parameter
  throw failure(
    422,
    'Invalid',
    `CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: ${JSON.stringify(parameter)}: supported values: "Ignore", "Strict", "Warn"`,
    {
      group: 'meta.k8s.io',
      kind: 'CreateOptions',
      causes: [
        {
          reason: 'FieldValueNotSupported',
          message: `Unsupported value: ${JSON.stringify(parameter)}: supported values: "Ignore", "Strict", "Warn"`,
          field: 'fieldValidation',
        },
      ],
    },
  )
}

export interface StrayFields {
  readonly duplicateFields: readonly string[]
  readonly unknownFields: readonly string[]
}

/** Sentences for Warning headers: `unknown field "spec.foo"`. */
export const strayFieldWarnings = ({ duplicateFields, unknownFields }: StrayFields): string[] => [
  ...duplicateFields.map(path => `duplicate field ${JSON.stringify(path)}`),
  ...unknownFields.map(path => `unknown field ${JSON.stringify(path)}`),
]

/** Undefined when there is nothing to refuse. */
export function strictDecodingProblem(stray: StrayFields): string | undefined {
  const sentences = strayFieldWarnings(stray)
  return sentences.length ? `strict decoding error: ${sentences.join(', ')}` : undefined
}

/** `Pod in version "v1" cannot be handled as a Pod: …`: the answer to a body that is no such object. */
export const cannotBeHandled = (kind: { kind: string; version: string }, problem: string): ApiError =>
  badRequest(`${kind.kind} in version ${JSON.stringify(kind.version)} cannot be handled as a ${kind.kind}: ${problem}`)
