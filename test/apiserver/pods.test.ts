import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Request, Response, Session } from '../../src/base/transport.ts'
import { podNamed, PODS, startServer } from './harness.ts'

const withNode = (name: string, node: string): object => podNamed(name, { spec: { nodeName: node, containers: [{ name: 'main', image: 'nginx' }] } })

describe('admission of Pods', () => {
  test('the token of the ServiceAccount is mounted into every container', async () => {
    const server = await startServer()
    const { spec } = (
      await server.post(PODS, podNamed('web', { spec: { initContainers: [{ name: 'init', image: 'i' }], containers: [{ name: 'main', image: 'i' }] } }))
    ).json
    const [volume] = spec.volumes
    assert.match(volume.name, /^kube-api-access-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
    assert.equal(volume.projected.defaultMode, 420)
    assert.deepEqual(volume.projected.sources, [
      { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
      { configMap: { items: [{ key: 'ca.crt', path: 'ca.crt' }], name: 'kube-root-ca.crt' } },
      { downwardAPI: { items: [{ fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' }, path: 'namespace' }] } },
    ])
    for (const container of [...spec.initContainers, ...spec.containers]) {
      assert.deepEqual(container.volumeMounts, [{ name: volume.name, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }])
    }
  })

  test('no token when the Pod or its account does not want one, and the Pod has the last word', async () => {
    const server = await startServer()
    const accounts = '/api/v1/namespaces/default/serviceaccounts'
    await server.post(accounts, { metadata: { name: 'quiet' }, automountServiceAccountToken: false, imagePullSecrets: [{ name: 'registry' }] })
    const make = async (name: string, spec: object) => (await server.post(PODS, podNamed(name, { spec: { ...podNamed(name).spec, ...spec } }))).json.spec
    assert.equal((await make('a', { automountServiceAccountToken: false })).volumes, undefined)
    const quiet = await make('b', { serviceAccountName: 'quiet' })
    assert.equal(quiet.volumes, undefined)
    assert.deepEqual(quiet.imagePullSecrets, [{ name: 'registry' }])
    assert.equal((await make('c', { serviceAccountName: 'quiet', automountServiceAccountToken: true })).volumes.length, 1)
  })

  test('the ServiceAccount must be there', async () => {
    const server = await startServer()
    const answer = await server.post('/api/v1/namespaces/kube-system/pods', podNamed('web'))
    assert.equal(answer.status, 403)
    assert.equal(answer.json.message, 'pods "web" is forbidden: error looking up service account kube-system/default: serviceaccount "default" not found')
  })

  test('priority comes from the class', async () => {
    const server = await startServer()
    const make = (name: string, spec: object) => server.post(PODS, podNamed(name, { spec: { ...podNamed(name).spec, ...spec } }))
    assert.equal((await make('a', { priorityClassName: 'system-node-critical' })).json.spec.priority, 2_000_001_000)
    assert.equal((await make('b', { priorityClassName: 'nope' })).json.message, 'pods "b" is forbidden: no PriorityClass with name nope was found')
    assert.equal((await make('c', { priority: 7 })).status, 403)
    await server.post('/apis/scheduling.k8s.io/v1/priorityclasses', { metadata: { name: 'usual' }, value: 10, globalDefault: true, preemptionPolicy: 'Never' })
    const usual = (await make('d', {})).json.spec
    assert.deepEqual([usual.priorityClassName, usual.priority, usual.preemptionPolicy], ['usual', 10, 'Never'])
  })

  test('a lost node is tolerated for five minutes unless the Pod says otherwise', async () => {
    const server = await startServer()
    const { tolerations } = (await server.post(PODS, podNamed('web'))).json.spec
    assert.deepEqual(
      tolerations,
      ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'].map(key => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 })),
    )
    const own = { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 }
    const kept = (await server.post(PODS, podNamed('own', { spec: { ...podNamed('own').spec, tolerations: [own] } }))).json.spec.tolerations
    assert.deepEqual(
      kept.map((one: any) => [one.key, one.tolerationSeconds]),
      [
        ['node.kubernetes.io/not-ready', 5],
        ['node.kubernetes.io/unreachable', 300],
      ],
    )
    const all = (await server.post(PODS, podNamed('all', { spec: { ...podNamed('all').spec, tolerations: [{ operator: 'Exists' }] } }))).json.spec.tolerations
    assert.equal(all.length, 1)
  })

  test('a new Node is tainted until it is ready', async () => {
    const server = await startServer()
    const { spec } = (await server.post('/api/v1/nodes', { metadata: { name: 'a' } })).json
    assert.deepEqual(spec.taints, [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }])
  })
})

describe('binding', () => {
  const bind = { target: { kind: 'Node', name: 'a' } }

  test('sets the node and the condition', async () => {
    const server = await startServer()
    await server.post(PODS, podNamed('web'))
    const answer = await server.post(`${PODS}/web/binding`, { ...bind, metadata: { annotations: { note: 'x' } } })
    assert.equal(answer.status, 201, answer.text)
    assert.deepEqual(answer.json, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 })
    const { spec, status, metadata } = (await server.get(`${PODS}/web`)).json
    assert.equal(spec.nodeName, 'a')
    assert.equal(metadata.annotations.note, 'x')
    const scheduled = status.conditions.find((one: any) => one.type === 'PodScheduled')
    assert.equal(scheduled.status, 'True')
    assert.equal(scheduled.lastTransitionTime, '2026-01-01T00:00:00Z')
  })

  test('twice is a conflict', async () => {
    const server = await startServer()
    await server.post(PODS, podNamed('web'))
    await server.post(`${PODS}/web/binding`, bind)
    const again = await server.post(`${PODS}/web/binding`, { target: { kind: 'Node', name: 'b' } })
    assert.equal(again.status, 409)
    assert.equal(again.json.message, 'Operation cannot be fulfilled on pods/binding "web": pod web is already assigned to node "a"')
  })

  test('not for a Pod that is going, gated, of another uid or gone; and to Nodes only', async () => {
    const server = await startServer()
    await server.post(PODS, podNamed('held', { metadata: { name: 'held', finalizers: ['example.com/hold'] } }))
    await server.delete(`${PODS}/held`)
    assert.match((await server.post(`${PODS}/held/binding`, bind)).json.message, /pod held is being deleted, cannot be assigned to a host/)
    await server.post(PODS, podNamed('gated', { spec: { ...podNamed('gated').spec, schedulingGates: [{ name: 'example.com/gate' }] } }))
    assert.match((await server.post(`${PODS}/gated/binding`, bind)).json.message, /pod gated has non-empty .spec.schedulingGates/)
    await server.post(PODS, podNamed('web'))
    assert.equal((await server.post(`${PODS}/web/binding`, { ...bind, metadata: { uid: 'other' } })).status, 409)
    assert.equal((await server.post(`${PODS}/none/binding`, bind)).status, 404)
    assert.equal((await server.post(`${PODS}/web/binding`, { target: { kind: 'Shelf', name: 'a' } })).status, 422)
    assert.equal((await server.post(`${PODS}/web/binding`, { target: { kind: 'Node' } })).status, 422)
  })
})

describe('eviction', () => {
  test('marks the Pod as disrupted and deletes it with its grace', async () => {
    const server = await startServer()
    await server.post(PODS, withNode('web', 'a'))
    const answer = await server.post(`${PODS}/web/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'web' } })
    assert.equal(answer.status, 201, answer.text)
    assert.equal(answer.json.status, 'Success')
    const { metadata, status } = (await server.get(`${PODS}/web`)).json
    assert.equal(metadata.deletionGracePeriodSeconds, 30)
    const target = status.conditions.find((one: any) => one.type === 'DisruptionTarget')
    assert.deepEqual([target.status, target.reason, target.message], ['True', 'EvictionByEvictionAPI', 'Eviction API: evicting'])
  })

  test('a dry run leaves it alone, a missing Pod is missing', async () => {
    const server = await startServer()
    await server.post(PODS, withNode('web', 'a'))
    assert.equal((await server.post(`${PODS}/web/eviction`, { metadata: { name: 'web' }, deleteOptions: { dryRun: ['All'] } })).status, 201)
    assert.equal((await server.get(`${PODS}/web`)).json.metadata.deletionTimestamp, undefined)
    assert.equal((await server.post(`${PODS}/none/eviction`, { metadata: { name: 'none' } })).status, 404)
    assert.equal((await server.post(`${PODS}/web/eviction`, { metadata: { name: 'other' } })).status, 400)
  })
})

describe('logs, exec, attach, port-forward', () => {
  const session: Session = {
    is: 'remoteCommand',
    options: { stdin: false, stdout: true, stderr: false, tty: false },
    run: async () => ({ is: 'exited', exitCode: 0 }),
  }

  async function withKubelet(answer: Response = { status: 200, headers: { 'content-type': 'text/plain' }, body: { is: 'session', session } }) {
    const asked: Request[] = []
    const server = await startServer({
      kubelets: node =>
        node === 'a'
          ? async request => {
              asked.push(request)
              return answer
            }
          : undefined,
    })
    await server.post(PODS, withNode('web', 'a'))
    await server.post(
      PODS,
      podNamed('two', {
        spec: {
          nodeName: 'a',
          initContainers: [{ name: 'i', image: 'x' }],
          containers: [
            { name: 'a', image: 'x' },
            { name: 'b', image: 'x' },
          ],
        },
      }),
    )
    await server.post(PODS, podNamed('unscheduled'))
    await server.post(PODS, withNode('lost', 'b'))
    return { server, asked }
  }

  test('the kubelet of the node is asked in its own words', async () => {
    const { server, asked } = await withKubelet()
    const exec = await server.ask('POST', `${PODS}/web/exec?command=ls&command=-l&stdout=true&stderr=1&stdin=false&container=main`)
    assert.equal(exec.response.body.is, 'session')
    assert.equal(asked[0]!.method, 'POST')
    assert.equal(asked[0]!.path, '/exec/default/web/main')
    assert.equal(asked[0]!.query.toString(), 'command=ls&command=-l&output=1&error=1')
    await server.get(`${PODS}/web/exec?command=sh&stdin=true&stdout=true&stderr=true&tty=true`)
    assert.equal(asked[1]!.query.toString(), 'command=sh&input=1&output=1&tty=1')
    await server.get(`${PODS}/web/attach?stdout=true`)
    assert.equal(asked[2]!.path, '/attach/default/web/main')
    await server.get(`${PODS}/web/portforward?ports=80`)
    assert.equal(asked[3]!.path, '/portForward/default/web')
    await server.get(`${PODS}/web/log?follow=true&tailLines=5&insecureSkipTLSVerifyBackend=true`)
    assert.equal(asked[4]!.method, 'GET')
    assert.equal(asked[4]!.path, '/containerLogs/default/web/main')
    assert.equal(asked[4]!.query.toString(), 'follow=true&tailLines=5')
  })

  test('the container must be chosen where there are several', async () => {
    const { server } = await withKubelet()
    const message = async (path: string) => {
      const answer = await server.get(path)
      assert.equal(answer.status, 400, path)
      return answer.json.message
    }
    assert.equal(await message(`${PODS}/two/log`), 'a container name must be specified for pod two, choose one of: [a b] or one of the init containers: [i]')
    assert.equal(await message(`${PODS}/two/log?container=x`), 'container x is not valid for pod two')
    assert.equal(await message(`${PODS}/unscheduled/exec?command=ls`), 'pod unscheduled does not have a host assigned')
    assert.equal((await server.get(`${PODS}/two/log?container=i`)).status, 200)
    assert.equal(await message(`${PODS}/web/exec`), 'you must specify at least one command for the container')
  })

  test('a Pod that has no node has no log, a node without a kubelet is an error, a missing Pod is missing', async () => {
    const { server } = await withKubelet()
    const none = await server.get(`${PODS}/unscheduled/log`)
    assert.equal(none.status, 200)
    assert.equal(none.response.body.is, 'none')
    const lost = await server.get(`${PODS}/lost/log`)
    assert.equal(lost.status, 500)
    assert.match(lost.json.message, /error dialing backend/)
    assert.equal((await server.get(`${PODS}/none/log`)).status, 404)
  })

  test('log options are checked', async () => {
    const { server } = await withKubelet()
    for (const [query, status, message] of [
      ['sinceSeconds=5&sinceTime=2026-01-01T00:00:00Z', 422, /at most one of `sinceTime` or `sinceSeconds` may be specified/],
      ['tailLines=-1', 422, /tailLines: Invalid value: -1: must be greater than or equal to 0/],
      ['limitBytes=0', 422, /limitBytes: Invalid value: 0: must be greater than 0/],
      ['tailLines=x', 400, /invalid syntax/],
      ['sinceTime=yesterday', 400, /yesterday/],
    ] as const) {
      const answer = await server.get(`${PODS}/web/log?${query}`)
      assert.equal(answer.status, status, query)
      assert.match(answer.json.message, message)
    }
  })
})

describe('other subresources', () => {
  test('ephemeral containers are added and never changed', async () => {
    const server = await startServer()
    await server.post(PODS, withNode('web', 'a'))
    const debug = { name: 'debug', image: 'busybox' }
    const added = await server.patch(`${PODS}/web/ephemeralcontainers`, 'strategic', { spec: { ephemeralContainers: [debug] } })
    assert.equal(added.status, 200, added.text)
    assert.equal(added.json.spec.ephemeralContainers[0].name, 'debug')
    const changed = await server.patch(`${PODS}/web/ephemeralcontainers`, 'strategic', { spec: { ephemeralContainers: [{ ...debug, image: 'other' }] } })
    assert.equal(changed.status, 422)
    assert.equal((await server.patch(`${PODS}/web`, 'strategic', { spec: { ephemeralContainers: [{ name: 'x', image: 'y' }] } })).status, 422)
  })

  test('the status of a Pod can be read by itself', async () => {
    const server = await startServer()
    await server.post(PODS, podNamed('web'))
    assert.equal((await server.get(`${PODS}/web/status`)).json.status.phase, 'Pending')
  })

  test('a spec that may not change names what may', async () => {
    const server = await startServer()
    await server.post(PODS, podNamed('web'))
    const answer = await server.patch(`${PODS}/web`, 'merge', { spec: { restartPolicy: 'Never' } })
    assert.equal(answer.status, 422)
    assert.match(answer.json.message, /^Pod "web" is invalid: spec: Forbidden: pod updates may not change fields other than `spec.containers\[\*\].image`/)
  })
})
