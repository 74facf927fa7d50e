/** The parents of Pods on real containers, as stock kubectl drives them: two nodes, and all cases at the same time. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { isDeleting } from '../../src/api/pod.ts'
import { isReady } from './observe.ts'
import { reasonToSkip, startSite, type Namespace, type Site } from './site.ts'

/** Not latest, which kubelets pull anew. */
const IMAGE = 'busybox:1.28'
const skip = (await reasonToSkip([IMAGE])) ?? false

const ENDS_AT_ONCE = 'trap "exit 0" TERM; while :; do sleep 1 & wait $!; done'
const running = (script: string, more: object = {}) => ({ containers: [{ name: 'main', image: IMAGE, command: ['sh', '-c', script], ...more }] })
const labelled = (app: string, spec: object) => ({ selector: { matchLabels: { app } }, template: { metadata: { labels: { app } }, spec } })

describe('workloads on real containers', { skip, concurrency: 4 }, () => {
  let site: Site
  before(async () => {
    site = await startSite([IMAGE], {}, [], 2)
  })
  after(() => site?.close())

  async function begin(name: string): Promise<Namespace> {
    const namespace = await site.inNamespace(name)
    // Without its default ServiceAccount no Pod can be made by hand.
    await namespace.kubectl(['wait', '--for=create', 'serviceaccount/default'])
    return namespace
  }

  it('a StatefulSet: Pods are found by their names, and each finds its own data again after a restart and after none was left', async () => {
    const namespace = await begin('stateful')
    const { kubectl, until } = namespace
    const template = running(`hostname >> /data/log; ${ENDS_AT_ONCE}`, { volumeMounts: [{ name: 'data', mountPath: '/data' }] })
    const claim = { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } } }
    await apply(namespace, { apiVersion: 'v1', kind: 'Service', metadata: { name: 'db' }, spec: { clusterIP: 'None', selector: { app: 'db' } } })
    await apply(namespace, {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'db' },
      spec: { serviceName: 'db', replicas: 2, ...labelled('db', template), volumeClaimTemplates: [claim] },
    })
    const logs = () => Promise.all(['db-0', 'db-1'].map(name => kubectl(['exec', name, '--', 'cat', '/data/log'])))
    await kubectl(['rollout', 'status', 'statefulset/db'])
    const first = await until('db-1', isReady)
    const found = await kubectl(['exec', 'db-0', '--', 'sh', '-c', 'until nslookup db-1.db; do sleep 0.2; done'])
    assert.match(found, new RegExp(`^Address 1: ${first!.status.podIP!.replaceAll('.', String.raw`\.`)} db-1\\.db\\.stateful\\.svc\\.cluster\\.local$`, 'm'))

    await kubectl(['delete', 'pod', 'db-1'])
    // Its data is on a node that another case may have cordoned for a while.
    await until('db-1', pod => pod?.metadata.uid !== first!.metadata.uid && isReady(pod), 90)
    assert.deepEqual(await logs(), ['db-0\n', 'db-1\ndb-1\n'])

    await kubectl(['scale', 'statefulset/db', '--replicas=0'])
    await kubectl(['wait', '--for=delete', 'pod/db-0', 'pod/db-1', '--timeout=60s'])
    assert.equal(await kubectl(['get', 'pvc', '-o', 'jsonpath={.items[*].status.phase}']), 'Bound Bound')
    await kubectl(['scale', 'statefulset/db', '--replicas=2'])
    await kubectl(['rollout', 'status', 'statefulset/db'])
    assert.deepEqual(await logs(), ['db-0\ndb-0\n', 'db-1\ndb-1\ndb-1\n'])
  })

  it('a DaemonSet: a Pod on each node, and a new one in its place only when the old one has ended', async () => {
    const namespace = await begin('daemons')
    const { kubectl, follow } = namespace
    const pods = ['get', 'pods', '-l', 'app=agent']
    const watch = follow([...pods, '--watch', '--output-watch-events', '--no-headers'])
    await apply(namespace, { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'agent' }, spec: labelled('agent', running(ENDS_AT_ONCE)) })
    await kubectl(['rollout', 'status', 'daemonset/agent'])
    const nodes = async () => (await kubectl([...pods, '-o', 'jsonpath={.items[*].spec.nodeName}'])).split(' ').toSorted()
    const both = site.cluster.nodes.map(({ name }) => name).toSorted()
    assert.deepEqual(await nodes(), both)

    await kubectl(['set', 'env', 'daemonset/agent', 'VERSION=2'])
    assert.match(await kubectl(['rollout', 'status', 'daemonset/agent']), /daemon set "agent" successfully rolled out/)
    assert.deepEqual(await nodes(), both)
    assert.equal(await kubectl([...pods, '-o', 'jsonpath={.items[*].spec.containers[0].env[0].value}']), '2 2')
    const seen = () => changesIn(watch.lines)
    while (seen().length < 6 && watch.exitCode() === undefined) await pause(50)
    await watch.stop()
    assert.deepEqual(seen(), ['made', 'made', 'ended', 'made', 'ended', 'made'], watch.lines.join('\n'))
  })

  it('Jobs: one Pod for each index, one that fails for good, and one made of a CronJob by hand, which goes with it', async () => {
    const namespace = await begin('jobs')
    const { kubectl } = namespace
    const job = (name: string, spec: object, script: string) => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name },
      spec: { ...spec, template: { spec: { restartPolicy: 'Never', ...running(script) } } },
    })
    await apply(namespace, job('indexed', { completions: 3, parallelism: 2, completionMode: 'Indexed' }, 'echo $JOB_COMPLETION_INDEX on $(hostname)'))
    await apply(namespace, job('failing', { backoffLimit: 0 }, 'exit 3'))
    await kubectl(['create', 'cronjob', 'yearly', `--image=${IMAGE}`, '--schedule=0 0 1 1 *', '--', 'echo', 'happy new year'])
    await kubectl(['create', 'job', 'early', '--from=cronjob/yearly'])
    await Promise.all([
      kubectl(['wait', '--for=condition=complete', 'job/indexed', 'job/early', '--timeout=90s']),
      kubectl(['wait', '--for=condition=failed', 'job/failing', '--timeout=90s']),
    ])
    assert.deepEqual((await kubectl(['logs', '-l', 'job-name=indexed'])).trim().split('\n').toSorted(), ['0 on indexed-0', '1 on indexed-1', '2 on indexed-2'])
    assert.equal(await kubectl(['logs', 'job/early']), 'happy new year\n')
    const shown = await kubectl(['get', 'jobs', '--no-headers'])
    for (const line of [/^indexed +Complete +3\/3 /m, /^failing +Failed +0\/1 /m, /^early +Complete +1\/1 /m]) assert.match(shown, line)
    assert.equal(await kubectl(['get', 'job', 'failing', '-o', 'jsonpath={.status.conditions[?(@.type=="Failed")].reason}']), 'BackoffLimitExceeded')
    await kubectl(['delete', 'cronjob', 'yearly'])
    await kubectl(['wait', '--for=delete', 'job/early', '--timeout=60s'])
    await kubectl(['wait', '--for=delete', 'pod', '-l', 'job-name=early', '--timeout=60s'])
  })

  it('kubectl drain waits for a disruption budget, and goes on when another Pod is ready elsewhere', async () => {
    const namespace = await begin('guarded')
    const { kubectl, pod, follow } = namespace
    const spec = { replicas: 1, ...labelled('guarded', running(ENDS_AT_ONCE)) }
    await apply(namespace, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec })
    await kubectl(['create', 'pdb', 'web', '--selector=app=guarded', '--min-available=1'])
    await kubectl(['rollout', 'status', 'deployment/web'])
    const [name, node] = (await kubectl(['get', 'pods', '-o', 'jsonpath={.items[0].metadata.name} {.items[0].spec.nodeName}'])).split(' ') as [string, string]

    // Only its own: the other cases have Pods on that node, too.
    const drain = follow(['drain', node, '--pod-selector=app=guarded'])
    try {
      const isBlocked = () => drain.errors.some(line => line.includes("Cannot evict pod as it would violate the pod's disruption budget."))
      while (!isBlocked() && drain.exitCode() === undefined) await pause(50)
      assert.ok(isBlocked(), drain.errors.join('\n'))
      const blocked = await pod(name)
      assert.ok(isReady(blocked) && !isDeleting(blocked!), 'it runs as if nothing were')
      assert.equal(await kubectl(['get', 'node', node, '-o', 'jsonpath={.spec.unschedulable}']), 'true')

      await kubectl(['scale', 'deployment/web', '--replicas=2'])
      while (drain.exitCode() === undefined) await pause(50)
      assert.deepEqual([drain.exitCode(), drain.lines.at(-1)], [0, `node/${node} drained`], drain.errors.join('\n'))
      assert.equal(await pod(name), undefined)
      await kubectl(['rollout', 'status', 'deployment/web'])
      const nodes = (await kubectl(['get', 'pods', '-o', 'jsonpath={.items[*].spec.nodeName}'])).split(' ')
      assert.ok(!nodes.includes(node), `they run on ${nodes.join(' and ')}`)
    } finally {
      await drain.stop()
      await kubectl(['uncordon', node])
    }
  })
})

const apply = ({ kubectl }: Namespace, object: object) => kubectl(['apply', '-f', '-'], JSON.stringify(object))

/** Pods that are made, and those that run no more, each once, in the order of the watch. */
function changesIn(lines: readonly string[]): ('made' | 'ended')[] {
  const changes: ('made' | 'ended')[] = []
  const ready = new Set<string>()
  for (const line of lines) {
    const [event, name = '', containers] = line.split(/ +/)
    if (event === 'ADDED') changes.push('made')
    else if (event === 'MODIFIED' && containers === '1/1') ready.add(name)
    else if (ready.delete(name)) changes.push('ended')
  }
  return changes
}
