/** `kubectl debug`, and a container that writes faster than its log may grow. They run in the cluster of conformance_node.test.ts. */
import assert from 'node:assert/strict'
import { readFile, readlink } from 'node:fs/promises'
import { it } from 'node:test'
import type { Pod } from '../../src/api/kinds/pod.ts'
import { isReady } from './observe.ts'
import type { Namespace, Site } from './site.ts'
import { openWebSocket } from './web_socket.ts'

const BUSYBOX = 'busybox:1.28'

/** Says who runs here and what the first of them has in its root directory, and goes on. */
const LOOK = 'ps -o pid,args; cat /proc/1/root/marker; echo looked; sleep 600'

/** `place` is asked once the cluster is there. */
export function debugAndLogs(place: () => { readonly site: Site; readonly namespace: Namespace }): void {
  const create = (name: string, script: string) =>
    place().namespace.kubectl(
      ['apply', '-f', '-'],
      JSON.stringify({
        kind: 'Pod',
        apiVersion: 'v1',
        metadata: { name },
        spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: BUSYBOX, command: ['sh', '-c', script] }] },
      }),
    )
  const said = async (pod: string, container: string, pattern: RegExp): Promise<string> => {
    const { site, namespace } = place()
    let text = ''
    for (let round = 0; round < 100 && !pattern.test(text); round++) {
      await new Promise(resolve => setTimeout(resolve, 200))
      text = (await site.kubectl(['-n', namespace.name, 'logs', pod, '-c', container])).stdout
    }
    assert.match(text, pattern)
    return text
  }

  it('a log that grows fast is rotated; whoever follows sees every line once, and logs shows the newest file', async () => {
    const { namespace } = place()
    const [bursts, lines] = [6, 60_000]
    const burst = `awk -v n=$n 'BEGIN { for (i = 1; i <= ${lines}; i++) print (n * ${lines} + i) " ${'x'.repeat(60)}" }'`
    // It goes on slowly, so that a file that has just begun is not empty for long.
    await create('fast', `n=0; while [ $n -lt ${bursts} ]; do ${burst}; n=$((n + 1)); sleep 2; done; while true; do echo finished; sleep 1; done`)
    await namespace.until('fast', isReady, 60)
    const following = namespace.follow(['logs', '--follow', 'fast'])
    await namespace.until('fast', () => following.lines.at(-1) === 'finished', 110)
    await following.stop()
    const numbers = following.lines.filter(line => line !== 'finished').map(line => Number(line.split(' ', 1)[0]))
    const wrong = numbers.findIndex((number, index) => number !== index + 1)
    assert.deepEqual([wrong, numbers.length], [-1, bursts * lines], numbers.slice(Math.max(0, wrong - 2), wrong + 3).join(' '))

    let shown = ''
    for (let round = 0; round < 30 && (!shown.endsWith('finished\n') || shown.startsWith('1 ')); round++) {
      await new Promise(resolve => setTimeout(resolve, 1000))
      shown = await namespace.kubectl(['logs', 'fast'])
    }
    assert.doesNotMatch(shown, /^1 /, 'the first lines are in a file that was moved aside')
    assert.match(shown, /finished\n$/)
    assert.match(await namespace.kubectl(['logs', 'fast', '--tail=1']), /^(finished\n)?$/)
    await namespace.kubectl(['delete', 'pod', 'fast', '--grace-period=1'])
  })

  it('debug --target puts the new container into the namespace of the processes of its target, and no other', async () => {
    const { namespace } = place()
    await create('target', 'echo here > /marker; exec sleep 12345')
    await namespace.until('target', isReady, 60)
    const debug = (name: string, ...more: string[]) =>
      namespace.kubectl(['debug', 'target', `--image=${BUSYBOX}`, '--profile=general', '-c', name, ...more, '--', 'sh', '-c', LOOK])
    await debug('inside', '--target=main')
    await debug('beside')
    const inside = await said('target', 'inside', /looked/)
    assert.match(inside, /^ *1 sleep 12345$/m)
    assert.match(inside, /^here$/m, 'with the right to trace it its files can be read')
    const beside = await said('target', 'beside', /looked/)
    assert.doesNotMatch(beside, /12345/)
    const pod = await namespace.pod('target')
    assert.deepEqual([isReady(pod), pod?.status.containerStatuses?.[0]?.restartCount], [true, 0])
    await namespace.kubectl(['delete', 'pod', 'target', '--grace-period=1'])
  })

  it('debug --copy-to makes another Pod, with a container beside the old ones or another command in them', async () => {
    const { namespace } = place()
    await create('original', 'echo here > /marker; exec sleep 12345')
    await namespace.until('original', isReady, 60)
    await namespace.kubectl([
      'debug',
      'original',
      '--copy-to=shared',
      '--share-processes',
      `--image=${BUSYBOX}`,
      '-c',
      'dbg',
      '--',
      'sh',
      '-c',
      'sleep 2; ps -o pid,args; echo looked; sleep 600',
    ])
    await namespace.kubectl(['debug', 'original', '--copy-to=changed', '--container=main', '--', 'sh', '-c', 'echo another command; sleep 600'])
    const processes = await said('shared', 'dbg', /looked/)
    assert.match(processes, /^ *([2-9]|\d\d+) sleep 12345$/m, 'the first is the sandbox, which all share')
    assert.equal(await said('changed', 'main', /command/), 'another command\n')
    assert.equal(isReady(await namespace.pod('original')), true)
    await namespace.kubectl(['delete', 'pod', 'original', 'shared', 'changed', '--grace-period=1'])
  })

  it('debug node/… sees the machine: its files, its processes, its network', async () => {
    const { namespace } = place()
    const node = (await namespace.kubectl(['get', 'nodes', '-o', 'name'])).trim()
    const output = await namespace.kubectl([
      'debug',
      node,
      `--image=${BUSYBOX}`,
      '--',
      'sh',
      '-c',
      'cat /host/etc/os-release; for kind in net pid ipc; do readlink /proc/self/ns/$kind; done',
    ])
    const name = /debugging pod (\S+)/.exec(output)![1]!
    await namespace.until(name, (pod: Pod | undefined) => pod?.status.phase === 'Succeeded', 60)
    const text = await namespace.kubectl(['logs', name])
    const namespaces = await Promise.all(['net', 'pid', 'ipc'].map(kind => readlink(`/proc/self/ns/${kind}`)))
    assert.equal(text, `${await readFile('/etc/os-release', 'utf8')}${namespaces.join('\n')}\n`)
    const pod = await namespace.pod(name)
    assert.deepEqual([pod?.spec.hostNetwork, pod?.spec.hostPID, pod?.spec.hostIPC], [true, true, true])
    await namespace.kubectl(['delete', 'pod', name, '--grace-period=1'])
  })

  it('what is no text comes out of logs byte for byte', async () => {
    const { site, namespace } = place()
    await create('noise', 'i=0; while [ $i -lt 256 ]; do printf "\\\\$(printf %o $i)"; i=$((i + 1)); done; echo; echo done; sleep 600')
    await said('noise', 'main', /done/)
    const { messages } = await openWebSocket(site.kubeconfig, `/api/v1/namespaces/${namespace.name}/pods/noise/log`, ['binary.k8s.io'])
    assert.deepEqual(Buffer.concat(messages), Buffer.concat([Buffer.from(Array.from({ length: 256 }, (_, i) => i)), Buffer.from('\ndone\n')]))
    await namespace.kubectl(['delete', 'pod', 'noise', '--grace-period=1'])
  })
}
