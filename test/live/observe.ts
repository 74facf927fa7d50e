/** What the suites on real containers make of manifests, and what they look for afterwards. */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import type { Pod } from '../../src/api/kinds/pod.ts'
import type { Namespace } from './site.ts'

/** What the Pod answers on its own address, as the machine's own clients see it; an error is an answer too. */
export function ask(pod: Pod, path: string, port = 80): Promise<number | string> {
  return new Promise(resolve => {
    const end = (answer: number | string) => {
      clearInterval(patience)
      resolve(answer)
    }
    const asked = request({ host: pod.status.podIP, port, path, agent: false }, response => {
      response.resume()
      end(response.statusCode ?? 0)
    })
    // A second of many parts: a machine that stands still, and the Pod with it, uses up one of them.
    let parts = 20
    const patience = setInterval(() => --parts === 0 && asked.destroy(new Error('timeout')), 50)
    asked.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
    asked.end()
  })
}

/** Goes on from `beginMs` for so long: what is answered later does not count. */
export async function servesUntil(pod: Pod, beginMs: number, forMs: number): Promise<void> {
  for (let answer: number | string = 200; ; answer = await ask(pod, '/')) {
    const passedMs = performance.now() - beginMs
    if (passedMs >= forMs) return
    assert.equal(answer, 200, `it stopped serving after ${passedMs} ms`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

export const isReady = (pod: Pod | undefined): boolean => conditionOf(pod, 'Ready') === 'True'

export const conditionOf = (pod: Pod | undefined, type: string): string | undefined =>
  pod?.status.conditions?.find(condition => condition.type === type)?.status

export const restartsOf = (pod: Pod | undefined): number => pod?.status.containerStatuses?.[0]?.restartCount ?? 0

/** From this line of its log on nginx hears signals; until then a first process is not even reached by them. */
export const nginxHears = (lines: readonly string[]): boolean => lines.some(line => line.includes('start worker process'))

/** A fragment as a Pod of this name, indented to where it belongs. */
export const podOf = (name: string, fragment: string): string => `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\n${fragment}`

export const indent = (text: string, spaces: number): string => text.trimEnd().replaceAll(/^/gm, ' '.repeat(spaces))

/** Only the length of the waiting: the first sleep, and how long the container has to end. */
export const shortened = (text: string): string => text.replace('sleep 60', 'sleep 1').replace(/^spec:$/m, 'spec:\n  terminationGracePeriodSeconds: 1')

export const initStates = (pod: Pod | undefined): (string | undefined)[] =>
  pod?.status.initContainerStatuses?.map(({ state }) => Object.keys(state ?? {})[0]) ?? []

/** What `kubectl get pods --watch` said the Pod was, each said once. */
export function statusesIn(lines: readonly string[]): string[] {
  const statuses = lines.map(line => line.split(/ +/)[2] ?? '')
  return statuses.filter((status, i) => status !== statuses[i - 1])
}

/** Waits until kubectl shows an event like this of the Pod. */
export async function event({ kubectl }: Namespace, pod: string, wanted: RegExp): Promise<void> {
  let seen = ''
  for (let round = 0; round < 20 && !wanted.test(seen); round++) {
    await new Promise(resolve => setTimeout(resolve, 500))
    seen = await kubectl(['events', '--for', `pod/${pod}`])
  }
  assert.match(seen, wanted)
}

/** Runs the Pod until it is ready, deletes it and returns its log to the end. */
export async function lastWords({ kubectl, follow, until }: Namespace, name: string, text: string): Promise<readonly string[]> {
  await kubectl(['apply', '-f', '-'], text)
  await until(name, isReady)
  const logs = follow(['logs', '--follow', name])
  await until(name, () => logs.lines.length > 0)
  await kubectl(['delete', 'pod', name])
  await logs.stop()
  return logs.lines
}

/** Lines like these, one after the other, with others between them. */
export function inOrder(lines: readonly string[], wanted: readonly RegExp[]): void {
  let at = -1
  for (const pattern of wanted) {
    at = lines.findIndex((line, i) => i > at && pattern.test(line))
    assert.ok(at >= 0, `${pattern} does not come in its turn:\n${lines.join('\n')}`)
  }
}
