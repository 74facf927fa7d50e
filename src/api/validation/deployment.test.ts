import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deployment } from '../kinds/deployment.ts'
import { changeErrors, createdOf, createErrors, draftOf, updateErrors } from '../testing/draft.ts'

const template = (more: object = {}) => ({ metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'nginx:1' }], ...more } })
const web = (spec: object = {}) => ({ spec: { selector: { matchLabels: { app: 'web' } }, template: template(), ...spec } })
const rolling = (maxSurge: number | string, maxUnavailable: number | string) => web({ strategy: { rollingUpdate: { maxSurge, maxUnavailable } } })

test('a Deployment that says only what it must is filled in as Kubernetes does', () => {
  const { spec, status } = createdOf(Deployment, web())
  const { template: _, selector: __, ...rest } = spec
  assert.deepEqual(rest, {
    replicas: 1,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
  })
  assert.equal(spec.template.spec.containers[0]!.imagePullPolicy, 'IfNotPresent')
  assert.deepEqual(status, {})
})

test('of a strategy only what was left out is filled in', () => {
  const strategyOf = (strategy: object) => draftOf(Deployment, web({ strategy })).spec.strategy
  assert.deepEqual(strategyOf({ type: 'Recreate' }), { type: 'Recreate' })
  assert.deepEqual(strategyOf({ rollingUpdate: { maxSurge: 0 } }), { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: '25%' } })
  assert.deepEqual(strategyOf({ rollingUpdate: { maxUnavailable: 0 } }), { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } })
})

