/**
 * The manifests of the four articles with stock kubectl and real containers. Where a manifest sleeps for a minute, this suite
 * shortens the sleep and the grace period and nothing else; manifests.long.test.ts runs them as printed.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createClock } from '../../src/host/clock.ts'
import { watchStandstill } from '../standstill.ts'
import {
  ask,
  conditionOf,
  event,
  indent,
  initStates,
  inOrder,
  isReady,
  lastWords,
  nginxHears,
  podOf,
  restartsOf,
  servesUntil,
  shortened,
  statusesIn,
} from './observe.ts'
import { manifest, reasonToSkip, startSite, type Namespace, type Site } from './site.ts'

const IMAGES = ['busybox', 'nginx', 'nginx:1.12-alpine', 'myapp:v1', 'ikubernetes/myapp:v2', 'ikubernetes/stress-ng']
const skip = (await reasonToSkip(IMAGES)) ?? false

describe("the articles' manifests on real containers", { skip, concurrency: 12 }, () => {
  let site: Site
  before(async () => {
    site = await startSite(IMAGES)
  })
  after(() => site?.close())
  const inNamespace = (name: string): Promise<Namespace> => site.inNamespace(name)

  // Those that wait for probes to fail come first: the others are done meanwhile.

  it('a2 makes a Pod ready when /tmp/healthy comes and unready when it goes', async () => {
    const namespace = await inNamespace('a2')
    const { kubectl, until } = namespace
    const container = `spec:\n  containers:\n  - name: app\n    image: busybox\n    command: ['sleep', '3600']\n${indent(await manifest('a2-readiness-exec.fragment'), 4)}\n`
    await kubectl(['apply', '-f', '-'], podOf('readiness-exec', container))
    await until('readiness-exec', pod => restartsOf(pod) === 0 && pod?.status.containerStatuses?.[0]?.state?.running !== undefined)
    await event(namespace, 'readiness-exec', /Unhealthy .*Readiness probe failed: cat: can't open '\/tmp\/healthy': No such file or directory/)
    assert.match(await kubectl(['get', 'pods', '--no-headers']), /^readiness-exec +0\/1 +Running/)
    await kubectl(['exec', 'readiness-exec', '--', 'touch', '/tmp/healthy'])
    await until('readiness-exec', isReady, 10)
    await kubectl(['exec', 'readiness-exec', '--', 'rm', '/tmp/healthy'])
    await until('readiness-exec', pod => !isReady(pod), 20)
    await kubectl(['delete', 'pod', 'readiness-exec', '--grace-period=1'])
  })

  it('b5 with its sleep shortened is restarted after three failures, and says so', async () => {
    const { kubectl, until } = await inNamespace('b5')
    await kubectl(['apply', '-f', '-'], shortened(await manifest('b5-liveness-exec')))
    const pod = await until('liveness-exec-demo', found => restartsOf(found) === 1, 50)
    assert.equal(pod?.status.containerStatuses?.[0]?.lastState?.terminated?.exitCode, 137)
    const events = await kubectl(['events'])
    assert.match(events, /Warning +Unhealthy +Pod\/liveness-exec-demo +Liveness probe failed:/)
    assert.match(events, /Normal +Killing +Pod\/liveness-exec-demo +Container liveness-exec-demo failed liveness probe, will be restarted/)
    await kubectl(['delete', 'pod', 'liveness-exec-demo', '--grace-period=1'])
  })

  it('b6 is restarted when its page is removed, and healthy again because postStart writes it anew', async () => {
    const { kubectl, until } = await inNamespace('b6')
    await kubectl(['apply', '-f', '-'], await manifest('b6-liveness-http'))
    await until('liveness-http-demo', isReady)
    const page = '/usr/share/nginx/html/healthz'
    assert.equal(await kubectl(['exec', 'liveness-http-demo', '--', 'cat', page]), 'Healthy\n')
    assert.match(
      await kubectl(['describe', 'pod', 'liveness-http-demo']),
      /Liveness: +http-get http:\/\/:http\/healthz delay=0s timeout=1s period=10s #success=1 #failure=3/,
    )
    await kubectl(['exec', 'liveness-http-demo', '--', 'rm', page])
    await until('liveness-http-demo', pod => restartsOf(pod) === 1 && isReady(pod), 45)
    assert.match(await kubectl(['events']), /Killing +Pod\/liveness-http-demo +Container liveness-http-demo failed liveness probe, will be restarted/)
    assert.match(await kubectl(['events']), /Unhealthy .*Liveness probe failed: HTTP probe failed with statuscode: 404/)
    assert.equal(await kubectl(['exec', 'liveness-http-demo', '--', 'cat', page]), 'Healthy\n')
    await kubectl(['delete', 'pod', 'liveness-http-demo'])
  })

  it('c4 with its sleep shortened runs the folded command, and its restarts grow', async () => {
    const { kubectl, until } = await inNamespace('default')
    await kubectl(['apply', '-f', '-'], shortened(await manifest('c4-liveness-exec')))
    const pod = await until('liveness-exec-pod', isReady)
    assert.equal(pod?.spec.containers[0]?.command?.[2], 'touch /tmp/live ; sleep 1; rm -rf /tmp/live; sleep 3600')
    await until('liveness-exec-pod', found => restartsOf(found) >= 2, 60)
    await kubectl(['delete', 'pod', 'liveness-exec-pod', '--grace-period=1'])
  })

  it('c6 is restarted while port 80 is closed, and not while it is open', async () => {
    const { kubectl, until } = await inNamespace('c6')
    await kubectl(['apply', '-f', '-'], await manifest('c6-liveness-tcp'))
    await until('probe-tcp', isReady)
    // A new container brings its own configuration again, so one restart is enough.
    await kubectl(['exec', 'probe-tcp', '--', 'sh', '-c', 'sed -i s/80/81/ /etc/nginx/conf.d/default.conf && nginx -s reload'])
    await until('probe-tcp', pod => restartsOf(pod) === 1 && isReady(pod), 50)
    assert.match(await kubectl(['events']), /Unhealthy .*Liveness probe failed: dial tcp 10\.\d+\.\d+\.\d+:80: connect: connection refused/)
    await new Promise(resolve => setTimeout(resolve, 12_000))
    assert.equal(restartsOf(await until('probe-tcp', isReady)), 1)
    await kubectl(['delete', 'pod', 'probe-tcp'])
  })

  it('c1 as printed passes from Init:0/2 over Init:1/2 to Running as the Services of c2, mended, come', async () => {
    const { kubectl, refused, follow, until } = await inNamespace('c1')
    const [c1, c2] = await Promise.all([manifest('c1-init-containers'), manifest('c2-services')])
    const [myservice, mydb] = c2.replace(/^ports:/m, '  ports:').split('---\n')
    const watch = follow(['get', 'pods', '--watch', '--no-headers'])
    await kubectl(['apply', '-f', '-'], c1)
    await until('myapp-pod', pod => initStates(pod)[0] === 'running')
    assert.match(
      await refused(['apply', '-f', '-'], c2),
      /^Error from server \(BadRequest\): error when creating "STDIN": Service in version "v1" cannot be handled as a Service: strict decoding error: unknown field "ports"$/m,
    )
    await kubectl(['delete', 'service', 'mydb'])
    assert.match(await refused(['apply', '--validate=false', '-f', '-'], c2), /^The Service "myservice" is invalid: spec\.ports: Required value$/m)
    await kubectl(['delete', 'service', 'mydb'])
    await kubectl(['apply', '-f', '-'], myservice)
    await until('myapp-pod', pod => initStates(pod)[1] === 'running')
    assert.match(
      await kubectl(['logs', 'myapp-pod', '-c', 'init-myservice']),
      /waiting for myservice\n(?:.*\n)*Name: +myservice\nAddress 1: 10\.\d+\.\d+\.\d+ myservice\.c1\.svc\.cluster\.local\n$/,
    )
    await kubectl(['apply', '-f', '-'], mydb)
    await until('myapp-pod', isReady)
    assert.equal(await kubectl(['logs', 'myapp-pod', '-c', 'myapp-container']), 'The app is running!\n')
    // The shell passes TERM on to nobody, so the grace period runs out; 2 s instead of 30.
    await kubectl(['delete', 'pod', 'myapp-pod', '--grace-period=2'])
    await watch.stop()
    assert.deepEqual(statusesIn(watch.lines), ['Pending', 'Init:0/2', 'Init:1/2', 'PodInitializing', 'Running', 'Terminating', 'Error'])
  })

  it("a1 waits for the fully qualified names, with the namespace read from the service account's files", async () => {
    const { kubectl, until } = await inNamespace('default')
    await kubectl(['apply', '-f', '-'], await manifest('a1-init-containers'))
    await until('myapp-pod', pod => initStates(pod)[0] === 'running')
    assert.match(await kubectl(['get', 'pod', 'myapp-pod']), /Init:0\/2/)
    await kubectl(['create', 'service', 'clusterip', 'myservice', '--tcp=80:9376'])
    await until('myapp-pod', pod => initStates(pod)[1] === 'running')
    assert.match(await kubectl(['get', 'pod', 'myapp-pod']), /Init:1\/2/)
    await kubectl(['create', 'service', 'clusterip', 'mydb', '--tcp=80:9377'])
    await until('myapp-pod', isReady)
    const inside = (...command: string[]) => kubectl(['exec', 'myapp-pod', '-c', 'myapp-container', '--', ...command])
    assert.equal(await inside('cat', '/var/run/secrets/kubernetes.io/serviceaccount/namespace'), 'default')
    const address = await kubectl(['get', 'service', 'myservice', '-o', 'jsonpath={.spec.clusterIP}'])
    assert.ok((await inside('nslookup', 'myservice.default.svc.cluster.local')).includes(`Address 1: ${address} myservice.default.svc.cluster.local`))
    await kubectl(['delete', 'pod/myapp-pod', 'service/myservice', 'service/mydb', '--grace-period=1'])
  })

  it('a3 is refused by the names of its mistakes; its gate holds the Pod back until the condition is set', async () => {
    const { kubectl, refused, until } = await inNamespace('a3')
    const fragment = await manifest('a3-readiness-gates.fragment')
    const withContainer = fragment.replace('spec:\n', 'spec:\n  containers:\n  - name: app\n    image: nginx\n')
    assert.match(await refused(['apply', '-f', '-'], fragment), /apiVersion not set, kind not set/)
    assert.match(await refused(['apply', '-f', '-'], podOf('gated', withContainer)), /strict decoding error: unknown field "Kind"/)
    await kubectl(['apply', '-f', '-'], podOf('gated', withContainer.replace('Kind: Pod\n', '')))
    await until('gated', pod => conditionOf(pod, 'ContainersReady') === 'True')
    assert.equal(conditionOf(await until('gated', pod => conditionOf(pod, 'Ready') !== undefined), 'Ready'), 'False')
    assert.match(
      await kubectl(['get', 'pod', 'gated', '-o', 'jsonpath={.status.conditions[?(@.type=="Ready")]}']),
      /"message":"corresponding condition of pod readiness gate \\"www\.example\.com\/feature-1\\" does not exist\."/,
    )
    assert.match(await kubectl(['get', 'pods', '-o', 'wide', '--no-headers']), / 0\/1\n$/)
    await kubectl(['patch', 'pod', 'gated', '--subresource=status', '-p', '{"status":{"conditions":[{"type":"www.example.com/feature-1","status":"True"}]}}'])
    await until('gated', isReady, 10)
    assert.match(await kubectl(['get', 'pods', '-o', 'wide', '--no-headers']), / 1\/1\n$/)
    await kubectl(['delete', 'pod', 'gated'])
  })

  it('a4 lets nginx quit by its hook, well within the grace period and without KILL', async () => {
    const { kubectl, until, follow } = await inNamespace('a4')
    await kubectl(['apply', '-f', '-'], await manifest('a4-prestop-nginx'))
    await until('lifecycle-demo', isReady)
    const logs = follow(['logs', '--follow', 'lifecycle-demo'])
    const end = follow([
      'get',
      'pod',
      'lifecycle-demo',
      '--watch',
      '-o',
      'jsonpath={.status.phase} {.status.containerStatuses[0].state.terminated.exitCode}{"\\n"}',
    ])
    // Without a probe it is ready before it has written down its pid, and the hook would find nothing to quit.
    await until('lifecycle-demo', () => end.lines.length > 0 && nginxHears(logs.lines))
    const begin = performance.now()
    await kubectl(['delete', 'pod', 'lifecycle-demo'])
    const tookMs = performance.now() - begin
    await Promise.all([logs.stop(), end.stop()])
    const story = async () => [...logs.lines, ...end.lines, await kubectl(['events'])].join('\n')
    assert.ok(tookMs < 25_000, `it took the grace period of 30 s: ${tookMs < 25_000 ? '' : await story()}`)
    assert.equal(end.lines.at(-1), 'Succeeded 0')
    assert.ok(
      logs.lines.some(line => /signal 3 \(SIGQUIT\) received from \d+, shutting down/.test(line)),
      logs.lines.join('\n'),
    )
    // The hook's own loop ends with the container it runs in.
    assert.match(await kubectl(['events']), /Warning +FailedPreStopHook +Pod\/lifecycle-demo +PreStopHook failed/)
  })

  it('a4 without the programs it calls reports FailedPreStopHook, and TERM follows', async () => {
    const { kubectl, until, follow } = await inNamespace('a4-missing')
    const text = (await manifest('a4-prestop-nginx'))
      .replace('image: nginx', 'image: nginx:1.12-alpine')
      .replace(/command: .*/, 'command: ["killall5000", "nginx"]')
    await kubectl(['apply', '-f', '-'], text)
    await until('lifecycle-demo', isReady)
    const logs = follow(['logs', '--follow', 'lifecycle-demo'])
    await until('lifecycle-demo', () => nginxHears(logs.lines))
    await kubectl(['delete', 'pod', 'lifecycle-demo'])
    await logs.stop()
    assert.match(await kubectl(['events']), /Warning +FailedPreStopHook +Pod\/lifecycle-demo +PreStopHook failed/)
    assert.ok(
      logs.lines.some(line => /signal 15 \(SIGTERM\) received/.test(line)),
      logs.lines.join('\n'),
    )
  })

  it('b2 lacks containers as printed; with them, its annotations can be seen and added to', async () => {
    const { kubectl, refused } = await inNamespace('b2')
    const b2 = await manifest('b2-annotations.fragment')
    assert.equal(await refused(['apply', '-f', '-'], b2), 'The Pod "pod-example" is invalid: spec.containers: Required value\n')
    await kubectl(['apply', '-f', '-'], `${b2}spec:\n  containers:\n  - name: myapp\n    image: ikubernetes/myapp:v2\n`)
    assert.equal(await kubectl(['annotate', 'pods', 'pod-example', 'created-by2=admin']), 'pod/pod-example annotated\n')
    assert.match(await kubectl(['describe', 'pods', 'pod-example']), /^Annotations: +created-by: cluster admin\n +created-by2: admin$/m)
    await kubectl(['delete', 'pod', 'pod-example'])
  })

  it('b4 stays in Init:0/1 for the ten seconds its init container sleeps', async () => {
    const { kubectl, follow, until } = await inNamespace('b4')
    const watch = follow(['get', 'pods', '--watch', '--no-headers'])
    const standstill = watchStandstill(createClock())
    await kubectl(['apply', '-f', '-'], podOf('myapp', await manifest('b4-init-container.fragment')))
    const pod = await until('myapp', isReady)
    const { startedAt = '', finishedAt = '' } = pod?.status.initContainerStatuses?.[0]?.state?.terminated ?? {}
    const seconds = (Date.parse(finishedAt ?? '') - Date.parse(startedAt ?? '')) / 1000
    const stood = standstill.stop() / 1000
    assert.ok(seconds >= 10 && seconds - stood <= 12, `it slept ${seconds} s, and the machine stood still for ${stood} of them`)
    const logs = follow(['logs', '--follow', 'myapp'])
    await until('myapp', () => nginxHears(logs.lines))
    await kubectl(['delete', 'pod', 'myapp'])
    await logs.stop()
    await watch.stop()
    assert.deepEqual(statusesIn(watch.lines), ['Pending', 'Init:0/1', 'PodInitializing', 'Running', 'Terminating', 'Completed'])
  })

  it('b8 is described with the defaults it leaves out', async () => {
    const { kubectl, until } = await inNamespace('b8')
    await kubectl(['apply', '-f', '-'], podOf('liveness-tcp-demo', await manifest('b8-liveness-tcp.fragment')))
    assert.match(await kubectl(['describe', 'pod', 'liveness-tcp-demo']), /^ +Liveness: +tcp-socket :80 delay=0s timeout=1s period=10s #success=1 #failure=3$/m)
    await until('liveness-tcp-demo', isReady)
    await kubectl(['delete', 'pod', 'liveness-tcp-demo'])
  })

  it('b10 is ready only when port 80 accepts', async () => {
    const namespace = await inNamespace('b10')
    const { kubectl, until } = namespace
    const b10 = await manifest('b10-readiness-tcp')
    await kubectl(['apply', '-f', '-'], b10)
    const late = b10
      .replace('name: readiness-tcp-demo\n', 'name: late\n')
      .replace(/^( +)(readinessProbe:)/m, '$1command: ["sh", "-c", "sleep 4; exec nginx -g \'daemon off;\'"]\n$1$2')
    await kubectl(['apply', '-f', '-'], late)
    await until('readiness-tcp-demo', isReady, 20)
    await event(namespace, 'late', /Unhealthy .*Readiness probe failed: dial tcp 10\.\d+\.\d+\.\d+:80: connect: connection refused/)
    assert.equal(isReady(await until('late', () => true)), false)
    const pod = await until('late', isReady, 20)
    assert.equal(await ask(pod!, '/'), 200)
    await kubectl(['delete', 'pod', '--all'])
  })

  it('b11 is Burstable and shows its load; with less memory than it needs it is killed and backs off', async () => {
    const { kubectl, refused, until } = await inNamespace('b11')
    const b11 = await manifest('b11-stress')
    await kubectl(['apply', '-f', '-'], b11)
    await until('stress-demo', isReady)
    assert.match(await kubectl(['describe', 'pod', 'stress-demo']), /^QoS Class: +Burstable$/m)
    assert.match(await kubectl(['exec', 'stress-demo', '--', 'top', '-b', '-n', '1']), /stress-ng-vm/)
    await kubectl(['delete', 'pod', 'stress-demo', '--grace-period=1'])
    const limited = (memory: string) => `${b11.trimEnd()}\n      limits:\n        memory: ${memory}\n`
    assert.equal(
      await refused(['apply', '-f', '-'], limited('64Mi')),
      'The Pod "stress-demo" is invalid: spec.containers[0].resources.requests: Invalid value: "128Mi": must be less than or equal to memory limit of 64Mi\n',
    )
    // So little that even the first process does not fit: stress-ng starts its workers again when they alone are killed.
    await kubectl(['apply', '-f', '-'], limited('12Mi').replace('128Mi', '8Mi'))
    await until('stress-demo', pod => pod?.status.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff')
    const pod = await until('stress-demo', found => restartsOf(found) === 2, 30)
    assert.deepEqual(
      pod?.status.containerStatuses?.map(({ lastState }) => [lastState?.terminated?.reason, lastState?.terminated?.exitCode]),
      [['OOMKilled', 137]],
    )
    assert.match(await kubectl(['events']), /Warning +BackOff .*Back-off restarting failed container stress-demo in pod stress-demo_b11\(/)
    await kubectl(['delete', 'pod', 'stress-demo', '--grace-period=1'])
  })

  it('c3 is 0/1 until index1.html is there', async () => {
    const namespace = await inNamespace('default')
    const { kubectl, until } = namespace
    await kubectl(['apply', '-f', '-'], await manifest('c3-readiness-http'))
    await event(namespace, 'readiness-httpget-pod', /Readiness probe failed: HTTP probe failed with statuscode: 404/)
    assert.match(await kubectl(['get', 'pod', 'readiness-httpget-pod', '--no-headers']), / 0\/1 +Running +0 /)
    await kubectl(['exec', 'readiness-httpget-pod', '--', 'sh', '-c', 'echo ready > /usr/share/nginx/html/index1.html'])
    await until('readiness-httpget-pod', isReady, 10)
    assert.match(await kubectl(['get', 'pod', 'readiness-httpget-pod', '--no-headers']), / 1\/1 +Running +0 /)
    await kubectl(['delete', 'pod', 'readiness-httpget-pod'])
  })

  it('c5 is refused with every field that stands in the wrong place, and nothing is created', async () => {
    const { kubectl, refused } = await inNamespace('default')
    const complaint = await refused(['apply', '-f', '-'], await manifest('c5-liveness-http'))
    const fields = ['httpGet', 'initialDelaySeconds', 'periodSeconds', 'timeoutSeconds'].map(field => `unknown field "spec.containers[0].${field}"`)
    assert.equal(
      complaint,
      `Error from server (BadRequest): error when creating "STDIN": Pod in version "v1" cannot be handled as a Pod: strict decoding error: ${fields.join(', ')}\n`,
    )
    assert.equal(await kubectl(['get', 'pod', 'liveness-httpget-pod', '--ignore-not-found']), '')
  })

  it('c7 runs postStart after the start and preStop before the stop signal', async () => {
    const { kubectl, until, follow } = await inNamespace('c7')
    const c7 = await manifest('c7-hooks')
    await kubectl(['apply', '-f', '-'], c7)
    await until('lifecycle-demo', isReady)
    assert.equal(await kubectl(['exec', 'lifecycle-demo', '--', 'cat', '/usr/share/message']), 'Hello from the postStart handler\n')
    await kubectl(['delete', 'pod', 'lifecycle-demo'])
    // The file goes with its container: where each hook's line stands is seen in the log.
    await kubectl(['apply', '-f', '-'], c7.replaceAll('/usr/share/message', '/proc/1/fd/1'))
    await until('lifecycle-demo', isReady)
    const logs = follow(['logs', '--follow', 'lifecycle-demo'])
    await until('lifecycle-demo', () => nginxHears(logs.lines))
    await kubectl(['delete', 'pod', 'lifecycle-demo'])
    await logs.stop()
    inOrder(logs.lines, [/Hello from the postStart handler/, /Hello from the poststop handler/, /signal 3 \(SIGQUIT\) received/])
    assert.doesNotMatch(await kubectl(['events']), /FailedP/)
  })

  it('d1 keeps a Pod serving for the five seconds its hook sleeps', async () => {
    const { kubectl, until } = await inNamespace('d1')
    await kubectl(
      ['apply', '-f', '-'],
      podOf('web', `spec:\n  containers:\n  - name: web\n    image: nginx\n${indent(await manifest('d1-prestop-sleep.fragment'), 4)}\n`),
    )
    const pod = await until('web', isReady)
    // Ready without a probe says nothing about listening.
    while ((await ask(pod!, '/')) !== 200) await new Promise(resolve => setTimeout(resolve, 50))
    // From before the deletion, however long kubectl takes to come back.
    const begin = performance.now()
    await kubectl(['delete', 'pod', 'web', '--wait=false'])
    await servesUntil(pod!, begin, 4500)
    await until('web', found => found === undefined, 10)
    assert.notEqual(await ask(pod!, '/'), 200)
  })

  it('d2 is refused for contaienrs; mended, the server is called before TERM', async () => {
    const { kubectl, refused } = await inNamespace('d2')
    const d2 = podOf('stopping', await manifest('d2-prestop-http.fragment'))
    assert.match(await refused(['apply', '-f', '-'], d2), /strict decoding error: unknown field "spec\.contaienrs"/)
    const serve = 'printf "server { listen 8080; location /stop { return 200; } }" > /etc/nginx/conf.d/stop.conf; exec nginx -g "daemon off;"'
    const logs = await lastWords(
      await inNamespace('d2-mended'),
      'stopping',
      d2
        .replace('contaienrs', 'containers')
        .replace(
          '- name: my-container\n',
          `- name: my-container\n    image: myapp:v1\n    command: ['sh', '-c', '${serve}']\n    readinessProbe: {tcpSocket: {port: 8080}}\n`,
        ),
    )
    inOrder(logs, [/"GET \/stop HTTP\/1\.1" 200 .*kube-lifecycle\//, /signal 15 \(SIGTERM\) received/])
    assert.equal(await kubectl(['get', 'pods']), '')
  })

  it('d3 is refused with the line of its full-width commas; mended, the script runs before TERM', async () => {
    const { refused } = await inNamespace('d3')
    const fragment = await manifest('d3-prestop-exec.fragment')
    assert.match(
      await refused(['apply', '-f', '-'], fragment),
      /^error: error parsing STDIN: error converting YAML to JSON: yaml: line 6: did not find expected ',' or '\]'$/m,
    )
    const app = `printf "#!/bin/sh\\necho stopping >/proc/1/fd/1\\n" > /pre-stop.sh; chmod +x /pre-stop.sh; trap "echo TERM; exit 0" TERM; echo up; while :; do sleep 0.1; done`
    const mended = podOf(
      'stopping',
      fragment
        .replaceAll('，', ', ')
        .replace('contaienrs', 'containers')
        .replace('- name: my-container\n', `- name: my-container\n    image: busybox\n    command: ['sh', '-c', '${app}']\n`),
    )
    inOrder(await lastWords(await inNamespace('d3-mended'), 'stopping', mended), [/^up$/, /^stopping$/, /^TERM$/])
  })
})
