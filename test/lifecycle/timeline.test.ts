/** The timeline of a Pod, span by span, to the millisecond: one seed is one run. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod } from '../../src/api/kinds/pod.ts'
import { Service } from '../../src/api/kinds/service.ts'
import { SPAN_TYPES } from '../../src/api/types/pod_timeline.ts'
import { timelineModel } from '../../src/timeline/model.ts'
import { sh } from './story.ts'
import { beginTimelineStory } from './timeline_story.ts'

const simulated = (settings: string) => ({ annotations: { 'simulate.poise.dev/web': settings } })
const web = (container: object = {}) => ({ name: 'web', image: 'nginx:1', ...container })

test('the whole life of a Pod: init container, hooks, probes, deletion, kill, and its endpoint on two nodes', async () => {
  const story = await beginTimelineStory({ nodes: ['a', 'b'] })
  await story.advance(1_000)
  await story.run(
    story.client.create(Service, { metadata: { name: 'web', namespace: 'default' }, spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } } as never),
  )
  await story.advance(1_000)
  await story.begin({
    metadata: { labels: { app: 'web' }, ...simulated('start=2s, listen=80, term=ignore') },
    spec: {
      nodeName: 'a',
      terminationGracePeriodSeconds: 10,
      initContainers: [{ name: 'init', image: 'busybox:1', command: sh('sleep 1') }],
      containers: [
        web({
          readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 },
          livenessProbe: { tcpSocket: { port: 80 }, periodSeconds: 5 },
          lifecycle: { preStop: { exec: { command: ['sleep', '3'] } }, postStart: { exec: { command: ['sleep', '1'] } } },
        }),
      ],
    },
  })
  await story.advance(20_000)
  await story.deletePod()
  await story.advance(30_000)
  assert.deepEqual(await story.lines(SPAN_TYPES), [
    'Scheduling 0.000',
    'Delivery 0.000..0.001',
    'Volumes 0.001..0.025',
    'Sandbox 0.025..0.127',
    'Endpoint 0.131..3.305 web EndpointNotReady',
    'RulesProgrammed 0.131..0.132 web b EndpointNotReady',
    'RulesProgrammed 0.131..0.134 web a EndpointNotReady',
    'ImagePull 0.131 init AlreadyPresent',
    'ContainerStart 0.133..0.207 init',
    'InitContainer 0.206..1.206 init Completed exit 0',
    'ImagePull 1.214 web AlreadyPresent',
    'ContainerStart 1.218..1.292 web',
    'Container 1.291..30.021 web Error exit 137',
    'PostStart 1.293..2.300 web',
    'Probe 2.301 web readiness failure x1',
    'Probe 3.020 web liveness failure x1',
    'Probe 3.302..29.301 web readiness success x27',
    'Ready 3.305..30.026 PodFailed',
    'Endpoint 3.305..20.000 web EndpointReady',
    'RulesProgrammed 3.305..3.506 web b EndpointReady',
    'RulesProgrammed 3.305..3.508 web a EndpointReady',
    'Probe 8.020..18.020 web liveness success x3',
    'Deletion 20.000..30.090',
    'Endpoint 20.000..30.026 web EndpointServing',
    'RulesProgrammed 20.000..20.002 web b EndpointServing',
    'RulesProgrammed 20.000..20.002 web a EndpointServing',
    'Terminating 20.003..30.080 Deleted',
    'PreStop 20.003..23.010 web',
    'Term 23.010..30.021 web Deleted exit 137',
    'Kill 30.021 web GraceExceeded',
    'SandboxStop 30.025..30.077',
    'RulesProgrammed 30.026..30.227 web b EndpointRemoved',
    'RulesProgrammed 30.026..30.228 web a EndpointRemoved',
  ])
  await story.stop()
})

test('a container that fails its liveness probe is told to stop for that, and its next one has a span of its own', async () => {
  const story = await beginTimelineStory()
  await story.begin({
    metadata: simulated('listen=none, term=ignore'),
    spec: { containers: [web({ livenessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1, failureThreshold: 2, terminationGracePeriodSeconds: 4 } })] },
  })
  await story.advance(9_000)
  assert.deepEqual(await story.lines(['ContainerStart', 'Container', 'Probe', 'Term', 'Kill', 'Terminating']), [
    'ContainerStart 0.135..0.209 web',
    'Container 0.208..5.646 web Error exit 137',
    'Probe 0.636..1.635 web liveness failure x2',
    'Term 1.635..5.646 web LivenessFailed exit 137',
    'Kill 5.646 web GraceExceeded',
    'ContainerStart 5.659..5.733 web restart 1',
    'Container 5.732.. web restart 1',
    'Probe 6.635..7.636 web liveness failure x2 restart 1',
    'Term 7.636.. web LivenessFailed restart 1',
  ])
  await story.stop()
})

test('a preStop hook that is cut off by the end of grace says so, and so does one that fails', async () => {
  const story = await beginTimelineStory()
  const hooked = (command: readonly string[]) => ({ terminationGracePeriodSeconds: 3, containers: [web({ lifecycle: { preStop: { exec: { command } } } })] })
  await story.begin({ metadata: { name: 'long' }, spec: hooked(['sleep', '60']) })
  await story.begin({ metadata: { name: 'bad' }, spec: hooked(sh('exit 3')) })
  await story.advance(5_000)
  await story.deletePod('long')
  await story.deletePod('bad')
  await story.advance(10_000)
  assert.deepEqual(await story.lines(['Deletion', 'Terminating', 'PreStop', 'Term', 'Kill', 'SandboxStop'], 'long'), [
    'Deletion 5.000..8.083',
    'Terminating 5.002..8.076 Deleted',
    'PreStop 5.002..8.003 web GraceExceeded',
    'Term 8.003..8.014 web Deleted exit 0',
    'SandboxStop 8.021..8.073',
  ])
  assert.deepEqual(await story.lines(['PreStop', 'Term', 'Kill'], 'bad'), [
    'PreStop 5.003..5.010 web FailedPreStopHook',
    'Term 5.010..5.021 web Deleted exit 0',
  ])
  await story.stop()
})

test('what goes wrong on the way has a span with its reason: pulls, hooks, crashes, out of memory', async () => {
  const story = await beginTimelineStory({ nodes: ['a'] })
  story.nodes.get('a')!.runtime.registry.set('late:1', { is: 'failing', times: 1, message: 'the registry is tired' })
  await story.begin({ metadata: { name: 'pulled' }, spec: { containers: [web({ image: 'late:1', command: sh('sleep 100') })] } })
  await story.advance(15_000)
  assert.deepEqual(await story.lines(['ImagePull', 'ContainerStart', 'Container'], 'pulled'), [
    'ImagePull 0.131..0.759 web ErrImagePull',
    'ImagePull 10.763..11.137 web Pulled',
    'ContainerStart 11.142..11.216 web',
    'Container 11.215.. web',
  ])
  await story.begin({ metadata: { name: 'hook' }, spec: { containers: [web({ lifecycle: { postStart: { exec: { command: sh('exit 7') } } } })] } })
  await story.advance(5_000)
  assert.deepEqual(await story.lines(['ContainerStart', 'PostStart', 'Container', 'Term'], 'hook'), [
    'ContainerStart 0.135..0.209 web',
    'Container 0.208..0.229 web Completed exit 0',
    'PostStart 0.210..0.217 web FailedPostStartHook',
    'Term 0.218..0.229 web PostStartFailed exit 0',
    'ContainerStart 0.243..0.317 web restart 1',
    'Container 0.316..0.337 web Completed exit 0 restart 1',
    'PostStart 0.318..0.325 web FailedPostStartHook restart 1',
    'Term 0.326..0.337 web PostStartFailed exit 0 restart 1',
  ])
  await story.begin({ metadata: { name: 'crash' }, spec: { containers: [{ name: 'web', image: 'busybox:1', command: sh('sleep 1; exit 3') }] } })
  await story.advance(15_000)
  assert.deepEqual(await story.lines(['Container', 'Ready'], 'crash'), [
    'Container 0.206..1.206 web Error exit 3',
    'Ready 0.210..1.214 ContainersNotReady',
    'Container 1.291..2.291 web Error exit 3 restart 1',
    'Ready 1.294..2.298 ContainersNotReady',
    'Container 12.371..13.371 web Error exit 3 restart 2',
    'Ready 12.376..13.378 ContainersNotReady',
  ])
  await story.begin({
    metadata: { name: 'greedy', ...simulated('start=1s, memory=64Mi') },
    spec: { restartPolicy: 'Never', containers: [web({ resources: { limits: { memory: '32Mi' } } })] },
  })
  await story.advance(5_000)
  assert.deepEqual(await story.lines(['Container', 'Kill', 'Terminating', 'SandboxStop', 'Deletion'], 'greedy'), [
    'Container 0.205..1.205 web OOMKilled exit 137',
    'Kill 1.205 web OOMKilled',
    'Terminating 1.211..1.266 Finished',
    'SandboxStop 1.211..1.263',
  ])
  await story.stop()
})

test('a Pod that waits for a node shows why, and one that comes again under its name has another timeline', async () => {
  const story = await beginTimelineStory()
  await story.begin({ spec: { nodeSelector: { disk: 'ssd' }, containers: [web()] } })
  await story.advance(5_000)
  assert.deepEqual(await story.lines(SPAN_TYPES), ['Scheduling 0.000.. Unschedulable'])
  const first = await story.timelineOf()
  await story.deletePod()
  await story.begin({ spec: { containers: [web()] } })
  await story.advance(5_000)
  const all = await story.timelines()
  assert.deepEqual(
    all.map(({ pod, spans }) => [
      pod.name,
      pod.uid === first.pod.uid,
      spans.some(({ type }) => type === 'Deletion'),
      spans.some(({ type }) => type === 'Ready'),
    ]),
    [
      ['web', true, true, false],
      ['web', false, false, true],
    ],
  )
  await story.stop()
})

test('a Service that is left and entered again: Endpoint has a span for each time', async () => {
  const story = await beginTimelineStory()
  await story.advance(1_000)
  await story.run(
    story.client.create(Service, { metadata: { name: 'web', namespace: 'default' }, spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } } as never),
  )
  await story.advance(1_000)
  await story.begin({
    metadata: { labels: { app: 'web' } },
    spec: { containers: [web({ readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1, failureThreshold: 1 } })] },
  })
  await story.advance(5_000)
  const relabel = async (labels: object) => {
    const pod = await story.run(story.client.get(Pod, { namespace: 'default', name: 'web' }))
    await story.run(story.client.update(Pod, { ...pod, metadata: { ...pod.metadata, labels: labels as never } }))
    await story.advance(5_000)
  }
  await relabel({ app: 'other' })
  await relabel({ app: 'web' })
  assert.deepEqual(await story.lines(['Ready', 'Endpoint', 'RulesProgrammed']), [
    'Endpoint 0.135..0.279 web EndpointNotReady',
    'RulesProgrammed 0.135..0.136 web node-0 EndpointNotReady',
    'Ready 0.279..',
    'Endpoint 0.279..5.000 web EndpointReady',
    'RulesProgrammed 0.279..0.482 web node-0 EndpointReady',
    'RulesProgrammed 5.000..5.203 web node-0 EndpointRemoved',
    'Endpoint 10.000.. web EndpointReady',
    'RulesProgrammed 10.000..10.202 web node-0 EndpointReady',
  ])
  await story.stop()
})

test('a kubelet that crashes: containers go on in the same span, and what it had begun ends at an instant nobody knows', async () => {
  const story = await beginTimelineStory({ nodes: ['a'] })
  await story.begin({
    spec: { terminationGracePeriodSeconds: 30, containers: [web({ lifecycle: { preStop: { exec: { command: ['sleep', '10'] } } } })] },
  })
  await story.advance(5_000)
  await story.deletePod()
  await story.advance(3_000)
  await story.run(story.nodes.get('a')!.restart())
  await story.advance(30_000)
  assert.deepEqual(await story.lines(['Delivery', 'Container', 'Terminating', 'PreStop', 'Term', 'SandboxStop', 'Deletion']), [
    'Delivery 0.000..0.002',
    'Container 0.205..18.038 web Completed exit 0',
    'Deletion 5.000..18.107',
    'Terminating 5.001..18.099 Deleted',
    'PreStop 5.001.. web KubeletRestarted',
    'PreStop 8.020..18.027 web',
    'Term 18.027..18.038 web Deleted exit 0',
    'SandboxStop 18.044..18.096',
  ])
  await story.stop()
})

test('a container that somebody removes ends at an instant nobody knows, and its next one goes on', async () => {
  const story = await beginTimelineStory({ nodes: ['a'] })
  await story.begin({ spec: { containers: [web()] } })
  await story.advance(5_000)
  const { runtime } = story.nodes.get('a')!
  const [container] = await story.run(runtime.listContainers())
  await story.run(runtime.removeContainer(container!.id))
  await story.advance(100_000)
  assert.deepEqual(await story.lines(['Container']), ['Container 0.205.. web ContainerStatusUnknown', 'Container 5.085.. web restart 1'])
  const [lost, next] = (await story.timelineOf()).spans.filter(({ type }) => type === 'Container')
  assert.deepEqual(
    [lost!.origin, lost!.message, lost!.exitCode],
    ['unknown', 'the container was removed before the kubelet saw it exit: nobody knows when it ended', undefined],
  )
  assert.equal(next!.origin, 'recorded')
  const bars = timelineModel([await story.timelineOf()])
    .groups[0]!.pods[0]!.rows.flatMap(row => row.bars)
    .filter(({ type }) => type === 'Container')
  assert.deepEqual(
    bars.map(({ end }) => end),
    ['unknown', 'open'],
  )
  assert.equal(bars[0]!.toMs, bars[1]!.fromMs, 'it was over when the next one began')
  await story.stop()
})
