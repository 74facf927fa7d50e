/**
 * The files a private containerd is started with. All state is below one directory; nothing of the machine's own
 * containerd, if there is one, is read or touched.
 */
import { join } from 'node:path'

export interface ContainerdPaths {
  readonly config: string
  readonly root: string
  readonly state: string
  readonly socket: string
  readonly log: string
  readonly pid: string
  readonly cniConfig: string
  readonly cniState: string
  readonly registryHosts: string
  readonly loadedImages: string
  readonly pauseImage: string
}

export function containerdPaths(stateDirectory: string): ContainerdPaths {
  const below = (name: string) => join(stateDirectory, name)
  return {
    config: below('config.toml'),
    root: below('root'),
    state: below('state'),
    socket: below('containerd.sock'),
    log: below('containerd.log'),
    pid: below('containerd.pid'),
    cniConfig: below('cni/net.d'),
    cniState: below('cni/state'),
    registryHosts: below('registries'),
    loadedImages: below('loaded-images.json'),
    pauseImage: below('pause.tar'),
  }
}

export interface ContainerdSettings {
  readonly snapshotter: 'overlayfs' | 'native'
  /** Without CAP_SYS_RESOURCE nothing may lower its oom_score_adj, and runc fails where it is asked to. */
  readonly restrictOomScoreAdj: boolean
  readonly cniPlugins: string
  readonly pauseImage: string
}

export function containerdConfig(paths: ContainerdPaths, settings: ContainerdSettings): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"'
  return `version = 2
root = ${toml(paths.root)}
state = ${toml(paths.state)}
disabled_plugins = [${UNUSED_PLUGINS.map(toml).join(', ')}]

[grpc]
  address = ${toml(paths.socket)}

[${cri}]
  sandbox_image = ${toml(settings.pauseImage)}
  restrict_oom_score_adj = ${settings.restrictOomScoreAdj}
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"

[${cri}.containerd]
  snapshotter = ${toml(settings.snapshotter)}

[${cri}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[${cri}.containerd.runtimes.runc.options]
  SystemdCgroup = false

[${cri}.cni]
  bin_dir = ${toml(settings.cniPlugins)}
  conf_dir = ${toml(paths.cniConfig)}

[${cri}.registry]
  config_path = ${toml(paths.registryHosts)}
`
}

/** They look for their kernel modules at start, and nobody needs them here. */
const UNUSED_PLUGINS = [
  'io.containerd.snapshotter.v1.aufs', 'io.containerd.snapshotter.v1.btrfs', 'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.zfs', 'io.containerd.internal.v1.opt', 'io.containerd.tracing.processor.v1.otlp',
  'io.containerd.internal.v1.tracing',
]

export interface CniSettings {
  readonly bridgeName: string
  readonly podCidr: string
  /** The portmap plugin gives Pods their hostPorts; it needs the machine's iptables. */
  readonly portmap: boolean
}

export function cniConfigList(paths: ContainerdPaths, { bridgeName, podCidr, portmap }: CniSettings): string {
  return JSON.stringify({
    cniVersion: '0.4.0',
    name: bridgeName,
    plugins: [
      {
        type: 'bridge',
        bridge: bridgeName,
        isGateway: true,
        // What leaves the Pods' range is masqueraded once for all Pods, not by a chain for each of them.
        ipMasq: false,
        // A Pod must reach itself through its own Service.
        hairpinMode: true,
        ipam: { type: 'host-local', dataDir: paths.cniState, ranges: [[{ subnet: podCidr }]], routes: [{ dst: '0.0.0.0/0' }] },
      },
      ...(portmap ? [{ type: 'portmap', capabilities: { portMappings: true }, snat: true }] : []),
    ],
  }, null, 2)
}

/** Any name is asked first from the registry at this address, and then where it really belongs. */
export function registryHosts(mirrorAddress: string): string {
  return `[host."http://${mirrorAddress}"]
  capabilities = ["pull", "resolve"]
`
}

const toml = (text: string) => JSON.stringify(text)
