/** What a cluster without Pods may not have on its machine any more. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cgroupRootOf, type AddressRanges } from '../../src/host/address_ranges.ts'
import { containerdPaths } from '../../src/host/containerd/config.ts'
import { listShims } from '../../src/host/containerd/shims.ts'
import type { ClusterDirectories } from '../../src/host/directories.ts'
import { createProcesses } from '../../src/host/processes.ts'
import type { ContainerRuntime } from '../../src/runtime/runtime.ts'

/** Each a sentence; none when nothing is left. */
export async function remains(runtime: ContainerRuntime, directories: ClusterDirectories, ranges: AddressRanges, node: string): Promise<string[]> {
  const paths = containerdPaths(directories.containerd)
  const kubelet = join(directories.kubelet, node)
  const [sandboxes, containers, shims, cgroups, mounts, routes, namespaces, addresses, records, pods, logs, secrets, bundles] = await Promise.all([
    runtime.listPodSandboxes(),
    runtime.listContainers(),
    listShims(paths.socket),
    podCgroups(cgroupRootOf(ranges)),
    mountsBelow(directories.root),
    routesInto(ranges),
    names(paths.networkNamespaces),
    names(join(paths.cniState, ranges.networkName)),
    names('/var/lib/cni/results'),
    names(join(kubelet, 'pods')),
    names(join(kubelet, 'logs')),
    names(join(kubelet, 'memory')),
    names(join(paths.state, 'io.containerd.runtime.v2.task', 'k8s.io')),
  ])
  return [
    ...sandboxes.map(({ id }) => `sandbox ${id}`),
    ...containers.map(({ id }) => `container ${id}`),
    ...shims.map(({ pid }) => `shim ${pid}`),
    ...cgroups.map(path => `cgroup ${path}`),
    // The one that holds everybody's secrets stays.
    ...mounts.filter(path => path !== join(kubelet, 'memory')).map(path => `mount ${path}`),
    ...routes.map(route => `cable ${route}`),
    ...namespaces.map(name => `network namespace ${name}`),
    ...addresses.filter(name => /^[\d.]+$/.test(name)).map(name => `address ${name}`),
    ...records.filter(name => name.startsWith(`${ranges.networkName}-`)).map(name => `network record ${name}`),
    ...pods.map(name => `directory of Pod ${name}`),
    ...logs.map(name => `logs ${name}`),
    ...secrets.map(name => `secrets of Pod ${name}`),
    ...bundles.map(name => `bundle ${name}`),
  ]
}

async function podCgroups(root: string): Promise<string[]> {
  const mount = '/sys/fs/cgroup'
  const hierarchies = [mount, ...(await names(mount)).map(name => join(mount, name))]
  const found = await Promise.all(hierarchies.map(hierarchy => podsBelow(join(hierarchy, root))))
  return found.flat()
}

async function podsBelow(directory: string): Promise<string[]> {
  const children = (await readdir(directory, { withFileTypes: true }).catch(() => [])).filter(child => child.isDirectory())
  const below = await Promise.all(children.map(async ({ name }) => (name.startsWith('pod') ? [join(directory, name)] : podsBelow(join(directory, name)))))
  return below.flat()
}

async function mountsBelow(directory: string): Promise<string[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n')
  return lines.map(line => line.split(' ')[4] ?? '').filter(mount => mount.startsWith(`${directory}/`))
}

/** Each Pod's cable has a route to the Pod's address. */
async function routesInto({ podCidr }: AddressRanges): Promise<string[]> {
  const { stdout } = await createProcesses().run('ip', ['-4', 'route', 'show', 'root', podCidr])
  return stdout.split('\n').filter(line => line !== '')
}

const names = (directory: string): Promise<string[]> => readdir(directory).catch(() => [])
