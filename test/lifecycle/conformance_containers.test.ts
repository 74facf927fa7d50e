/** Conformance, sig-node: InitContainer, Ephemeral Containers, and the exit matrix of Container Runtime. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../src/api/kinds/pod.ts'
import { beginConformance, busybox, condition, isReady, isRunning, pause, PODS, restarts, sh } from './conformance.ts'

const init = (name: string, script: string): object => ({ name, image: 'busybox:1.37', command: sh(script) })

test('InitContainer should invoke init containers on a RestartAlways pod', async () => {
  await using ground = await beginConformance('init always')
  await ground.create('init', { initContainers: [init('init1', 'true'), init('init2', 'true')], containers: [pause({ name: 'run1' })] })
  const pod = await ground.until('init', isRunning)
  assert.equal(condition(pod, 'Initialized')?.status, 'True')
  for (const status of pod.status.initContainerStatuses!) assert.deepEqual([status.ready, status.state?.terminated?.exitCode], [true, 0], status.name)
})

test('InitContainer should invoke init containers on a RestartNever pod', async () => {
  await using ground = await beginConformance('init never')
  const initContainers = [init('init1', 'true'), init('init2', 'true')]
  await ground.create('init', { restartPolicy: 'Never', initContainers, containers: [busybox('true', { name: 'run1' })] })
  const pod = await ground.until('init', ({ status }) => status.phase === 'Succeeded')
  assert.equal(condition(pod, 'Initialized')?.status, 'True')
  assert.deepEqual(
    pod.status.initContainerStatuses!.map(({ ready, state }) => [ready, state?.terminated?.exitCode]),
    [
      [true, 0],
      [true, 0],
    ],
  )
})

test('InitContainer should not start app containers and fail the pod if init containers fail on a RestartNever pod', async () => {
  await using ground = await beginConformance('init fails')
  const initContainers = [init('init1', 'true'), init('init2', 'false')]
  await ground.create('init', { restartPolicy: 'Never', initContainers, containers: [busybox('true', { name: 'run1' })] })
  const pod = await ground.until('init', ({ status }) => status.phase === 'Failed')
  const initialized = condition(pod, 'Initialized')
  assert.deepEqual(
    [initialized?.status, initialized?.reason, initialized?.message],
    ['False', 'ContainersNotInitialized', 'containers with incomplete status: [init2]'],
  )
  assert.deepEqual(pod.status.containerStatuses?.[0]?.state, { waiting: { reason: 'PodInitializing' } })
  assert.equal(
    ground.seen.some(({ pod: seen }) => seen.status.containerStatuses?.some(({ state }) => state?.running ?? state?.terminated)),
    false,
  )
})

test('InitContainer should not start app containers if init containers fail on a RestartAlways pod', async () => {
  await using ground = await beginConformance('init fails again')
  await ground.create('init', { initContainers: [init('init1', 'false'), init('init2', 'true')], containers: [pause({ name: 'run1' })] })
  const pod = await ground.until('init', ({ status }) => status.initContainerStatuses?.[0]?.restartCount === 3)
  assert.equal(pod.status.phase, 'Pending')
  const initialized = condition(pod, 'Initialized')
  assert.deepEqual(
    [initialized?.status, initialized?.reason, initialized?.message],
    ['False', 'ContainersNotInitialized', 'containers with incomplete status: [init1 init2]'],
  )
  for (const { pod: seen } of ground.seen) {
    assert.equal(seen.status.initContainerStatuses?.[1]?.state?.running, undefined, 'the second does not begin')
    const waiting = seen.status.containerStatuses?.[0]?.state
    if (waiting) assert.deepEqual(waiting, { waiting: { reason: 'PodInitializing' } })
  }
})

test('Container Runtime when starting a container that exits should run with the expected status', async () => {
  await using ground = await beginConformance('exits')
  // Exits with 1, then with 0, then stays: it counts in a volume, which outlives the containers.
  const script = `f=/restart-count/count; echo hello >> $f; count=$(wc -l < $f)
    if [ $count -eq 1 ]; then exit 1; fi
    if [ $count -eq 2 ]; then exit 0; fi
    while true; do sleep 1; done`
  const volumes = [{ name: 'restart-count', emptyDir: {} }]
  const volumeMounts = [{ name: 'restart-count', mountPath: '/restart-count' }]
  const cases = [
    { restartPolicy: 'Always', phase: 'Running', state: 'running', restartCount: 2, ready: true },
    { restartPolicy: 'OnFailure', phase: 'Succeeded', state: 'terminated', restartCount: 1, ready: false },
    { restartPolicy: 'Never', phase: 'Failed', state: 'terminated', restartCount: 0, ready: false },
  ]
  for (const { restartPolicy, ...expected } of cases) {
    const name = restartPolicy.toLowerCase()
    await ground.create(name, { restartPolicy, volumes, containers: [busybox(script, { volumeMounts })] })
    const stateOf = (pod: Pod) => Object.keys(pod.status.containerStatuses?.[0]?.state ?? {})[0]
    const isSettled = (pod: Pod) => pod.status.phase === expected.phase && stateOf(pod) === expected.state && restarts(pod) >= expected.restartCount
    const pod = await ground.until(name, isSettled)
    assert.deepEqual({ phase: pod.status.phase, state: stateOf(pod), restartCount: restarts(pod), ready: isReady(pod) }, expected)
  }
})

const debuggers = (...names: string[]) =>
  names.map(name => ({ name, image: 'busybox:1.37', command: sh('while true; do echo polo; sleep 2; done'), stdin: true, tty: true }))

test('Ephemeral Containers will start an ephemeral container in an existing pod', async () => {
  await using ground = await beginConformance('ephemeral')
  await ground.create('target', { containers: [pause()] })
  await ground.until('target', isReady)
  const patch = { spec: { ephemeralContainers: debuggers('debugger') } }
  await ground.send('PATCH', `${PODS}/target/ephemeralcontainers`, patch, 'application/strategic-merge-patch+json')
  await ground.until('target', ({ status }) => status.ephemeralContainerStatuses?.[0]?.state?.running !== undefined)
  await ground.advance(5)
  assert.match(await ground.logs('target', { container: 'debugger' }), /polo/)
})

test('Ephemeral Containers should update the ephemeral containers in an existing pod', async () => {
  await using ground = await beginConformance('two ephemeral')
  await ground.create('target', { containers: [pause()] })
  await ground.until('target', isReady)
  const patch = { spec: { ephemeralContainers: debuggers('debugger') } }
  await ground.send('PATCH', `${PODS}/target/ephemeralcontainers`, patch, 'application/strategic-merge-patch+json')
  const isRunningAll = (count: number) => (pod: Pod) => pod.status.ephemeralContainerStatuses?.filter(({ state }) => state?.running).length === count
  const pod = await ground.until('target', isRunningAll(1))
  await ground.send('PUT', `${PODS}/target/ephemeralcontainers`, {
    ...pod,
    spec: { ...pod.spec, ephemeralContainers: [...pod.spec.ephemeralContainers!, ...debuggers('debugger2')] },
  })
  const updated = await ground.until('target', isRunningAll(2))
  assert.deepEqual(
    updated.spec.ephemeralContainers?.map(({ name }) => name),
    ['debugger', 'debugger2'],
  )
})
