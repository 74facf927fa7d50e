import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CronJob } from '../kinds/cron_job.ts'
import { Job } from '../kinds/job.ts'
import { changeErrors, createdOf, createErrors, draftOf, updateErrors } from '../testing/draft.ts'

const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] } }
const onFailure = { spec: { ...template.spec, restartPolicy: 'OnFailure' } }
const indexed = { completionMode: 'Indexed', completions: 4, parallelism: 2 }

test('a Job that says nothing else does its work once, and tries six times more', () => {
  const { spec } = draftOf(Job, { spec: { template } })
  const { template: _, ...rest } = spec
  assert.deepEqual(rest, {
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    completions: 1,
    manualSelector: false,
    parallelism: 1,
    podReplacementPolicy: 'TerminatingOrFailed',
    suspend: false,
  })
  assert.equal(draftOf(Job, { spec: { template, parallelism: 3 } }).spec.completions, undefined, 'a work queue')
  assert.equal(draftOf(Job, { spec: { template, completions: 3 } }).spec.parallelism, 1)
  assert.equal(draftOf(Job, { spec: { template, ...indexed, backoffLimitPerIndex: 1 } }).spec.backoffLimit, 2 ** 31 - 1)
  assert.equal(draftOf(Job, { spec: { template, podFailurePolicy: { rules: [] } } }).spec.podReplacementPolicy, 'Failed')
  assert.equal(draftOf(CronJob, { spec: { schedule: '@daily', jobTemplate: { spec: { template } } } }).spec.jobTemplate.spec.backoffLimit, undefined)
})

const rule = (more: object) => ({ podFailurePolicy: { rules: [{ action: 'Count', ...more }] } })
const RULE = 'spec.podFailurePolicy.rules[0]'
const POLICY = 'spec.successPolicy.rules[0]'

for (const [name, spec, wanted] of [
  ['a Job', {}, []],
  [
    'no restartPolicy',
    { template: { spec: { containers: template.spec.containers } } },
    ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
  ],
  [
    'a negative number',
    { parallelism: -1, backoffLimit: -2 },
    ['spec.parallelism: Invalid value: -1: must be greater than or equal to 0', 'spec.backoffLimit: Invalid value: -2: must be greater than or equal to 0'],
  ],
  ['another mode', { completionMode: 'Both' }, ['spec.completionMode: Unsupported value: "Both": supported values: "Indexed", "NonIndexed"']],
  ['indexes without a number', { completionMode: 'Indexed', parallelism: 1 }, ['spec.completions: Required value: when completion mode is Indexed']],
  [
    'limits for each index without indexes',
    { backoffLimitPerIndex: 1, maxFailedIndexes: 1 },
    [
      'spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode',
      'spec.maxFailedIndexes: Invalid value: 1: requires indexed completion mode',
    ],
  ],
  [
    'failed indexes without a limit',
    { ...indexed, maxFailedIndexes: 5 },
    [
      'spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified',
      'spec.maxFailedIndexes: Invalid value: 5: must be less than or equal to completions',
    ],
  ],
  [
    'too many at once',
    { ...indexed, parallelism: 100_001 },
    ['spec.parallelism: Invalid value: 100001: must be less than or equal to 100000 when completion mode is Indexed'],
  ],
  [
    'a failure policy with OnFailure',
    { template: onFailure, ...rule({ onPodConditions: [{ type: 'DisruptionTarget' }] }) },
    ['spec.template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified'],
  ],
  ['a rule without a case', rule({}), [`${RULE}: Invalid value: specifying one of OnExitCodes and OnPodConditions is required`]],
  [
    'a rule with two',
    rule({ onExitCodes: { operator: 'In', values: [1] }, onPodConditions: [{ type: 'DisruptionTarget' }] }),
    [`${RULE}: Invalid value: specifying both OnExitCodes and OnPodConditions is not supported`],
  ],
  [
    'FailIndex without a limit',
    rule({ action: 'FailIndex', onExitCodes: { operator: 'In', values: [1] } }),
    [`${RULE}.action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set`],
  ],
  [
    'exit codes that make no sense',
    rule({ onExitCodes: { containerName: 'other', operator: 'In', values: [3, 0, 3] } }),
    [
      `${RULE}.onExitCodes.containerName: Invalid value: "other": must be one of the container or initContainer names in the pod template`,
      `${RULE}.onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator`,
      `${RULE}.onExitCodes.values[2]: Duplicate value: 3`,
      `${RULE}.onExitCodes.values: Invalid value: [3,0,3]: must be ordered`,
    ],
  ],
  [
    'replacement that the policy does not allow',
    { ...rule({ onPodConditions: [{ type: 'DisruptionTarget' }] }), podReplacementPolicy: 'TerminatingOrFailed' },
    ['spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"'],
  ],
  [
    'a success policy without indexes',
    { successPolicy: { rules: [{ succeededCount: 1 }] } },
    ['spec.successPolicy: Invalid value: {"rules":[{"succeededCount":1}]}: requires indexed completion mode'],
  ],
  [
    'a success policy without rules',
    { ...indexed, successPolicy: { rules: [] } },
    ['spec.successPolicy.rules: Required value: at least one rules must be specified when the successPolicy is specified'],
  ],
  [
    'a success rule that says nothing',
    { ...indexed, successPolicy: { rules: [{}] } },
    [`${POLICY}: Required value: at least one of succeededCount or succeededIndexes must be specified`],
  ],
  [
    'indexes there are none of',
    { ...indexed, successPolicy: { rules: [{ succeededIndexes: '0-4' }] } },
    [`${POLICY}.succeededIndexes: Invalid value: "0-4": error parsing succeededIndexes: too large index: "4"`],
  ],
  [
    'more than are named',
    { ...indexed, successPolicy: { rules: [{ succeededIndexes: '0-1', succeededCount: 3 }] } },
    [`${POLICY}.succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)`],
  ],
  ['a manager without a domain', { managedBy: 'me' }, ['spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")']],
] as const)
  test(`a Job with ${name}`, () => assert.deepEqual(createErrors(Job, { metadata: { name: 'x', uid: 'u' }, spec: { template, ...spec } }), wanted))

