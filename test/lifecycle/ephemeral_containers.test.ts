/** Ephemeral containers, as `kubectl debug` adds them to a Pod that runs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginStory, isReady, sh, stateOf, statusOf, web, type Story } from './story.ts'

const debug = (rest: object = {}) => ({ name: 'debug', image: 'busybox:1', command: sh('sleep 3; exit 1'), ...rest })
const attach = (story: Story, container: object) => story.edit(({ spec }) => (spec.ephemeralContainers = [container] as never))

test('§ ephemeral containers: one that is added is started, and is never restarted, whatever the restart policy says', async () => {
  const story = await beginStory()
  story.run({ spec: web() })
  await story.until(isReady)
  await attach(story, debug())
  const pod = await story.until(seen => stateOf(seen, 'debug') === 'Running', 2)
  assert.ok(isReady(pod), 'it does not count for readiness')
  assert.equal(story.events.find(({ message }) => message === 'Started container debug')?.fieldPath, 'spec.ephemeralContainers{debug}')
  await story.at(200)
  assert.deepEqual(
    [stateOf(story.pod(), 'debug'), statusOf(story.pod(), 'debug')?.restartCount, story.pod()?.status.phase],
    ['Terminated Error 1', 0, 'Running'],
  )
})

test('§ ephemeral containers: they do not wait for init containers', async () => {
  const story = await beginStory()
  story.run({ spec: web({}, { initContainers: [{ name: 'stuck', image: 'busybox:1', command: sh('sleep 1000') }] }) })
  await story.until(pod => stateOf(pod, 'stuck') === 'Running', 2)
  await attach(story, debug())
  const pod = await story.until(seen => stateOf(seen, 'debug') === 'Running', 2)
  assert.equal(stateOf(pod, 'web'), 'Waiting PodInitializing')
})

test('§ ephemeral containers: one that names a target joins its processes; without the target there is no container', async () => {
  const modes: unknown[] = []
  const story = await beginStory(1, {
    between: runtime => ({
      createContainer(sandboxId, config, sandbox) {
        if (config.metadata.name === 'debug') modes.push({ pid: config.security.namespaces.pid, targetId: config.security.namespaces.targetId })
        return runtime.createContainer(sandboxId, config, sandbox)
      },
    }),
  })
  story.run({ spec: web({}, { initContainers: [{ name: 'first', image: 'busybox:1', command: sh('sleep 20') }] }) })
  await story.at(1)
  await attach(story, debug({ targetContainerName: 'web' }))
  const early = await story.until(seen => statusOf(seen, 'debug')?.state?.waiting?.reason === 'CreateContainerConfigError', 1)
  assert.equal(statusOf(early, 'debug')?.state?.waiting?.message, 'unable to find target container web')
  await story.until(seen => stateOf(seen, 'debug') === 'Running', 30)
  assert.deepEqual(modes, [{ pid: 'TARGET', targetId: (await story.instances('web'))[0]!.id }])
})

test('§ ephemeral containers: they stop with the Pod, and one that runs does not keep a finished Pod', async () => {
  const story = await beginStory()
  story.run({ spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 4, containers: [{ name: 'web', image: 'busybox:1', command: sh('sleep 5') }] } })
  await story.until(isReady)
  await attach(story, debug({ command: sh('sleep 1000') }))
  const done = await story.until(({ status }) => status.phase === 'Succeeded', 20)
  assert.equal(stateOf(done, 'debug'), 'Terminated Error 137')
  assert.deepEqual(story.said('Killing'), ['Killing: Stopping container debug'])
})
