/** The network of a Pod, for programs of the machine: what they see and reach there is what the Pod's own would. */
import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/** What a command line begins with, so that it runs in the network of the Pod. */
export async function inNetworkOf(podUid: string): Promise<readonly string[]> {
  return ['nsenter', `--net=/proc/${await processOf(podUid)}/ns/net`, '--']
}

/** One of the Pod's processes: all of them are in its network. */
async function processOf(podUid: string): Promise<string> {
  for (const pid of await readdir('/proc')) {
    if (/^\d+$/.test(pid) && (await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '')).includes(`pod${podUid}`)) return pid
  }
  throw new Error(`no process of the Pod ${podUid} was found`)
}

/** Runs JavaScript there; what it prints. Empty `within`: on the machine. */
export async function run(within: readonly string[], script: string): Promise<string> {
  const [program, ...args] = [...within, process.execPath, '-e', script]
  const { stdout } = await promisify(execFile)(program!, args)
  return stdout.trim()
}

/** The bodies of what is at the URLs, one after the other, or the codes of errors. */
export async function fetchIn(within: readonly string[], urls: readonly string[]): Promise<string[]> {
  const script = `(async () => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = 0
    const answers = []
    for (const url of ${JSON.stringify(urls)}) answers.push(await fetch(url, { headers: { connection: 'close' } }).then(r => r.text(), e => e.cause?.code ?? String(e)))
    console.log(JSON.stringify(answers.map(answer => answer.trim())))
  })()`
  return JSON.parse(await run(within, script)) as string[]
}
