/** `poise info` and `poise version`: where everything is, and what this is. */
import { delimiter } from 'node:path'
import type { Command } from 'commander'
import { readClusterRecord } from '../host/cluster_record.ts'
import { clusterDirectories, stateDirectory } from '../host/directories.ts'
import { kubeconfigPath } from '../host/kubeconfig.ts'
import { KUBERNETES_VERSION, VERSION } from '../launch/version.ts'
import type { Cli } from './main.ts'
import { contextName, nameOption, outputOption } from './options.ts'
import { printResult, table, type Format } from './output.ts'

export function addInfoCommand(program: Command, cli: Cli): void {
  outputOption(nameOption(program.command('info').description('where a cluster has its files and what it runs on'), cli.env)).action(
    async ({ name, output: format }: { name: string; output: Format }) => {
      const directories = clusterDirectories(cli.env, name)
      const found = await readClusterRecord(directories.record)
      const info = {
        name,
        status: found?.running ? 'Running' : 'Stopped',
        server: found?.running ? found.record.server : '',
        process: found?.running ? String(found.record.pid) : '',
        runtime: found?.running ? found.record.runtime : '',
        context: contextName(name),
        kubeconfig: found?.running ? found.record.kubeconfig.join(delimiter) : kubeconfigPath(cli.env, undefined).write,
        state: stateDirectory(cli.env),
        store: found?.record.store ?? directories.store,
        log: directories.log,
        containerd: found?.record.containerdSocket ?? '',
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
    },
  )
}

export function addVersionCommand(program: Command, cli: Cli): void {
  outputOption(program.command('version').description('the version of Poise and of the API it serves')).action(({ output: format }: { output: Format }) => {
    const versions = { poise: VERSION, kubernetes: KUBERNETES_VERSION, node: process.versions.node }
    printResult(cli.output, format, versions, table(['POISE', 'KUBERNETES', 'NODE'], [[versions.poise, versions.kubernetes, versions.node]]))
  })
}
