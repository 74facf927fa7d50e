/** `poise get clusters | kubeconfig | nodes`. */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { listClusterNames, readClusterRecord } from '../host/cluster_record.ts'
import { clusterDirectories, clustersDirectory } from '../host/directories.ts'
import type { Cli } from './main.ts'
import { nameOption, outputOption } from './options.ts'
import { printResult, table, UserError, type Format } from './output.ts'

export function addGetCommands(program: Command, cli: Cli): void {
  const get = program.command('get').description('show clusters, a kubeconfig or nodes')

  outputOption(get.command('clusters').description('the clusters of this user')).action(async ({ output: format }: { output: Format }) => {
    const clusters = await describeClusters(cli)
    if (clusters.length === 0 && format === 'text') return cli.output.note('No clusters. Start one with: poise up')
    printResult(
      cli.output,
      format,
      clusters,
      table(
        ['NAME', 'STATUS', 'RUNTIME', 'SERVER'],
        clusters.map(({ name, status, runtime, server }) => [name, status, runtime, server]),
      ),
    )
  })

  nameOption(get.command('kubeconfig').description("the administrator's kubeconfig"), cli.env).action(async ({ name }: { name: string }) => {
    await runningRecord(cli, name)
    cli.output.result(await readFile(clusterDirectories(cli.env, name).kubeconfig, 'utf8'))
  })

  outputOption(nameOption(get.command('nodes').description('the nodes of a cluster'), cli.env)).action(
    async ({ name, output: format }: { name: string; output: Format }) => {
      const { nodes } = await runningRecord(cli, name)
      printResult(cli.output, format, nodes, nodes.join('\n'))
    },
  )
}

/** The record of a cluster that runs; an error that says what to do otherwise. */
export async function runningRecord({ env }: Cli, name: string) {
  const found = await readClusterRecord(clusterDirectories(env, name).record)
  if (!found?.running) throw new UserError(`no cluster "${name}" is running`, { next: `Start it with: poise up${name === 'poise' ? '' : ` --name ${name}`}` })
  return found.record
}

async function describeClusters({ env }: Cli) {
  const names = await listClusterNames(clustersDirectory(env))
  return Promise.all(
    names.map(async name => {
      const found = await readClusterRecord(clusterDirectories(env, name).record)
      return found?.running
        ? { name, status: 'Running', runtime: found.record.runtime as string, server: found.record.server }
        : { name, status: 'Stopped', runtime: '', server: '' }
    }),
  )
}
