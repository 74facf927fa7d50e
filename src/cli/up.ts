/**
 * `poise up`: a cluster on this machine, until Ctrl-C, or in the background with --detach.
 */
import { InvalidArgumentError, Option, type Command } from 'commander'
import type { LogLevel } from '../base/log.ts'
import { NODES_MAX } from '../host/address_ranges.ts'
import { wrongAllowedSysctl } from '../kubelet/node/sysctls.ts'
import { parseRuntimeChoice, type RuntimeChoice } from '../launch/runtimes.ts'
import type { Cli } from './main.ts'
import { contextName, DEFAULT_NAME, duration, nameOption } from './options.ts'
import { start, type UpOptions } from './start.ts'
import { listenForStop } from './stop_signal.ts'

const DEFAULT_WAIT_MS = 60_000

export function addUpCommand(program: Command, cli: Cli): void {
  nameOption(program.command('up'), cli.env)
    .description('start a cluster (or resume the one of that name)')
    .addOption(new Option('--runtime <runtime>', 'auto, containerd, containerd=SOCKET or simulated').argParser(checkedRuntime).default({ is: 'auto' }, 'auto'))
    .option('--store <store>', "memory, or a directory (default: the cluster's own)", checkedStore)
    .option('--port <port>', "the API server's port; 0 takes a free one", checkedPort, 0)
    .option('--address <address>', 'the address to listen on; anything but a loopback address opens the API to the network', '127.0.0.1')
    .option('--nodes <count>', `1: this machine is the node; 2 to ${NODES_MAX}: each has a network of its own (default: as before, or 1)`, checkedNodes)
    .option(
      '--allowed-unsafe-sysctls <names>',
      'kernel settings that Pods may change beside the safe ones, such as kernel.msg*,net.core.somaxconn',
      checkedSysctls,
    )
    .option('--kubeconfig <file>', 'write the context to this file only')
    .option('--no-switch-context', "leave kubectl's current context as it is")
    .option('--detach', 'leave it running in the background', false)
    .addOption(
      new Option('--wait <duration>', 'how long to wait for the nodes to be Ready; 0s does not wait').argParser(duration).default(DEFAULT_WAIT_MS, '1m'),
    )
    .option('--log-level <level>', 'debug, info, warn or error', checkedLevel, 'info')
    .action(async ({ wait, ...options }) => {
      const given: UpOptions = { ...options, waitMs: wait }
      await (given.detach ? inBackground(cli, given) : inForeground(cli, given))
    })
}

async function inForeground(cli: Cli, options: UpOptions): Promise<void> {
  const stopping = listenForStop()
  const { stop } = await start(cli, options, stopping)
  if (!stopping.signal.aborted) {
    printWelcome(cli, options)
    cli.output.note('Press Ctrl-C to stop it; `poise up` resumes from disk.')
  }
  await stopping.asked
  await stop()
}

async function inBackground(cli: Cli, options: UpOptions): Promise<void> {
  const { detach } = await import('./detach.ts')
  await detach(cli, options)
  printWelcome(cli, options)
  cli.output.note(`It runs in the background; stop it with: poise down${options.name === DEFAULT_NAME ? '' : ` --name ${options.name}`}`)
}

function printWelcome({ output }: Cli, { name, switchContext }: UpOptions): void {
  const context = contextName(name)
  output.note(switchContext ? `Set kubectl context to "${context}"` : `Added kubectl context "${context}"`)
  output.note(`You can now use your cluster with:\n\nkubectl cluster-info --context ${context}\n`)
}

function checkedRuntime(text: string): RuntimeChoice {
  const choice = parseRuntimeChoice(text)
  if (!choice) throw new InvalidArgumentError('use auto, containerd, containerd=/path/to/containerd.sock or simulated.')
  return choice
}

function checkedStore(text: string): 'memory' | { directory: string } {
  if (text === 'memory') return 'memory'
  if (/^[a-z]+:\/\//.test(text)) throw new InvalidArgumentError('only memory or a directory can be used yet; etcd comes later.')
  if (text === '') throw new InvalidArgumentError('use memory or a directory.')
  return { directory: text }
}

function checkedPort(text: string): number {
  const port = Number(text)
  if (text.trim() === '' || !Number.isInteger(port) || port < 0 || port > 65535) throw new InvalidArgumentError('use a number from 0 to 65535.')
  return port
}

function checkedNodes(text: string): number {
  const count = Number(text)
  if (text.trim() === '' || !Number.isInteger(count) || count < 1 || count > NODES_MAX) throw new InvalidArgumentError(`use a number from 1 to ${NODES_MAX}.`)
  return count
}

function checkedSysctls(text: string): string[] {
  const names = text.split(',').filter(name => name !== '')
  const wrong = wrongAllowedSysctl(names)
  if (wrong !== undefined)
    throw new InvalidArgumentError(`${wrong} is one for the whole machine; only kernel.shm*, kernel.msg*, kernel.sem, fs.mqueue.* and net.* can be allowed.`)
  return names
}

function checkedLevel(text: string): LogLevel {
  if (text !== 'debug' && text !== 'info' && text !== 'warn' && text !== 'error') throw new InvalidArgumentError('use debug, info, warn or error.')
  return text
}
