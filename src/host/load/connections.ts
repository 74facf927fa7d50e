/**
 * Where connections to a Service went, as the kernel that chose has noted it: its table of connections is followed, in the
 * network whose rules decide.
 */
import { spawn } from 'node:child_process'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'

export interface PodEnd {
  readonly address: string
  readonly port: number
}

export interface FollowedConnections {
  /** Where the connection from this port of the client's went. It is told once: the port may be used again. */
  take(localPort: number): PodEnd | undefined
  /** What could not be followed, in sentences. */
  problems(): Promise<readonly string[]>
  stop(): Promise<void>
}

export interface FollowOptions {
  /** What a command line begins with, so that it runs in that network. */
  readonly inNetwork: readonly string[]
  readonly address: string
  readonly port: number
}

/** What the kernel may hold back for us while we are busy: some 50,000 connections. */
const BUFFER_BYTES = 16 * 1024 * 1024
const READY_MS = 5_000
const POLL_MS = 5

/** Resolves when it follows. Rejects with a sentence where this machine cannot. */
export async function followConnections({ inNetwork, address, port }: FollowOptions): Promise<FollowedConnections> {
  const filter = ['-E', '-p', 'tcp', '-e', 'NEW', '--orig-dst', address, '--orig-port-dst', String(port), '-b', String(BUFFER_BYTES)]
  // It ends with us, even when we are killed.
  const [program, ...args] = [...inNetwork, 'setpriv', '--pdeathsig', 'KILL', 'conntrack', ...filter]
  const conntrack = spawn(program!, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const targets = new Map<number, PodEnd>()
  let [said, isStopped] = ['', false]
  let endedEarly: string | undefined
  conntrack.stderr.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-1_000)))
  createInterface(conntrack.stdout).on('line', line => {
    const found = targetIn(line)
    if (found) targets.set(found.localPort, found.target)
  })
  const ended = new Promise<void>(resolve => {
    const end = (why: string) => {
      if (!isStopped) endedEarly = why
      resolve()
    }
    conntrack.once('error', error => end(String(error)))
    conntrack.once('close', code => end(said.trim() || `conntrack ended with code ${code}`))
  })
  const stop = async () => {
    isStopped = true
    conntrack.kill()
    await ended
  }

  for (const deadline = performance.now() + READY_MS; (await subscription(conntrack.pid)) === undefined;) {
    if (endedEarly !== undefined) throw new Error(sentenceOf(endedEarly))
    if (performance.now() > deadline) {
      await stop()
      throw new Error(sentenceOf('conntrack does not begin'))
    }
    await pause(POLL_MS)
  }
  return {
    take(localPort) {
      const target = targets.get(localPort)
      targets.delete(localPort)
      return target
    },
    async problems() {
      const { dropped = 0 } = (await subscription(conntrack.pid)) ?? {}
      return [
        ...(endedEarly === undefined ? [] : [sentenceOf(endedEarly)]),
        ...(dropped === 0 ? [] : [`The kernel told of ${dropped} connections that nobody had time to note: which Pod they went to is not known`]),
      ]
    },
    stop,
  }
}

const sentenceOf = (why: string) =>
  /failed to execute|ENOENT|No such file/.test(why)
    ? 'Which Pod a connection went to is not known, because the program conntrack is not installed. Next: apt-get install conntrack'
    : `Which Pod a connection went to is not known: ${why}`

/** `[NEW] tcp 6 120 SYN_SENT src=client dst=service sport=10001 dport=80 [UNREPLIED] src=pod dst=client sport=8080 dport=10001` */
export function targetIn(line: string): { readonly localPort: number; readonly target: PodEnd } | undefined {
  const [, localPort, address, port] = /^\s*\[NEW\].*? sport=(\d+) dport=\d+ .*?src=(\S+) dst=\S+ sport=(\d+) /.exec(line) ?? []
  return address === undefined ? undefined : { localPort: Number(localPort), target: { address, port: Number(port) } }
}

const NETLINK_NETFILTER = '12'

/** What the kernel says of the program's own socket: undefined as long as it does not listen for connections. */
async function subscription(pid: number | undefined): Promise<{ readonly dropped: number } | undefined> {
  if (pid === undefined) return undefined
  const files = `/proc/${pid}/fd`
  const names = await readdir(files).catch(() => [])
  const own = await Promise.all(names.map(name => readlink(join(files, name)).catch(() => '')))
  const table = await readFile(`/proc/${pid}/net/netlink`, 'utf8').catch(() => '')
  for (const line of table.split('\n')) {
    const [, protocol, , groups, , , , , drops, inode] = line.trim().split(/\s+/)
    if (protocol === NETLINK_NETFILTER && Number.parseInt(groups!, 16) !== 0 && own.includes(`socket:[${inode}]`)) return { dropped: Number(drops) }
  }
  return undefined
}
