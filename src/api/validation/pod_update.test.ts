import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod } from '../kinds/pod.ts'
import { changeErrors, createdOf, draftOf } from '../testing/draft.ts'

const SPEC = {
  containers: [{ name: 'a', image: 'nginx:1', resources: { requests: { cpu: '100m' }, limits: { memory: '1Gi' } } }],
  initContainers: [{ name: 'i', image: 'busybox:1' }],
  activeDeadlineSeconds: 60,
  tolerations: [{ key: 'k', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 10 }],
}
const MAY_NOT =
  'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n'

const change = (more: object, before: object = {}): string[] =>
  changeErrors(Pod, createdOf(Pod, { spec: { ...SPEC, ...before } }), { spec: { ...SPEC, ...before, ...more } })

test('what may change of a running Pod', () => {
  const allowed: [string, object][] = [
    ['nothing', {}],
    ['images', { containers: [{ ...SPEC.containers[0], image: 'nginx:2' }], initContainers: [{ name: 'i', image: 'busybox:2' }] }],
    ['the deadline comes nearer', { activeDeadlineSeconds: 30 }],
    ['one more toleration', { tolerations: [...SPEC.tolerations, { key: 'x', operator: 'Exists' }] }],
    ['the seconds of a toleration', { tolerations: [{ ...SPEC.tolerations[0], tolerationSeconds: 99 }] }],
  ]
  for (const [name, more] of allowed) assert.deepEqual(change(more), [], name)
})

test('what may not change of a running Pod', () => {
  const cases: [string, object, string[]][] = [
    ['the command', { containers: [{ ...SPEC.containers[0], command: ['x'] }] }, [`${MAY_NOT}changed: spec.containers`]],
    ['the node', { nodeName: 'n' }, [`${MAY_NOT}changed: spec.nodeName`]],
    ['several fields', { nodeName: 'n', hostNetwork: true }, [`${MAY_NOT}changed: spec.hostNetwork, spec.nodeName`]],
    [
      'the number of containers',
      { containers: [...SPEC.containers, { name: 'b', image: 'x' }] },
      ['spec.containers: Forbidden: pod updates may not add or remove containers'],
    ],
    ['a later deadline', { activeDeadlineSeconds: 61 }, ['spec.activeDeadlineSeconds: Invalid value: 61: must be less than or equal to previous value']],
    [
      'no deadline any more',
      { activeDeadlineSeconds: undefined },
      ['spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value'],
    ],
    ['one toleration less', { tolerations: [] }, ['spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds']],
    [
      'new gates',
      { schedulingGates: [{ name: 'a.b/c' }] },
      ["spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'a.b/c'"],
    ],
  ]
  for (const [name, more, expected] of cases) assert.deepEqual(change(more), expected, name)
})

test('a negative grace period may become 1', () => {
  assert.deepEqual(change({ terminationGracePeriodSeconds: 1 }, { terminationGracePeriodSeconds: -5 }), [])
  assert.equal(change({ terminationGracePeriodSeconds: 2 }, { terminationGracePeriodSeconds: -5 }).length, 1)
})

test('while it waits at its gates a Pod may be told more exactly where to run', () => {
  const gated = { schedulingGates: [{ name: 'a.b/c' }], nodeSelector: { zone: 'a' } }
  assert.deepEqual(change({ nodeSelector: { zone: 'a', disk: 'ssd' } }, gated), [])
  assert.deepEqual(change({ schedulingGates: [] }, gated), [])
  assert.deepEqual(change({ nodeSelector: { zone: 'b' } }, gated), [
    'spec.nodeSelector: Invalid value: {"zone":"b"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)',
  ])
})

test('the main resource keeps its status, and the status subresource its spec', () => {
  const old = createdOf(Pod, { spec: SPEC })
  const draft = draftOf(Pod, { spec: { ...SPEC, nodeName: 'n' }, status: { phase: 'Running' } })
  Pod.prepareForUpdate!(draft, old, 'status')
  assert.equal(draft.spec.nodeName, undefined)
  assert.equal(draft.status.phase, 'Running')
  assert.equal(draft.status.qosClass, 'Burstable')
  Pod.prepareForUpdate!(draft, old, '')
  assert.equal(draft.status.phase, 'Pending')
})

test('a container that has ended for good does not come back to life', () => {
  const status = (state: object) => ({
    status: { phase: 'Running', containerStatuses: [{ name: 'a', image: '', imageID: '', ready: false, restartCount: 0, state }] },
  })
  const revive = (restartPolicy: string, exitCode: number) => {
    const old = createdOf(Pod, { spec: { ...SPEC, restartPolicy } })
    Object.assign(old, draftOf(Pod, status({ terminated: { exitCode } })), { spec: old.spec })
    old.status.qosClass = 'Burstable'
    return changeErrors(Pod, old, { spec: { ...SPEC, restartPolicy }, ...status({ running: {} }) }, 'status')
  }
  const refused = ['status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state']
  assert.deepEqual(revive('Always', 0), [])
  assert.deepEqual(revive('OnFailure', 1), [])
  assert.deepEqual(revive('OnFailure', 0), refused)
  assert.deepEqual(revive('Never', 1), refused)
})

