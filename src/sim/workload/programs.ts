/** The servers and tools that images bring beside busybox. */
import type { HttpReply } from '../../base/network.ts'
import { DEFAULT_SETTINGS, parseWords, SERVER_PORT, SettingsError, type ServerSettings } from '../../base/server_settings.ts'
import type { SimulatedHttpRequest } from '../network.ts'
import { named } from './commands/system.ts'
import { normalized } from './files.ts'
import type { Process, Program } from './process.ts'
import { plainReply, serverProgram, type ServerManners } from './server.ts'

/** What an nginx image runs, and `nginx -s quit|stop|reload`, which talks to the one that runs. */
export const nginx: Program = async process => {
  const flag = process.args.indexOf('-s')
  if (flag > 0) {
    const main = named(process, 'nginx').find(other => other !== process && !other.args.includes('-s'))
    if (!main) {
      await process.complain('nginx: [error] open() "/var/run/nginx.pid" failed (2: No such file or directory)\n')
      return 1
    }
    const signal = ({ quit: 'QUIT', stop: 'TERM', reload: 'HUP' } as const)[process.args[flag + 1] ?? '']
    if (!signal) {
      await process.complain(`nginx: invalid option: "-s ${process.args[flag + 1] ?? ''}"\n`)
      return 1
    }
    process.guest.signal(main.pid, signal, 'inside')
    return 0
  }
  if (process.args.includes('-t')) return 0
  process.onSignal('HUP', () => {})
  return serverProgram({
    settings: { ...DEFAULT_SETTINGS, startMs: 30, ports: [80] },
    answer: fromFiles('/usr/share/nginx/html'),
    graceful: ['QUIT'],
    fast: ['TERM', 'INT'],
    portTaken: port => `nginx: [emerg] bind() to 0.0.0.0:${port} failed (98: Address in use)\n`,
  })(process)
}

/** Apache's. */
export const apache: Program = serverProgram({
  settings: { ...DEFAULT_SETTINGS, startMs: 30, ports: [80] },
  answer: fromFiles('/usr/local/apache2/htdocs'),
  graceful: ['WINCH'],
  fast: ['TERM', 'INT'],
  portTaken: port => `(98)Address in use: AH00072: make_sock: could not bind to address 0.0.0.0:${port}\n`,
})

/** busybox' small one: `httpd -f -p 8080 -h /www`. It knows no signals; as PID 1 it does not hear TERM. */
export const busyboxHttpd: Program = process => {
  const value = (flag: string) => process.args.find((_, i) => process.args[i - 1] === flag)
  const program = serverProgram({
    settings: { ...DEFAULT_SETTINGS, ports: [Number(value('-p')?.split(':').at(-1) ?? 80)] },
    answer: fromFiles(normalized(value('-h') ?? '.', process.cwd), { log: false }),
    graceful: [],
    fast: [],
    portTaken: () => 'httpd: bind: Address in use\n',
  })
  if (process.args.includes('-f')) return program(process)
  process.guest.spawn(program, { ...process, parent: 1 })
  return Promise.resolve(0)
}

/** What stands for a program we know nothing of: it serves, and stops as told. */
export function model(settings: ServerSettings, answer?: ServerManners['answer']): Program {
  const { term, stopSignals } = settings
  return serverProgram({
    settings,
    ...(answer && { answer }),
    graceful: term === 'drain' ? stopSignals : [],
    fast: term === 'fast' ? stopSignals : [],
    portTaken: port => `listen tcp :${port}: bind: address already in use\n`,
  })
}

/** The program of the image poise.dev/server, told by its arguments. */
export const server: Program = async process => {
  try {
    const settings = parseWords(process.args.slice(1), { ...DEFAULT_SETTINGS, ports: [SERVER_PORT] })
    return await model(settings, async ({ guest }) => plainReply(settings.status ?? 200, `${guest.hostname}\n`))(process)
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    await process.complain(`server: ${error.message}\n`)
    return 2
  }
}

/** Keeps memory and CPUs busy as told by -m/--vm, --vm-bytes, -c/--cpu and -t/--timeout (seconds). */
export const stressNg: Program = async process => {
  const value = (...names: string[]): string | undefined => {
    for (const [i, arg] of process.args.entries()) {
      for (const name of names) {
        if (arg === name) return process.args[i + 1]
        // `-m 1` and `-m1` as one argument are the same to getopt, and manifests write the first.
        if (arg.startsWith(name) && /^(=|\s*\d)/.test(arg.slice(name.length))) return arg.slice(name.length).replace(/^=/, '').trim()
      }
    }
    return undefined
  }
  const vm = Number(value('--vm', '-m') ?? 0)
  const cpu = Number(value('--cpu', '-c') ?? 0)
  await process.complain(`stress-ng: info:  [${process.pid}] dispatching hogs: ${cpu} cpu, ${vm} vm\n`)
  const bytes = /^(\d+)([kmg]?)/i.exec(value('--vm-bytes') ?? '256m')
  await process.sleep(STRESS_START_MS)
  process.cpus = vm + cpu
  process.memoryBytes += vm * Number(bytes?.[1] ?? 256) * { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }[(bytes?.[2] ?? '').toLowerCase() as '']
  process.guest.memoryChanged()
  for (const signal of ['TERM', 'INT'] as const) process.onSignal(signal, () => stop())
  let stop = () => {}
  const told = new Promise<void>(resolve => (stop = resolve))
  const seconds = Number.parseFloat(value('--timeout', '-t') ?? 'NaN')
  await process.wait(Promise.race([told, Number.isNaN(seconds) ? new Promise<void>(() => {}) : process.sleep(seconds * 1_000)]))
  await process.complain(`stress-ng: info:  [${process.pid}] successful run completed\n`)
  return 0
}

const STRESS_START_MS = 500

/** The sandbox's own program, should somebody run it as a container. */
export const pause: Program = process => {
  const told = new Promise<number>(resolve => {
    for (const signal of ['TERM', 'INT'] as const) process.onSignal(signal, () => resolve(0))
  })
  return process.wait(told)
}

function fromFiles(root: string, { log = true }: { log?: boolean } = {}) {
  return async (process: Process, request: SimulatedHttpRequest): Promise<HttpReply> => {
    const asked = normalized(decodeURI(request.path.split('?')[0]!))
    let path = `${root}${asked === '/' ? '' : asked}`
    if ((await process.guest.files.stat(path))?.kind === 'directory') path += '/index.html'
    const found = (await process.guest.files.stat(path))?.kind === 'file'
    const reply = found
      ? plainReply(200, await process.guest.files.read(path))
      : plainReply(404, '<html>\r\n<head><title>404 Not Found</title></head>\r\n</html>\r\n')
    if (!log) return { ...reply, headers: { ...reply.headers, 'content-type': 'text/html' } }
    const agent = request.headers.find(([name]) => name.toLowerCase() === 'user-agent')?.[1] ?? '-'
    await process.print(`- - - "${request.method} ${request.path} HTTP/1.1" ${reply.status} ${reply.body.length} "-" "${agent}" "-"\n`)
    return { ...reply, headers: { ...reply.headers, 'content-type': 'text/html' } }
  }
}
