/** What the words of base/server_settings.ts mean: one suite for the real server and for the simulated one. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

export interface ServerSubject {
  readonly name: string
  /** How many stories may go on at once. */
  readonly concurrency: number
  begin(): Promise<ServerSite>
}

export interface ServerSite {
  /** Resolves when the process runs. */
  start(...words: readonly string[]): Promise<RunningServer>
  pause(ms: number): Promise<void>
  now(): number
  /** Waits for it, and lets time pass meanwhile where it does not by itself. */
  run<T>(promise: Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface RunningServer {
  /** On a connection of its own: the status, `refused`, or `lost`. */
  ask(path?: string): Promise<string>
  open(): Promise<KeptConnection>
  signal(signal: 'TERM' | 'QUIT'): Promise<void>
  readonly exited: Promise<number>
  /** What it has complained of. */
  complaint(): Promise<string>
}

export interface KeptConnection {
  /** As `ask` of the server; `200, last` when the answer says that the connection is closed with it. */
  ask(): Promise<string>
  readonly closed: Promise<void>
}

export function testServerWords({ name, concurrency, begin }: ServerSubject): void {
  describe(`${name} server`, { concurrency }, () => {
    const story = (title: string, tell: (site: ServerSite, until: (server: RunningServer, wanted: string, path?: string) => Promise<void>) => Promise<void>) =>
      void test(title, async () => {
        const site = await begin()
        const until = async (server: RunningServer, wanted: string, path?: string) => {
          while ((await site.run(server.ask(path))) !== wanted) await site.pause(POLL_MS)
        }
        try {
          await tell(site, until)
        } finally {
          await site.close()
        }
      })

    story('start= it refuses until it listens, and then answers', async ({ start, run, now }, until) => {
      const began = now()
      const server = await start('start=2s')
      assert.equal(await run(server.ask()), 'refused')
      await until(server, '200')
      assert.ok(now() - began >= 1_999)
    })

    story('status= is what it answers', async ({ start }, until) => until(await start('status=418'), '418'))

    story('answer= so long does a request take', async ({ start, run, now }, until) => {
      const server = await start('answer=200ms-300ms', 'health=/health')
      await until(server, '200', '/health')
      const began = now()
      assert.equal(await run(server.ask()), '200')
      assert.ok(now() - began >= 199, `${now() - began} ms`)
    })

    story('warm= it answers 503 for a while, and only its health path says that it is well', async ({ start, run }, until) => {
      const cold = await start('warm=1h', 'health=/health')
      await until(cold, '503')
      assert.equal(await run(cold.ask('/health?full')), '200')
    })

    story('warm= is over when it is', async ({ start }, until) => until(await start('warm=500ms'), '200'))

    story('tires= after so many answers only its health path says that it is not well', async ({ start, run }, until) => {
      const server = await start('tires=3', 'health=/health')
      await until(server, '200')
      assert.equal(await run(server.ask('/health')), '200')
      for (let more = 0; more < 2; more++) assert.equal(await run(server.ask()), '200')
      assert.equal(await run(server.ask('/health')), '503')
      assert.equal(await run(server.ask()), '200')
    })

    story('term=drain closes the port, finishes what was begun, and closes what is idle', async ({ start, run, pause }, until) => {
      const server = await start('answer=4s', 'health=/health', 'exit=3')
      await until(server, '200', '/health')
      const [idle, busy] = [await run(server.open()), await run(server.open())]
      const answer = busy.ask()
      await pause(UNDER_WAY_MS)
      await server.signal('TERM')
      await run(idle.closed)
      assert.equal(await run(server.ask()), 'refused')
      assert.equal(await run(answer), '200, last')
      assert.equal(await run(server.exited), 3)
    })

    story('drain= a kept connection gets one more answer, which says that it is the last', async ({ start, run }, until) => {
      const server = await start('drain=1h')
      await until(server, '200')
      const kept = await run(server.open())
      assert.equal(await run(kept.ask()), '200')
      await server.signal('TERM')
      await until(server, 'refused')
      assert.equal(await run(kept.ask()), '200, last')
      await run(kept.closed)
    })

    story('drain= over, the idle connections are closed, and it exits', async ({ start, run }, until) => {
      const server = await start('drain=300ms')
      await until(server, '200')
      const silent = await run(server.open())
      await server.signal('TERM')
      await run(silent.closed)
      assert.equal(await run(server.exited), 0)
    })

    story('term=fast exits at once, and what it had begun is lost', async ({ start, run, pause }, until) => {
      const server = await start('answer=1h', 'health=/health', 'term=fast', 'exit=4')
      await until(server, '200', '/health')
      const answer = server.ask()
      await pause(UNDER_WAY_MS)
      await server.signal('TERM')
      assert.equal(await run(answer), 'lost')
      assert.equal(await run(server.exited), 4)
    })

    story('term=ignore goes on as if nothing had been said', async ({ start, run, pause }, until) => {
      const server = await start('term=ignore')
      await until(server, '200')
      await server.signal('TERM')
      await pause(300)
      assert.equal(await run(server.ask()), '200')
    })

    story('stop= is the signal it obeys', async ({ start, run }, until) => {
      const server = await start('stop=QUIT', 'exit=5')
      await until(server, '200')
      await server.signal('QUIT')
      assert.equal(await run(server.exited), 5)
    })

    story('after= it exits by itself', async ({ start, run, now }) => {
      const began = now()
      const server = await start('after=500ms', 'exit=6')
      assert.equal(await run(server.exited), 6)
      assert.ok(now() - began >= 499)
    })

    story('idle= a connection on which nothing more is asked is closed', async ({ start, run }, until) => {
      const server = await start('idle=200ms')
      await until(server, '200')
      const silent = await run(server.open())
      assert.equal(await run(silent.ask()), '200')
      await run(silent.closed)
    })

    story('a word that is none ends it, with the reason', async ({ start, run }) => {
      const server = await start('start=soon')
      assert.equal(await run(server.exited), 2)
      assert.equal(await run(server.complaint()), 'server: start=soon: must be a duration such as 300ms, 2s or 1m\n')
    })
  })
}

const POLL_MS = 20
/** By then a request has reached the server, and the four seconds it takes are not over. */
const UNDER_WAY_MS = 1_000
