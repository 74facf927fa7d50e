import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigMap } from '../../api/kinds/config_map.ts'
import { Lease } from '../../api/kinds/lease.ts'
import { Pod } from '../../api/kinds/pod.ts'
import type { Kind } from '../../api/kind.ts'
import { updatedConditions } from './conditions.ts'
import type { Remains } from './contents.ts'

const NOW = '2026-01-01T00:00:00Z'
const LATER = '2026-01-01T00:01:00Z'
const remains = (kind: unknown, ...finalizers: string[][]): Remains => ({
  kind: kind as Kind,
  objects: finalizers.map((list, index) => ({ apiVersion: '', kind: '', metadata: { name: `o${index}`, finalizers: list } })),
})
const lines = (conditions: ReturnType<typeof updatedConditions>) => conditions?.map(({ type, status, reason, message }) => [type, status, reason, message])

test('an empty namespace says that all is well', () => {
  assert.deepEqual(lines(updatedConditions([], { remains: [], failures: [] }, NOW)), [
    ['NamespaceDeletionDiscoveryFailure', 'False', 'ResourcesDiscovered', 'All resources successfully discovered'],
    ['NamespaceDeletionGroupVersionParsingFailure', 'False', 'ParsedGroupVersions', 'All legacy kube types successfully parsed'],
    ['NamespaceDeletionContentFailure', 'False', 'ContentDeleted', 'All content successfully deleted, may be waiting on finalization'],
    ['NamespaceContentRemaining', 'False', 'ContentRemoved', 'All content successfully removed'],
    ['NamespaceFinalizersRemaining', 'False', 'ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
  ])
})

test('what is left, who holds it and what went wrong is told in Kubernetes’ words', () => {
  const conditions = updatedConditions(
    [],
    {
      remains: [remains(Lease, [], ['example.com/b', 'example.com/a']), remains(ConfigMap, ['example.com/a'])],
      failures: ['unexpected items still remain in namespace: shop for gvr: /v1, Resource=pods'],
    },
    NOW,
  )
  assert.deepEqual(lines(conditions)?.slice(2), [
    [
      'NamespaceDeletionContentFailure',
      'True',
      'ContentDeletionFailed',
      'Failed to delete all resource types, 1 remaining: unexpected items still remain in namespace: shop for gvr: /v1, Resource=pods',
    ],
    [
      'NamespaceContentRemaining',
      'True',
      'SomeResourcesRemain',
      'Some resources are remaining: configmaps. has 1 resource instances, leases.coordination.k8s.io has 2 resource instances',
    ],
    [
      'NamespaceFinalizersRemaining',
      'True',
      'SomeFinalizersRemain',
      'Some content in the namespace has finalizers remaining: example.com/a in 2 resource instances, example.com/b in 1 resource instances',
    ],
  ])
})

test('only what changes gets a new time, and nothing is written when nothing has changed', () => {
  const foreign = { type: 'Patched', status: 'True' as const, reason: 'E2E', message: 'by a test' }
  const first = updatedConditions([foreign], { remains: [remains(Pod, [])], failures: [] }, NOW)!
  assert.equal(updatedConditions(first, { remains: [remains(Pod, [])], failures: [] }, LATER), undefined)
  const second = updatedConditions(first, { remains: [remains(Pod, [], [])], failures: [] }, LATER)!
  assert.deepEqual(second[0], foreign)
  assert.deepEqual(
    second.filter(({ lastTransitionTime }) => lastTransitionTime === LATER).map(({ type, message }) => [type, message]),
    [['NamespaceContentRemaining', 'Some resources are remaining: pods. has 2 resource instances']],
  )
})
