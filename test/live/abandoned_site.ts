/** A program that starts the site of a check, sends load there, tells what it has started, and waits to be killed. */
import { readdir, readFile } from 'node:fs/promises'
import { startRealSite } from '../../src/check/real_site.ts'
import { silentLog } from '../../src/base/log.ts'

const site = await startRealSite({ env: process.env, images: [], log: silentLog })
// Whether anybody answers is all the same.
const target = { namespace: 'default', service: 'kubernetes', port: 443, type: 'ClusterIP', clusterIP: '10.96.0.1' } as const
const entrance = await site.entranceTo(target)
await site.startLoad({ target, entrance, path: '/', ratePerSecond: 1, clients: ['new'], timeoutMs: 1_000 })

const own: number[] = []
for (const pid of await readdir('/proc')) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  if (status.includes(`\nPPid:\t${process.pid}\n`) && /conntrack|load_client/.test(command)) own.push(Number(pid))
}
console.log(JSON.stringify(own))
setInterval(() => {}, 60_000)
