/** Programs that use the Pod's network. */
import { NetworkError } from '../../../base/network.ts'
import type { Process, Program } from '../process.ts'
import { normalized } from '../files.ts'
import { complain } from './files.ts'

const TIMEOUT_MS = 5_000

export const networkPrograms: Readonly<Record<string, Program>> = {
  nslookup: async process => {
    const name = process.args.slice(1).find(arg => !arg.startsWith('-'))
    if (name === undefined) return complain(process, 'nslookup', 'missing operand')
    const server = process.args.slice(1).filter(arg => !arg.startsWith('-'))[1] ?? process.guest.nameServer
    await process.sleep(LOOKUP_MS)
    const addresses = await process.wait(process.guest.lookup(name))
    await process.print(`Server:\t\t${server}\nAddress:\t${server}:53\n\n`)
    if (addresses.length === 0) {
      await process.print(`** server can't find ${name}: NXDOMAIN\n\n`)
      return 1
    }
    await process.print(`${addresses.map(address => `Name:\t${name}\nAddress: ${address}\n`).join('')}\n`)
    return 0
  },
  wget: async process =>
    fetchUrl(process, 'wget', {
      toOutput: process.args.some((arg, i) => /^-\w*O-$/.test(arg) || (/^-\w*O$/.test(arg) && process.args[i + 1] === '-')),
      failOnStatus: true,
    }),
  curl: async process =>
    fetchUrl(process, 'curl', {
      toOutput: !process.args.some(arg => arg === '-o' || arg === '-O'),
      failOnStatus: process.args.some(arg => /^-\w*f/.test(arg) && !arg.startsWith('--')),
    }),
  nc: async process => {
    const operands = process.args.slice(1).filter((arg, i) => !arg.startsWith('-') && process.args[i] !== '-w')
    const [host = '', port = ''] = operands
    const address = await addressOf(process, host)
    if (address === undefined) return complain(process, 'nc', `bad address '${host}'`)
    try {
      await process.wait(process.guest.network.connect(address, Number(port), { timeoutMs: TIMEOUT_MS }))
      if (process.args.some(arg => /^-\w*v/.test(arg))) await process.complain(`${host} (${address}:${port}) open\n`)
      return 0
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error
      return complain(process, 'nc', `${host} (${address}:${port}): ${error.code === 'Refused' ? 'Connection refused' : 'Connection timed out'}`)
    }
  },
}

const LOOKUP_MS = 2

async function fetchUrl(process: Process, program: 'wget' | 'curl', { toOutput, failOnStatus }: { toOutput: boolean; failOnStatus: boolean }): Promise<number> {
  const url = process.args.slice(1).findLast(arg => /^(https?:\/\/|[\w.-]+(:\d+)?(\/|$))/.test(arg) && !arg.startsWith('-'))
  if (url === undefined) return complain(process, program, 'missing URL')
  const target = new URL(url.includes('://') ? url : `http://${url}`)
  const failure = (text: string, code: number) => complain(process, program, text).then(() => code)
  const address = await addressOf(process, target.hostname)
  if (address === undefined)
    return program === 'curl' ? failure(`(6) Could not resolve host: ${target.hostname}`, 6) : failure(`bad address '${target.host}'`, 1)
  const port = Number(target.port || (target.protocol === 'https:' ? 443 : 80))
  try {
    const reply = await process.wait(
      process.guest.network.http({
        scheme: target.protocol === 'https:' ? 'https' : 'http',
        host: address,
        port,
        path: `${target.pathname}${target.search}`,
        method: 'GET',
        headers: [
          ['Host', target.host],
          ['User-Agent', program === 'curl' ? 'curl/8.5.0' : 'Wget'],
        ],
        bodyBytesMax: 1_048_576,
        timeoutMs: TIMEOUT_MS,
      }),
    )
    if (failOnStatus && reply.status >= 400)
      return program === 'curl'
        ? failure(`(22) The requested URL returned error: ${reply.status}`, 22)
        : failure(`server returned error: HTTP/1.1 ${reply.status}`, 1)
    if (toOutput) await process.print(reply.body)
    else await process.wait(process.guest.files.write(normalized(target.pathname.split('/').at(-1) || 'index.html', process.cwd), reply.body))
    return 0
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error
    const refused = error.code === 'Refused'
    if (program === 'curl')
      return failure(refused ? `(7) Failed to connect to ${target.hostname} port ${port}: Connection refused` : `(28) Connection timed out`, refused ? 7 : 28)
    return failure(`can't connect to remote host (${address}): ${refused ? 'Connection refused' : 'Connection timed out'}`, 1)
  }
}

async function addressOf(process: Process, host: string): Promise<string | undefined> {
  if (/^[\d.]+$/.test(host) || host.includes(':') || host === 'localhost') return host
  return (await process.wait(process.guest.lookup(host)))[0]
}
