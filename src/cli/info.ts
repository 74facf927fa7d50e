/** `poise info` and `poise version`: where everything is, and what this is. */
import { delimiter } from 'node:path'
import type { Command } from 'commander'
import { addressRanges, readRanges } from '../host/address_ranges.ts'
import { readClusterRecord } from '../host/cluster_record.ts'
import { clusterDirectories, stateDirectory, type ClusterDirectories } from '../host/directories.ts'
import { kubeconfigPath } from '../host/kubeconfig.ts'
import { clusterPlaces } from '../host/node_places.ts'
import { KUBERNETES_VERSION, VERSION } from '../launch/version.ts'
import { connectFromKubeconfig } from './connection.ts'
import type { Cli } from './main.ts'
import { contextName, nameOption, outputOption } from './options.ts'
import { printResult, table, type Format } from './output.ts'
import { readPressures, type Pressure } from './pressure.ts'

export function addInfoCommand(program: Command, cli: Cli): void {
  outputOption(nameOption(program.command('info').description('where a cluster has its files and what it runs on'), cli.env)).action(
    async ({ name, output: format }: { name: string; output: Format }) => {
      const directories = clusterDirectories(cli.env, name)
      const found = await readClusterRecord(directories.record)
      const pressures = found?.running ? await pressuresOf(directories).catch(() => []) : []
      const { nodes } = clusterPlaces(name, (await readRanges(directories.network)) ?? addressRanges(0), directories)
      const info = {
        name,
        status: found?.running ? 'Running' : 'Stopped',
        server: found?.running ? found.record.server : '',
        process: found?.running ? String(found.record.pid) : '',
        runtime: found?.running ? found.record.runtime : '',
        pressure: pressures.map(({ node, condition }) => `${condition} (${node})`).join(', '),
        context: contextName(name),
        kubeconfig: found?.running ? found.record.kubeconfig.join(delimiter) : kubeconfigPath(cli.env, undefined).write,
        state: stateDirectory(cli.env),
        store: found?.record.store ?? directories.store,
        nodes: nodes.map(node => node.name).join(', '),
        manifests: nodes.map(node => node.manifests).join(delimiter),
        log: directories.log,
        containerd: found?.record.containerdSockets.join(delimiter) ?? '',
        version: VERSION,
        kubernetes: KUBERNETES_VERSION,
      }
      printResult(
        cli.output,
        format,
        info,
        Object.entries(info)
          .filter(([, value]) => value)
          .map(([key, value]) => `${`${key}:`.padEnd(13)}${value}`)
          .join('\n'),
      )
      for (const { advice } of pressures) cli.output.note(advice)
    },
  )
}

/** A server that does not answer is not this command's affair: it tells what is known without it. */
async function pressuresOf(directories: ClusterDirectories): Promise<Pressure[]> {
  const { client, close } = await connectFromKubeconfig(directories.kubeconfig)
  try {
    return await readPressures(client, directories.root)
  } finally {
    close()
  }
}

export function addVersionCommand(program: Command, cli: Cli): void {
  outputOption(program.command('version').description('the version of Poise and of the API it serves')).action(({ output: format }: { output: Format }) => {
    const versions = { poise: VERSION, kubernetes: KUBERNETES_VERSION, node: process.versions.node }
    printResult(cli.output, format, versions, table(['POISE', 'KUBERNETES', 'NODE'], [[versions.poise, versions.kubernetes, versions.node]]))
  })
}