test('Deployments', () => {
  const percent = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
  const cases: [string, object, string[]][] = [
    ['the usual', web(), []],
    ['all at once', rolling('100%', '100%'), []],
    ['surge above all', rolling('250%', 0), []],
    ['nothing may move', rolling(0, 0), ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0']],
    [
      'nothing may move, in percents',
      rolling('0%', '0%'),
      ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0'],
    ],
    ['fewer than none', rolling(-1, 1), ['spec.strategy.rollingUpdate.maxSurge: Invalid value: -1: must be greater than or equal to 0']],
    ['no percentage', rolling('half', 1), [`spec.strategy.rollingUpdate.maxSurge: Invalid value: "half": ${percent}`]],
    ['more than all may be missing', rolling(1, '101%'), ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%']],
    [
      'Recreate does not roll',
      web({ strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } }),
      ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"],
    ],
    [
      'an unknown strategy',
      web({ strategy: { type: 'Canary' } }),
      ['spec.strategy: Unsupported value: {"Type":"Canary","RollingUpdate":null}: supported values: "Recreate", "RollingUpdate"'],
    ],
    ['fewer than no replicas', web({ replicas: -1 }), ['spec.replicas: Invalid value: -1: must be greater than or equal to 0']],
    ['less than no history', web({ revisionHistoryLimit: -1 }), ['spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0']],
    [
      'a deadline that ends before a Pod can be available',
      web({ minReadySeconds: 30, progressDeadlineSeconds: 30 }),
      ['spec.progressDeadlineSeconds: Invalid value: 30: must be greater than minReadySeconds'],
    ],
    [
      'no deadline at all',
      web({ progressDeadlineSeconds: -1 }),
      [
        'spec.progressDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0',
        'spec.progressDeadlineSeconds: Invalid value: -1: must be greater than minReadySeconds',
      ],
    ],
    [
      'a selector that does not select',
      web({ selector: { matchLabels: { app: 'other' } } }),
      ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'],
    ],
    ['an empty selector', web({ selector: {} }), ['spec.selector: Invalid value: {}: empty selector is invalid for deployment']],
    ['no selector', { spec: { template: template() } }, ['spec.selector: Required value']],
    [
      'no template',
      { spec: { selector: { matchLabels: { app: 'web' } } } },
      ['spec.template.metadata.labels: Invalid value: {}: `selector` does not match template `labels`', 'spec.template.spec.containers: Required value'],
    ],
    [
      'Pods that end',
      web({ template: template({ restartPolicy: 'Never', activeDeadlineSeconds: 5 }) }),
      [
        'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
        'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported',
      ],
    ],
  ]
  for (const [name, object, expected] of cases) assert.deepEqual(createErrors(Deployment, object), expected, name)
})

test('the selector of a Deployment never changes', () => {
  const both = { metadata: { labels: { app: 'web', tier: 'front' } }, spec: template().spec }
  assert.deepEqual(updateErrors(Deployment, web({ template: both }), web({ template: both, selector: { matchLabels: { tier: 'front' } } })), [
    'spec.selector: Invalid value: {"matchLabels":{"tier":"front"}}: field is immutable',
  ])
  assert.deepEqual(updateErrors(Deployment, web({ template: both }), web({ template: both, selector: { matchLabels: { tier: 'front', app: 'web' } } })), [
    'spec.selector: Invalid value: {"matchLabels":{"app":"web","tier":"front"}}: field is immutable',
  ])
  assert.deepEqual(updateErrors(Deployment, web(), { spec: { template: template() } }), [
    'spec.selector: Required value',
    'spec.selector: Invalid value: null: field is immutable',
  ])
  assert.deepEqual(updateErrors(Deployment, web(), web({ replicas: 5, paused: true })), [])
})

test('the status of a Deployment counts no part above the whole', () => {
  const errors = (status: object, before: object = {}) =>
    changeErrors(Deployment, { ...createdOf(Deployment, web()), status: before }, { ...web(), status }, 'status')
  assert.deepEqual(errors({ replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 1, unavailableReplicas: 1 }), [])
  assert.deepEqual(errors({ replicas: 1, updatedReplicas: 2, readyReplicas: 3, availableReplicas: 4 }), [
    'status.updatedReplicas: Invalid value: 2: cannot be greater than status.replicas',
    'status.readyReplicas: Invalid value: 3: cannot be greater than status.replicas',
    'status.availableReplicas: Invalid value: 4: cannot be greater than status.replicas',
    'status.availableReplicas: Invalid value: 4: cannot be greater than readyReplicas',
  ])
  assert.deepEqual(errors({ replicas: 1, unavailableReplicas: -1 }), ['status.unavailableReplicas: Invalid value: -1: must be greater than or equal to 0'])
  assert.deepEqual(errors({ collisionCount: 1 }, { collisionCount: 2 }), ['status.collisionCount: Invalid value: 1: cannot be decremented'])
})

test('a write to the status of a Deployment changes its annotations and not its labels', () => {
  const old = { ...createdOf(Deployment, web()), metadata: { name: 'web', labels: { a: 'b' } } }
  const draft = draftOf(Deployment, {
    ...web({ replicas: 9 }),
    metadata: { name: 'web', labels: { c: 'd' }, annotations: { e: 'f' } },
    status: { replicas: 1 },
  })
  Deployment.prepareForUpdate!(draft, old, 'status')
  assert.deepEqual([draft.metadata.labels, draft.metadata.annotations, draft.spec.replicas, draft.status], [{ a: 'b' }, { e: 'f' }, 1, { replicas: 1 }])
})

test('a name with dots, and a template that hides its own variables, earn warnings', () => {
  const env = [
    { name: 'A', value: '1' },
    { name: 'A', value: '2' },
  ]
  const odd = { metadata: { name: 'web.v1' }, spec: { ...web().spec, template: template({ containers: [{ name: 'web', image: 'nginx:1', env }] }) } }
  const hides = 'spec.template.spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply'
  const deployment = createdOf(Deployment, odd)
  assert.deepEqual(Deployment.warnings!(deployment, undefined), [
    'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]',
    hides,
  ])
  assert.deepEqual(Deployment.warnings!({ ...deployment, spec: { ...deployment.spec, replicas: 3 } }, deployment), [], 'nothing new')
  assert.deepEqual(Deployment.warnings!(deployment, createdOf(Deployment, web())), [hides])
})