test("the selector is the server's, unless its author says that it is his", () => {
  const labels = { app: 'x' }
  const own = { manualSelector: true, selector: { matchLabels: labels }, template: { ...template, metadata: { labels } } }
  const created = createdOf(Job, { metadata: { name: 'x', uid: 'u' }, spec: own })
  assert.deepEqual([created.spec.selector, created.spec.template.metadata.labels], [{ matchLabels: labels }, labels])
  assert.deepEqual(createErrors(Job, { metadata: { name: 'x', uid: 'u' }, spec: { ...own, template } }), [
    'spec.template.metadata.labels: Invalid value: {}: `selector` does not match template `labels`',
  ])
  assert.deepEqual(createErrors(Job, { metadata: { name: 'x', uid: 'u' }, spec: { manualSelector: true, template } }), ['spec.selector: Required value'])
  assert.ok(
    createErrors(Job, { metadata: { name: 'x', uid: 'u' }, spec: { selector: { matchLabels: labels }, template } }).includes(
      'spec.selector: Invalid value: {"matchLabels":{"batch.kubernetes.io/controller-uid":"u","app":"x"}}: `selector` not auto-generated',
    ),
  )
})

test('of a Job little changes: how many at once, and whether and how long', () => {
  const before = { metadata: { name: 'x', uid: 'u' }, spec: { template, ...indexed } }
  const spec = createdOf(Job, before).spec
  const errors = (change: object) => updateErrors(Job, before, { metadata: { name: 'x', uid: 'u' }, spec: { ...spec, ...change } })
  assert.deepEqual(errors({ parallelism: 9, suspend: true, activeDeadlineSeconds: 5, backoffLimit: 1, ttlSecondsAfterFinished: 1 }), [])
  assert.deepEqual(errors({ completions: 7 }), ['spec.completions: Invalid value: 7: can only be modified in tandem with spec.parallelism'])
  assert.deepEqual(errors({ completions: 7, parallelism: 7 }), [])
  assert.deepEqual(errors({ completionMode: 'NonIndexed' }), ['spec.completionMode: Invalid value: "NonIndexed": field is immutable'])
  const moved = { ...spec.template, spec: { ...spec.template.spec, nodeSelector: { disk: 'fast' } } }
  assert.match(errors({ template: moved })[0]!, /^spec\.template: Invalid value: .*: field is immutable$/)
  const queued = { ...before, spec: { ...before.spec, suspend: true } }
  assert.deepEqual(
    updateErrors(Job, queued, { metadata: { name: 'x', uid: 'u' }, spec: { ...spec, suspend: true, template: moved } }),
    [],
    'before it has begun it may still be placed',
  )
})

