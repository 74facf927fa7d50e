/** `poise up --detach`: the same command without it, in a process of its own that writes to the cluster's log. */
import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, statSync } from 'node:fs'
import { Node } from '../api/kinds/node.ts'
import { readClusterRecord } from '../host/cluster_record.ts'
import { clusterDirectories, type ClusterDirectories } from '../host/directories.ts'
import { connectFromKubeconfig } from './connection.ts'
import type { Cli } from './main.ts'
import { UserError } from './output.ts'
import { tellPressures } from './pressure.ts'
import { describeNodes, refuseSecond, type UpOptions } from './start.ts'
import { makeStateDirectory } from './state_directory.ts'

/** From the start of the process until its API answers, with a containerd that starts for the first time. */
const START_MS = 45_000
const POLL_MS = 20

export async function detach(cli: Cli, options: UpOptions): Promise<void> {
  const { output, env } = cli
  const directories = clusterDirectories(env, options.name)
  await refuseSecond(directories, options.name)
  const log = await openLog(directories)
  const done = output.step(`Starting cluster "${options.name}"`)
  const words = process.argv.slice(1).filter(word => word !== '--detach')
  const child = spawn(process.execPath, [...process.execArgv, ...words, '--wait', '0s'], { detached: true, stdio: ['ignore', log.descriptor, log.descriptor] })
  closeSync(log.descriptor)
  let hasEnded = false
  child.on('error', () => (hasEnded = true)).on('exit', () => (hasEnded = true))
  child.unref()
  for (const deadline = performance.now() + START_MS; ;) {
    const found = await readClusterRecord(directories.record)
    if (found?.running && found.record.pid === child.pid) break
    if (hasEnded || performance.now() > deadline) {
      done('failed')
      if (!hasEnded) child.kill('SIGTERM')
      throw whyNot(options.name, directories.log, readFileSync(directories.log).subarray(log.size).toString('utf8'))
    }
    await pause()
  }
  done()
  await waitForNodes(cli, directories, options)
}

async function openLog({ root, log }: ClusterDirectories): Promise<{ descriptor: number; size: number }> {
  await makeStateDirectory(root)
  return { descriptor: openSync(log, 'a', 0o600), size: statSync(log).size }
}

/** The child said it in the words of its own error, at the end of its log. */
function whyNot(name: string, log: string, written: string): UserError {
  const lines = written.trimEnd().split('\n')
  const at = lines.findLastIndex(line => line.startsWith('error: '))
  if (at < 0) return new UserError(`the cluster "${name}" did not start: ${lines.at(-1) || 'it said nothing'}`, { next: `Its log: ${log}` })
  return new UserError(lines[at]!.slice('error: '.length), { next: lines.slice(at + 1).join('\n') || `Its log: ${log}` })
}

async function waitForNodes({ output }: Cli, directories: ClusterDirectories, { name, waitMs }: UpOptions): Promise<void> {
  if (waitMs === 0) return
  const { client, close } = await connectFromKubeconfig(directories.kubeconfig)
  const names = (await readClusterRecord(directories.record))?.record.nodes ?? []
  const what = describeNodes(names)
  const done = output.step(`Waiting for ${what} to be Ready`)
  try {
    for (const deadline = performance.now() + waitMs; ;) {
      const { items } = await client.list(Node).catch(() => ({ items: [] }))
      const ready = items.filter(node => node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'))
      if (names.every(expected => ready.some(({ metadata }) => metadata.name === expected))) break
      const found = await readClusterRecord(directories.record)
      if (!found?.running || performance.now() > deadline) {
        done('failed')
        throw new UserError(
          found?.running
            ? `${what} ${names.length === 1 ? 'was' : 'were'} not Ready within ${waitMs / 1000} s`
            : `the cluster "${name}" ended while it was starting`,
          {
            next: `See why in the cluster's log: ${directories.log}`,
          },
        )
      }
      await pause()
    }
    done()
    await tellPressures(output, client, directories.root)
  } finally {
    close()
  }
}

const pause = () => new Promise<void>(resolve => setTimeout(resolve, POLL_MS))
