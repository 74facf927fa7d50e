import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ControllerRevision } from '../kinds/controller_revision.ts'
import { DaemonSet } from '../kinds/daemon_set.ts'
import { StatefulSet } from '../kinds/stateful_set.ts'
import { updateErrors, createdOf, createErrors } from '../testing/draft.ts'

const template = (spec: object = {}) => ({ metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'nginx:1' }], ...spec } })
const web = (spec: object = {}) => ({ spec: { selector: { matchLabels: { app: 'web' } }, template: template(), ...spec } })

test('sets that say only what they must are filled in as Kubernetes does', () => {
  const { template: _, selector: __, ...stateful } = createdOf(StatefulSet, web()).spec
  assert.deepEqual(stateful, {
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    podManagementPolicy: 'OrderedReady',
    replicas: 1,
    revisionHistoryLimit: 10,
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
  })
  const daemon = createdOf(DaemonSet, web())
  assert.deepEqual(daemon.spec.updateStrategy, { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } })
  assert.equal(daemon.spec.revisionHistoryLimit, 10)
  assert.equal(daemon.metadata.annotations!['deprecated.daemonset.template.generation'], '1')
  assert.deepEqual(daemon.status, { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 })
  const [claim] = createdOf(StatefulSet, web({ volumeClaimTemplates: [{ metadata: { name: 'data' } }] })).spec.volumeClaimTemplates!
  assert.deepEqual([claim!.apiVersion, claim!.kind, claim!.status.phase, claim!.spec.volumeMode], ['v1', 'PersistentVolumeClaim', 'Pending', 'Filesystem'])
})

test('StatefulSets', () => {
  const mounting = template({ containers: [{ name: 'web', image: 'nginx:1', volumeMounts: [{ name: 'data', mountPath: '/data' }] }] })
  const cases: [string, object, string[]][] = [
    ['the usual', web(), []],
    ['a mount of a claim', web({ template: mounting, volumeClaimTemplates: [{ metadata: { name: 'data' } }] }), []],
    ['a mount of nothing', web({ template: mounting }), ['spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"']],
    ['another policy', web({ podManagementPolicy: 'Wild' }), [`spec.podManagementPolicy: Invalid value: "Wild": must be 'OrderedReady' or 'Parallel'`]],
    [
      'another strategy',
      web({ updateStrategy: { type: 'Wild' } }),
      [`spec.updateStrategy: Invalid value: {"Type":"Wild","RollingUpdate":null}: must be 'RollingUpdate' or 'OnDelete'`],
    ],
    [
      'numbers of a strategy that has none',
      web({ updateStrategy: { type: 'OnDelete', rollingUpdate: { partition: 1 } } }),
      [`spec.updateStrategy.rollingUpdate: Invalid value: {"partition":1}: only allowed for updateStrategy 'RollingUpdate'`],
    ],
    [
      'numbers below 0',
      web({ replicas: -1, minReadySeconds: -1, ordinals: { start: -1 }, updateStrategy: { rollingUpdate: { partition: -1 } } }),
      ['updateStrategy.rollingUpdate.partition', 'replicas', 'minReadySeconds', 'ordinals.start'].map(
        field => `spec.${field}: Invalid value: -1: must be greater than or equal to 0`,
      ),
    ],
    [
      'another retention',
      web({ persistentVolumeClaimRetentionPolicy: { whenScaled: 'Burn' } }),
      ['spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "Burn": supported values: "Delete", "Retain"'],
    ],
    ['no selector', { spec: { template: template() } }, ['spec.selector: Required value']],
    ['an empty selector', web({ selector: {} }), ['spec.selector: Invalid value: {}: empty selector is invalid for statefulset']],
    [
      'a template of other Pods',
      web({ selector: { matchLabels: { app: 'other' } } }),
      ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'],
    ],
    [
      'Pods that end',
      web({ template: template({ restartPolicy: 'Never', activeDeadlineSeconds: 5 }) }),
      [
        'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
        'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in StatefulSet is not Supported',
      ],
    ],
  ]
  for (const [name, object, errors] of cases) assert.deepEqual(createErrors(StatefulSet, object), errors, name)
})

test('of a StatefulSet only what does not identify its Pods may change', () => {
  const forbidden =
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
  const change = (spec: object) => updateErrors(StatefulSet, web({ serviceName: 'web' }), web({ serviceName: 'web', ...spec }))
  for (const spec of [
    { replicas: 5 },
    { ordinals: { start: 3 } },
    { template: template({ hostNetwork: true }) },
    { updateStrategy: { type: 'OnDelete' } },
    { revisionHistoryLimit: 2 },
    { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' } },
    { minReadySeconds: 9 },
  ])
    assert.deepEqual(change(spec), [], JSON.stringify(spec))
  for (const spec of [{ serviceName: 'other' }, { podManagementPolicy: 'Parallel' }, { volumeClaimTemplates: [{ metadata: { name: 'data' } }] }])
    assert.deepEqual(change(spec), [forbidden], JSON.stringify(spec))
})

test('DaemonSets', () => {
  const rolling = (rollingUpdate: object) => web({ updateStrategy: { rollingUpdate } })
  const path = 'spec.updateStrategy.rollingUpdate'
  const cases: [string, object, string[]][] = [
    ['the usual', web(), []],
    ['shares', rolling({ maxUnavailable: '30%' }), []],
    ['a surge instead', rolling({ maxSurge: '30%', maxUnavailable: 0 }), []],
    ['both', rolling({ maxSurge: 1 }), [`${path}.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero`]],
    ['neither', rolling({ maxUnavailable: '0%' }), [`${path}.maxUnavailable: Required value: cannot be 0 when maxSurge is 0`]],
    ['more than all', rolling({ maxUnavailable: '101%' }), [`${path}.maxUnavailable: Invalid value: "101%": must not be greater than 100%`]],
    [
      'another strategy',
      web({ updateStrategy: { type: 'Wild' } }),
      ['spec.updateStrategy: Unsupported value: {"Type":"Wild","RollingUpdate":null}: supported values: "OnDelete", "RollingUpdate"'],
    ],
    ['an empty selector', web({ selector: {} }), ['spec.selector: Invalid value: {}: empty selector is invalid for daemonset']],
    [
      'Pods with a deadline',
      web({ template: template({ activeDeadlineSeconds: 5 }) }),
      ['spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in DaemonSet is not Supported'],
    ],
  ]
  for (const [name, object, errors] of cases) assert.deepEqual(createErrors(DaemonSet, object), errors, name)
  const labels = { metadata: { labels: { app: 'web', b: 'c' } }, spec: template().spec }
  assert.deepEqual(updateErrors(DaemonSet, web({ template: labels }), web({ template: labels, selector: { matchLabels: { b: 'c' } } })), [
    'spec.selector: Invalid value: {"matchLabels":{"b":"c"}}: field is immutable',
  ])
})

test('what a ControllerRevision holds never changes; its number and labels may', () => {
  assert.deepEqual(createErrors(ControllerRevision, { revision: -1 }), ['revision: Invalid value: -1: must be greater than or equal to 0'])
  assert.deepEqual(updateErrors(ControllerRevision, { revision: 1, data: { a: 1 } }, { revision: 2, data: { a: 1 } }), [])
  assert.deepEqual(updateErrors(ControllerRevision, { revision: 1, data: { a: 1 } }, { revision: 1, data: { a: 2 } }), [
    'data: Invalid value: {"a":2}: field is immutable',
  ])
})
