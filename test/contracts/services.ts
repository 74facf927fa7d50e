/**
 * What Pods see of Services: names, balance, the way back to themselves, and what a readiness probe is good for. One
 * suite for the simulated network and for the kernel's.
 */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { Pod } from '../../src/api/kinds/pod.ts'
import { Service } from '../../src/api/kinds/service.ts'
import { isReady } from '../../src/api/pod.ts'
import { decodeText, type ByteSink } from '../../src/base/bytes.ts'
import type { Client, Draft } from '../../src/client/client.ts'

export interface ServiceSite {
  readonly client: Client
  /** For this scenario alone. */
  readonly namespace: string
  /** Waits for the promise, and lets time pass meanwhile where it does not by itself. */
  run<T>(promise: Promise<T>): Promise<T>
  pause(ms: number): Promise<void>
}

export interface ServiceRuntime {
  readonly name: string
  readonly skip?: string | undefined
  /** How many scenarios may go on at once. */
  readonly concurrency: number
  begin(scenario: string): Promise<ServiceSite>
  close(): Promise<void>
}

const POLL_MS = 100
const LIMIT_MS = 60_000

export function testServices({ name, skip, concurrency, begin, close }: ServiceRuntime): void {
  describe(`${name}: Services as Pods see them`, { skip: skip ?? false, concurrency }, () => {
    after(close)

    test('without a readiness probe requests go to a Pod that does not listen yet', async () => {
      const story = tell(await begin('unprobed'))
      await story.service('web', { ports: [{ port: 80, targetPort: 8080 }] })
      await story.ready('old', serving('old'))
      await story.ready('client', asking('web'))
      await story.until(async () => (await story.heard()).includes('old'))
      const before = (await story.heard()).length
      await story.ready('new', { command: sh(`until [ -f /tmp/go ]; do sleep 1; done; ${server('new')}`) })
      const since = async () => (await story.heard()).slice(before)
      await story.until(async () => (await since()).includes('refused'))
      await story.exec('new', 'touch /tmp/go')
      await story.until(async () => (await since()).includes('new'))
    })

    test('with a readiness probe none of them is lost', async () => {
      const story = tell(await begin('probed'))
      await story.service('web', { ports: [{ port: 80, targetPort: 8080 }] })
      await story.ready('old', serving('old'))
      await story.ready('client', asking('web'))
      await story.until(async () => (await story.heard()).includes('old'))
      const before = (await story.heard()).length
      await story.pod('new', {
        command: sh(`until [ -f /tmp/go ]; do sleep 1; done; ${server('new')}`),
        readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
      })
      await story.until(async () => (await story.get('new')).status.phase === 'Running')
      const asked = (await story.heard()).length
      await story.until(async () => (await story.heard()).length > asked + 10)
      await story.exec('new', 'touch /tmp/go')
      await story.until(async () => (await story.heard()).slice(before).includes('new'))
      const heard = (await story.heard()).slice(before)
      assert.deepEqual([...new Set(heard)].sort(), ['new', 'old'])
      assert.ok(heard.indexOf('new') > 10)
    })

    test('Pods of a headless Service reach each other by name', async () => {
      const story = tell(await begin('headless'))
      await story.service('peers', { clusterIP: 'None', ports: [{ port: 8080 }] })
      for (const peer of ['one', 'two']) await story.ready(peer, serving(peer), { hostname: peer, subdomain: 'peers' })
      for (const [from, to] of [
        ['one', 'two'],
        ['two', 'one'],
      ] as const)
        for (const host of [`${to}.peers`, `${to}.peers.${story.namespace}.svc.cluster.local`])
          await story.until(async () => (await story.fetch(from, `http://${host}:8080/`)) === to)
      assert.equal(await story.fetch('one', `http://three.peers:8080/`), 'failed')
    })

    test('a Pod reaches itself through its Service', async () => {
      const story = tell(await begin('hairpin'))
      await story.service('own', { ports: [{ port: 80, targetPort: 8080 }] })
      await story.ready('web', serving('web'))
      await story.until(async () => (await story.fetch('web', 'http://own/')) === 'web')
      for (let i = 0; i < 5; i++) assert.equal(await story.fetch('web', 'http://own/'), 'web')
    })

    test('requests are spread over the Pods; with affinity one client stays with one of them', async () => {
      const story = tell(await begin('affinity'))
      await story.service('spread', { ports: [{ port: 80, targetPort: 8080 }] })
      await story.service('sticky', { ports: [{ port: 80, targetPort: 8080 }], sessionAffinity: 'ClientIP' })
      for (const pod of ['one', 'two', 'three']) await story.ready(pod, serving(pod))
      await story.ready('client', { command: sh('sleep 36000') })
      await story.until(async () => (await story.fetch('client', 'http://sticky/')) !== 'failed')
      const answers = async (service: string) =>
        (await story.exec('client', `i=0; while [ $i -lt 30 ]; do ${wget(`http://${service}/`)}; i=$((i+1)); done`)).split('\n').filter(Boolean)
      await story.until(async () => new Set(await answers('spread')).size === 3)
      assert.equal(new Set(await answers('sticky')).size, 1)
    })
  })
}

const sh = (script: string): string[] => ['sh', '-c', script]
const server = (says: string): string => `mkdir -p /www; echo ${says} > /www/index.html; httpd -f -p 8080 -h /www`
const serving = (says: string) => ({ command: sh(server(says)) })
const wget = (url: string): string => `wget -q -O - ${url}`
/** Asks again and again, and keeps what it hears. */
const asking = (service: string) => ({
  command: sh(`while true; do ${wget(`http://${service}/`)} >> /tmp/heard 2>/dev/null || echo refused >> /tmp/heard; sleep 0.1; done`),
})

function collector(): { sink: ByteSink; text(): string } {
  const chunks: Uint8Array[] = []
  const sink = {
    write: async (bytes: Uint8Array) => void chunks.push(Uint8Array.from(bytes)),
    end: async () => {},
  }
  return { sink, text: () => decodeText(Buffer.concat(chunks)) }
}

function tell({ client, namespace, run, pause }: ServiceSite) {
  const get = (name: string) => run(client.get(Pod, { namespace, name }))
  const story = {
    namespace,
    get,
    async until(holds: () => Promise<boolean>) {
      for (let waitedMs = 0; waitedMs < LIMIT_MS; waitedMs += POLL_MS) {
        if (await holds()) return
        await pause(POLL_MS)
      }
      assert.fail(`it did not come about: ${holds.toString()}`)
    },
    service: (name: string, spec: object) =>
      run(client.create(Service, { metadata: { name, namespace }, spec: { selector: { app: 'web' }, ...spec } } as unknown as Draft<Service>)),
    /** Behind every Service of the scenario, unless it is the one that asks. */
    pod: (name: string, container: object, spec: object = {}): Promise<Pod> =>
      run(
        client.create(Pod, {
          metadata: { name, namespace, labels: name === 'client' ? {} : { app: 'web' } },
          spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image: 'busybox:1.28', ...container }], ...spec },
        } as unknown as Draft<Pod>),
      ),
    async ready(name: string, container: object, spec: object = {}): Promise<void> {
      await story.pod(name, container, spec)
      await story.until(async () => isReady(await get(name)))
    },
    /** What the command wrote, whatever its exit code. */
    async exec(pod: string, script: string): Promise<string> {
      const { sink: stdout, text } = collector()
      await run(
        client.exec(
          { namespace, name: pod },
          { container: 'main', command: sh(script) },
          { stdin: undefined, stdout, stderr: collector().sink, resize: undefined, signal: new AbortController().signal },
        ),
      )
      return text()
    },
    fetch: async (pod: string, url: string): Promise<string> => (await story.exec(pod, `${wget(url)} || echo failed`)).trim(),
    heard: async () => (await story.exec('client', 'cat /tmp/heard')).split('\n').filter(Boolean),
  }
  return story
}
