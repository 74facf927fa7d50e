/** The runtime's contract on a real containerd, which is started for it and removed afterwards. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { silentLog } from '../../src/base/log.ts'
import { createClock } from '../../src/host/clock.ts'
import { startContainerd } from '../../src/host/containerd/containerd.ts'
import type { Containerd } from '../../src/host/containerd/containerd.ts'
import { destroyContainerd } from '../../src/host/containerd/destroy.ts'
import { inspectMachine } from '../../src/host/containerd/machine.ts'
import { removeCgroup } from '../../src/host/cri/cgroups.ts'
import { createCriRuntime } from '../../src/host/cri/runtime.ts'
import { createDisk } from '../../src/host/disk.ts'
import { createProcesses } from '../../src/host/processes.ts'
import { openPortForward, openRemoteCommand } from '../../src/host/streaming/client.ts'
import { runtimeContract } from '../contracts/runtime.ts'
import type { RuntimeSubject } from '../contracts/runtime.ts'
import { buildImages } from '../images/build.ts'

const host = { clock: createClock(), processes: createProcesses(), log: silentLog }
const cacheDirectory = join(process.cwd(), '.cache/images')

interface Site {
  readonly base: string
  readonly containerd: Containerd
}
let site: Promise<Site> | undefined

const optionsOf = (base: string) => ({ stateDirectory: join(base, 'containerd'), podCidr: '10.251.77.0/24', networkName: 'poise-contract', host })

async function startSite(): Promise<Site> {
  const base = await mkdtemp(join(tmpdir(), 'poise-'))
  const containerd = await startContainerd(optionsOf(base))
  for (const archive of await buildImages(['busybox'], cacheDirectory)) await containerd.loadImage(archive)
  return { base, containerd }
}

async function create(): Promise<RuntimeSubject> {
  const { base, containerd } = await (site ??= startSite())
  const connect = () =>
    createCriRuntime({
      socketPath: containerd.socketPath,
      clock: host.clock,
      log: host.log,
      openRemoteCommand,
      openPortForward,
      hostPortHandler: containerd.hostPortHandler,
    })
  const runtime = connect()
  return {
    runtime,
    clock: host.clock,
    disk: createDisk(),
    directory: await mkdtemp(join(base, 'test-')),
    reconnect: async () => connect(),
    finish: test => test,
    async close() {
      await Promise.all(
        (await runtime.listPodSandboxes()).map(async ({ id }) => {
          await runtime.stopPodSandbox(id)
          await runtime.removePodSandbox(id)
        }),
      )
      await runtime.close()
    },
  }
}

after(async () => {
  if (!site) return
  const { base, containerd } = await site
  await containerd.close()
  await destroyContainerd(optionsOf(base))
  await removeCgroup('/poise-test')
  await rm(base, { recursive: true, force: true })
})

/** What this machine lacks for real containers or for making the image, in one sentence. */
async function whyNot(): Promise<string | undefined> {
  try {
    await inspectMachine()
    await buildImages(['busybox'], cacheDirectory)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

runtimeContract('containerd', create, { skip: await whyNot() })