test('a status that cannot be is refused', () => {
  const begun = { active: 1, startTime: '2026-01-01T00:00:00Z', succeeded: 1 }
  const old = createdOf(Job, { metadata: { name: 'x', uid: 'u' }, spec: { template, completions: 2 } })
  old.status = begun
  const errors = (status: object) => changeErrors(Job, old, { metadata: { name: 'x', uid: 'u' }, spec: old.spec, status }, 'status')
  const condition = (type: string) => ({ type, status: 'True' })
  const complete = { startTime: begun.startTime, succeeded: 2, conditions: [condition('SuccessCriteriaMet'), condition('Complete')] }
  const completionTime = '2026-01-01T00:01:00Z'
  assert.deepEqual(errors({ ...complete, completionTime }), [])
  assert.deepEqual(errors({ ...complete }), ['status.completionTime: Required value: completionTime is required for Complete jobs'])
  assert.deepEqual(errors({ ...begun, succeeded: 0 }), ['status.succeeded: Invalid value: 0: cannot decrease the succeeded counter'])
  assert.deepEqual(errors({ ...begun, ready: 2 }), ['status.ready: Invalid value: 2: cannot set more ready pods than active'])
  assert.deepEqual(errors({ ...begun, startTime: completionTime }), ['status.startTime: Required value: startTime cannot be modified for unsuspended job'])
  assert.deepEqual(errors({ ...begun, completionTime }), [
    `status.completionTime: Invalid value: "${completionTime}": cannot set completionTime when there is no Complete=True condition`,
  ])
  assert.deepEqual(errors({ ...complete, completionTime, active: 1 }), ['status.active: Invalid value: 1: active>0 is invalid for finished job'])
  assert.deepEqual(errors({ ...complete, completionTime, completedIndexes: '0' }), [
    'status.completedIndexes: Invalid value: "0": cannot set non-empty completedIndexes when non-indexed completion mode',
  ])
})

const cron = (spec: object, jobSpec: object = {}) => ({ spec: { schedule: '@daily', jobTemplate: { spec: { template, ...jobSpec } }, ...spec } })

for (const [name, json, wanted] of [
  ['all it needs', cron({}), []],
  ['no schedule', cron({ schedule: '' }), ['spec.schedule: Required value']],
  ['four fields', cron({ schedule: '* * * *' }), ['spec.schedule: Invalid value: "* * * *": expected exactly 5 fields, found 4: [* * * *]']],
  [
    'a time zone in the schedule',
    cron({ schedule: 'TZ=UTC 0 * * * *' }),
    ['spec.schedule: Invalid value: "TZ=UTC 0 * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead'],
  ],
  [
    'a time zone twice',
    cron({ schedule: 'CRON_TZ=UTC 0 * * * *', timeZone: 'UTC' }),
    ['spec.schedule: Invalid value: "CRON_TZ=UTC 0 * * * *": cannot use both timeZone field and TZ or CRON_TZ in schedule'],
  ],
  ['a time zone nobody knows', cron({ timeZone: 'Mars/Base' }), ['spec.timeZone: Invalid value: "Mars/Base": unknown time zone Mars/Base']],
  [
    'another policy',
    cron({ concurrencyPolicy: 'Maybe' }),
    ['spec.concurrencyPolicy: Unsupported value: "Maybe": supported values: "Allow", "Forbid", "Replace"'],
  ],
  ['less history than none', cron({ failedJobsHistoryLimit: -1 }), ['spec.failedJobsHistoryLimit: Invalid value: -1: must be greater than or equal to 0']],
  [
    'a selector by hand',
    cron({}, { manualSelector: true }),
    ['spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "false", "nil"'],
  ],
  [
    'a long name',
    { ...cron({}), metadata: { name: 'x'.repeat(53) } },
    [`metadata.name: Invalid value: "${'x'.repeat(53)}": must be no more than 52 characters`],
  ],
] as const)
  test(`a CronJob with ${name}`, () => assert.deepEqual(createErrors(CronJob, json), wanted))
