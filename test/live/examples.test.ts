/** The examples do on real containers what their comments promise. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ask, event, initStates, isReady, restartsOf, servesUntil } from './observe.ts'
import { fileOf, reasonToSkip, startSite, type Site } from './site.ts'

const IMAGES = ['busybox', 'nginx']
const skip = (await reasonToSkip(IMAGES)) ?? false

describe('examples on real containers', { skip, concurrency: 4 }, () => {
  let site: Site
  before(async () => {
    site = await startSite(IMAGES)
  })
  after(() => site?.close())

  it('init-containers.yaml waits for db and then serves the page it has written', async () => {
    const { kubectl, until } = await site.inNamespace('init')
    await kubectl(['apply', '-f', '-'], await fileOf('examples/init-containers.yaml'))
    await until('web', pod => initStates(pod)[0] === 'running')
    assert.match(await kubectl(['get', 'pod', 'web', '--no-headers']), / 0\/1 +Init:0\/2 /)
    await kubectl(['create', 'service', 'clusterip', 'db', '--tcp=5432'])
    const pod = await until('web', isReady)
    assert.equal(await ask(pod!, '/'), 200)
    assert.equal(await kubectl(['exec', 'web', '-c', 'web', '--', 'cat', '/usr/share/nginx/html/index.html']), 'written by web before it started\n')
  })

  it('probes.yaml turns unready without a restart, and is restarted when its liveness goes', async () => {
    const namespace = await site.inNamespace('probes')
    const { kubectl, until } = namespace
    await kubectl(['apply', '-f', '-'], await fileOf('examples/probes.yaml'))
    await until('probed', isReady)
    await kubectl(['exec', 'probed', '--', 'rm', '/usr/share/nginx/html/ready'])
    assert.equal(restartsOf(await until('probed', pod => !isReady(pod), 10)), 0)
    await kubectl(['exec', 'probed', '--', 'touch', '/usr/share/nginx/html/ready'])
    await until('probed', isReady, 10)
    await kubectl(['exec', 'probed', '--', 'rm', '/usr/share/nginx/html/alive'])
    await until('probed', pod => restartsOf(pod) === 1 && isReady(pod), 30)
    await event(namespace, 'probed', /Killing .*Container web failed liveness probe, will be restarted/)
  })

  it('graceful.yaml goes on serving while its hook sleeps', async () => {
    const { kubectl, until } = await site.inNamespace('graceful')
    await kubectl(['apply', '-f', '-'], await fileOf('examples/graceful.yaml'))
    const pod = await until('graceful', isReady)
    // From before the deletion, however long kubectl takes to come back.
    const begin = performance.now()
    await kubectl(['delete', 'pod', 'graceful', '--wait=false'])
    await servesUntil(pod!, begin, 4500)
    await until('graceful', found => found === undefined, 10)
  })

  it('resources.yaml is killed for its memory and started again after a pause', async () => {
    const { kubectl, until } = await site.inNamespace('resources')
    await kubectl(['apply', '-f', '-'], await fileOf('examples/resources.yaml'))
    const pod = await until('hungry', found => found?.status.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff')
    assert.deepEqual(
      pod?.status.containerStatuses?.map(({ lastState }) => [lastState?.terminated?.reason, lastState?.terminated?.exitCode]),
      [['OOMKilled', 137]],
    )
    assert.match(await kubectl(['get', 'pod', 'hungry', '-o', 'jsonpath={.status.qosClass}']), /Burstable/)
  })
})
