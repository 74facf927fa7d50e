/**
 * Where clusters live on this machine: one directory each, below the XDG state directory or POISE_HOME.
 *
 *   <state>/clusters/<name>/
 *     cluster.json   what runs: process, address, runtime (only while it runs)
 *     network.json   the cluster's address ranges, kept across restarts
 *     kubeconfig     the administrator's
 *     manifests/<node>/   static Pods, put there by whoever likes
 *     shutdown.json  how long Pods get to end, for the process that is about to be told to stop
 *     pki/ store/ kubelet/<node>/ containerd/ poise.log
 */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

export interface ClusterDirectories {
  readonly root: string
  readonly record: string
  readonly network: string
  readonly kubeconfig: string
  readonly pki: string
  readonly store: string
  readonly kubelet: string
  readonly manifests: string
  readonly shutdown: string
  readonly containerd: string
  readonly log: string
}

export function stateDirectory(env: Readonly<Record<string, string | undefined>>): string {
  // A containerd has a working directory of its own.
  if (env['POISE_HOME']) return resolve(env['POISE_HOME'])
  return join(env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'poise')
}

/** For what can be made again. */
export function cacheDirectory(env: Readonly<Record<string, string | undefined>>): string {
  if (env['POISE_HOME']) return resolve(env['POISE_HOME'], 'cache')
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'poise')
}

export const clustersDirectory = (env: Readonly<Record<string, string | undefined>>): string => join(stateDirectory(env), 'clusters')

export function clusterDirectories(env: Readonly<Record<string, string | undefined>>, name: string): ClusterDirectories {
  const root = join(clustersDirectory(env), name)
  return {
    root,
    record: join(root, 'cluster.json'),
    network: join(root, 'network.json'),
    kubeconfig: join(root, 'kubeconfig'),
    pki: join(root, 'pki'),
    store: join(root, 'store'),
    kubelet: join(root, 'kubelet'),
    manifests: join(root, 'manifests'),
    shutdown: join(root, 'shutdown.json'),
    containerd: join(root, 'containerd'),
    log: join(root, 'poise.log'),
  }
}

/** Where a node looks for the manifests of its static Pods. */
export const manifestsOf = ({ manifests }: ClusterDirectories, nodeName: string): string => join(manifests, nodeName)

/** Cluster names go into paths, interface names and kubeconfig contexts. */
export function checkClusterName(name: string): string | undefined {
  return /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(name)
    ? undefined
    : `the cluster name ${JSON.stringify(name)} is not allowed: use 1 to 32 lower-case letters, digits and dashes, beginning and ending with a letter or digit`
}