test('resize changes CPU and memory and nothing else', () => {
  const resize = (resources: object, before: object = SPEC.containers[0]!.resources) =>
    changeErrors(
      Pod,
      createdOf(Pod, { spec: { ...SPEC, containers: [{ ...SPEC.containers[0], resources: before }] } }),
      { spec: { ...SPEC, nodeName: 'ignored', containers: [{ ...SPEC.containers[0], resources }] } },
      'resize',
    )
  assert.deepEqual(resize({ requests: { cpu: '200m' }, limits: { memory: '2Gi' } }), [])
  assert.deepEqual(resize({ requests: { cpu: '200m', 'ephemeral-storage': '1Gi' }, limits: { memory: '2Gi' } }), [
    'spec: Forbidden: only cpu and memory resources are mutable',
  ])
  const both = { cpu: '1', memory: '1Gi' }
  assert.deepEqual(resize({ requests: { cpu: '1' }, limits: { memory: '1Gi' } }, { requests: { cpu: '500m', memory: '1Gi' }, limits: both }), [
    'spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed',
  ])
})

test('resize: containers keep their names and places, and plain init containers what they have', () => {
  const container = { name: 'a', image: 'x', resources: { requests: { cpu: '1' } } }
  const init = { ...container, name: 'i' }
  const sidecar = { ...container, name: 's', restartPolicy: 'Always' }
  const spec = { containers: [container, { ...container, name: 'b' }], initContainers: [init, sidecar] }
  const old = createdOf(Pod, { spec })
  const resize = (changes: object) => changeErrors(Pod, old, { spec: { ...spec, ...changes } }, 'resize')
  const more = { resources: { requests: { cpu: '2' } } }
  const storage = { resources: { requests: { cpu: '1', 'ephemeral-storage': '1Gi' } } }
  assert.deepEqual(
    resize({ containers: [{ ...container, ...more, image: 'dropped' }, spec.containers[1]], initContainers: [init, { ...sidecar, ...more }] }),
    [],
  )
  for (const [changes, ...errors] of [
    [{ containers: [container] }, 'spec.containers: Forbidden: containers may not be added or removed on resize'],
    [{ initContainers: [init] }, 'spec.initContainers: Forbidden: initContainers may not be added or removed on resize'],
    [
      { containers: [...spec.containers].reverse() },
      'spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize',
      'spec.containers[1].name: Forbidden: containers may not be renamed or reordered on resize',
    ],
    [{ initContainers: [{ ...init, ...more }, sidecar] }, 'spec: Forbidden: resources for non-sidecar init containers are immutable'],
    [{ initContainers: [init, { ...sidecar, ...storage }] }, 'spec: Forbidden: only cpu and memory resources for sidecar containers are mutable'],
    [{ initContainers: [init, { ...sidecar, resources: {} }] }, 'spec.initContainers[1].resources.requests: Forbidden: resource requests cannot be removed'],
    [
      { containers: [{ ...container, resources: { requests: { cpu: '1' }, limits: { cpu: '500m' } } }, spec.containers[1]] },
      'spec.containers[0].resources.requests: Invalid value: "1": must be less than or equal to cpu limit of 500m',
    ],
  ] as const)
    assert.deepEqual(resize(changes), errors)
})

test('resize: the class stays, and the node must tell what containers have', () => {
  const resources = { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } }
  const spec = { containers: [{ name: 'a', image: 'x', resources }] }
  const less = { containers: [{ name: 'a', image: 'x', resources: { ...resources, requests: { cpu: '500m', memory: '1Gi' } } }] }
  const old = createdOf(Pod, { spec })
  assert.deepEqual(changeErrors(Pod, old, { spec: less }, 'resize'), ['spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing'])
  const running = { name: 'a', image: 'x', imageID: '', ready: true, restartCount: 0, lastState: {}, state: { running: {} } }
  old.status.containerStatuses = [running]
  assert.deepEqual(changeErrors(Pod, old, { spec }, 'resize'), ['spec: Forbidden: Pod running on node without support for resize'])
  old.metadata.annotations = { 'kubernetes.io/config.mirror': 'x' }
  assert.deepEqual(changeErrors(Pod, old, { spec }, 'resize'), [': Forbidden: static pods cannot be resized'])
})

test('ephemeral containers are added and never changed', () => {
  const old = createdOf(Pod, { spec: SPEC })
  old.spec.ephemeralContainers = draftOf(Pod, { spec: { containers: [], ephemeralContainers: [{ name: 'e', image: 'x' }] } }).spec.ephemeralContainers
  const next = (...ephemeralContainers: object[]) =>
    changeErrors(Pod, old, { spec: { ...SPEC, nodeName: 'ignored', ephemeralContainers } }, 'ephemeralcontainers')
  const kept = { name: 'e', image: 'x' }
  assert.deepEqual(next(kept, { name: 'f', image: 'y', targetContainerName: 'a', tty: true }), [])
  assert.deepEqual(next(), ['spec.ephemeralContainers: Forbidden: existing ephemeral containers "e" may not be removed\n'])
  assert.deepEqual(next({ ...kept, image: 'z' }), ['spec.ephemeralContainers: Forbidden: existing ephemeral containers "e" may not be changed\n'])
  assert.deepEqual(next(kept, { name: 'f', image: 'y', targetContainerName: 'z', ports: [{ containerPort: 1 }], resources: { limits: { cpu: '1' } } }), [
    'spec.ephemeralContainers[1].targetContainerName: Not found: "z"',
    'spec.ephemeralContainers[1].ports: Forbidden: cannot be set for an Ephemeral Container',
    'spec.ephemeralContainers[1].resources: Forbidden: cannot be set for an Ephemeral Container',
  ])
})
