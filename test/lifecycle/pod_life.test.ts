/** One Pod from beginning to end. The other files of this folder tell each part of it, sentence by sentence. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginStory, isReady } from './story.ts'

test('§ pod lifecycle: a Pod goes Pending, Running and, told to leave, through a final status to nothing', async () => {
  const story = await beginStory()
  story.run({ spec: { containers: [{ name: 'web', image: 'nginx:1' }] } })
  const ready = await story.until(isReady, 5)
  assert.equal(ready.status.phase, 'Running')
  assert.equal(ready.status.podIP, ready.status.podIPs?.[0]?.ip)
  assert.equal(ready.status.hostIP, '10.0.0.1')
  assert.deepEqual(
    ready.status.conditions?.map(({ type, status }) => `${type}=${status}`),
    ['PodReadyToStartContainers=True', 'Initialized=True', 'Ready=True', 'ContainersReady=True', 'PodScheduled=True'],
  )
  const [web] = ready.status.containerStatuses ?? []
  assert.ok(web?.state?.running?.startedAt)
  assert.deepEqual([web.ready, web.started, web.restartCount, web.image], [true, true, 0, 'docker.io/library/nginx:1'])
  assert.match(web.containerID ?? '', /^simulated:\/\//)

  await story.delete()
  await story.gone('web', 5)
  const ofPod = story.api.writes.filter(write => write.kind === 'Pod').slice(-4)
  assert.deepEqual(
    ofPod.map(({ verb }) => verb),
    ['delete', 'patch status', 'patch status', 'remove'],
    'marked; the new generation observed; the final status; gone',
  )
  const last = ofPod[2]!.object as typeof ready
  assert.equal(last.status.phase, 'Succeeded')
  assert.equal(last.status.containerStatuses?.[0]?.state?.terminated?.exitCode, 0)
  assert.deepEqual(
    story.events.map(({ reason, message }) => `${reason}: ${message}`),
    [
      'Pulled: Container image "nginx:1" already present on machine',
      'Created: Created container: web',
      'Started: Started container web',
      'Killing: Stopping container web',
    ],
  )
  await story.world.advance(1000)
  assert.deepEqual(await story.world.finish(story.runtime.listPodSandboxes()), [])
})
