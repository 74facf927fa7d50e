import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ManagedFieldsEntry } from './managed_fields.ts'
import { createFieldSetSharing } from './share_field_sets.ts'

const entry = (field: string): ManagedFieldsEntry => ({
  manager: 'kubectl',
  operation: 'Update',
  fieldsType: 'FieldsV1',
  fieldsV1: { 'f:spec': { [field]: {} } },
})

test('entries with the same fields come to hold one tree, others keep their own', () => {
  const sharing = createFieldSetSharing()
  const [first] = sharing.share([entry('f:a')])
  const [second, other] = sharing.share([entry('f:a'), entry('f:b')])
  assert.equal(second!.fieldsV1, first!.fieldsV1)
  assert.deepEqual(second, entry('f:a'))
  assert.deepEqual(other, entry('f:b'))
})
