/** `poise load image FILE.tar`: an image archive into the cluster's containerd, where it can also be pulled by name. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { readRanges } from '../host/address_ranges.ts'
import { containerdPaths } from '../host/containerd/config.ts'
import { loadImage } from '../host/containerd/images.ts'
import { inspectMachine } from '../host/containerd/machine.ts'
import { clusterDirectories, type ClusterDirectories } from '../host/directories.ts'
import { clusterPlaces } from '../host/node_places.ts'
import { createProcesses } from '../host/processes.ts'
import { runningRecord } from './get.ts'
import { refuseUnreadableArchives } from './image_archives.ts'
import type { Cli } from './main.ts'
import { nameOption, outputOption } from './options.ts'
import { printResult, UserError, type Format } from './output.ts'

const nodesOf = async (name: string, directories: ClusterDirectories) => {
  const ranges = await readRanges(directories.network)
  return ranges ? clusterPlaces(name, ranges, directories).nodes.map(({ containerd }) => containerdPaths(containerd)) : []
}

export function addLoadCommands(program: Command, cli: Cli): void {
  const load = program.command('load').description('bring images into a cluster')
  outputOption(nameOption(load.command('image <file...>').description('an archive in OCI layout, or of `docker save`'), cli.env)).action(
    async (files: string[], { name, output: format }: { name: string; output: Format }) => {
      const record = await runningRecord(cli, name)
      if (record.runtime === 'simulated') throw new UserError(`the containers of cluster "${name}" are simulated: every image exists there already`)
      const directories = clusterDirectories(cli.env, name)
      const nodes = await nodesOf(name, directories)
      if (record.containerdSockets.join() !== nodes.map(({ socket }) => socket).join()) {
        throw new UserError(`cluster "${name}" uses a containerd that Poise did not start`, {
          next: `Load the image there: ctr --address ${record.containerdSockets.join()} -n k8s.io images import FILE`,
        })
      }
      await refuseUnreadableArchives(files)
      const loaded: string[] = []
      for (const file of files) {
        const path = resolve(file)
        const done = cli.output.step(`Loading ${file}`)
        const names: string[][] = []
        try {
          // One after the other: each unpacks the same layers, and the disk is one.
          for (const paths of nodes) names.push(await loadImage({ machine: await inspectMachine(), paths, processes: createProcesses() }, path))
        } catch (error) {
          done('failed')
          throw error
        }
        done()
        loaded.push(...new Set(names.flat()))
      }
      printResult(cli.output, format, loaded, loaded.join('\n'))
    },
  )
}
