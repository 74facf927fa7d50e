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
  readonly cniHostPortConfig: string
  readonly cniState: string
  readonly networkNamespaces: string
  /** What runc remembers of its containers. */
  readonly runc: string
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
    cniHostPortConfig: below('cni/hostport.d'),
    cniState: below('cni/state'),
    networkNamespaces: below('state/io.containerd.grpc.v1.cri/netns'),
    runc: below('state/runc'),
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
  /** Where it waits for those who exec, attach or forward a port: they were given a token for it. */
  readonly streamAddress: string
}

export function containerdConfig(paths: ContainerdPaths, settings: ContainerdSettings): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"'
  return `version = 2
root = ${toml(paths.root)}
state = ${toml(paths.state)}
disabled_plugins = [${UNUSED_PLUGINS.map(toml).join(', ')}]

[debug]
  level = "warn"

[grpc]
  address = ${toml(paths.socket)}

[${cri}]
  sandbox_image = ${toml(settings.pauseImage)}
  restrict_oom_score_adj = ${settings.restrictOomScoreAdj}
  stream_server_address = ${toml(settings.streamAddress)}
  stream_server_port = "0"
  netns_mounts_under_state_dir = true

[${cri}.containerd]
  snapshotter = ${toml(settings.snapshotter)}

[${cri}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[${cri}.containerd.runtimes.runc.options]
  SystemdCgroup = false
  Root = ${toml(paths.runc)}

[${cri}.containerd.runtimes.${HOST_PORT_HANDLER}]
  runtime_type = "io.containerd.runc.v2"
  cni_conf_dir = ${toml(paths.cniHostPortConfig)}
[${cri}.containerd.runtimes.${HOST_PORT_HANDLER}.options]
  SystemdCgroup = false
  Root = ${toml(paths.runc)}

[${cri}.cni]
  bin_dir = ${toml(settings.cniPlugins)}
  conf_dir = ${toml(paths.cniConfig)}

[${cri}.registry]
  config_path = ${toml(paths.registryHosts)}
`
}

export function snapshotterOf(config: string): ContainerdSettings['snapshotter'] | undefined {
  return (['overlayfs', 'native'] as const).find(name => config.includes(`snapshotter = "${name}"`))
}

/** They look for their kernel modules at start, and nobody needs them here. */
const UNUSED_PLUGINS = [
  'io.containerd.snapshotter.v1.aufs',
  'io.containerd.snapshotter.v1.btrfs',
  'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.zfs',
  'io.containerd.internal.v1.opt',
  'io.containerd.tracing.processor.v1.otlp',
  'io.containerd.internal.v1.tracing',
]

/**
 * The handler of Pods with hostPorts. The portmap plugin starts iptables several times for every Pod, whether it has
 * hostPorts or not, so the others do without it: measured, it costs 10 to 15 ms at the start and as much at the end.
 */
export const HOST_PORT_HANDLER = 'hostport'

export interface CniSettings {
  readonly networkName: string
  readonly podCidr: string
  readonly mtu: number
  readonly hostPorts: boolean
}

/**
 * A cable of its own from each Pod to the machine (the ptp plugin), which then routes: with a bridge, the answer of one Pod
 * to another would not pass the machine's NAT unless br_netfilter is loaded, and Services between them would fail.
 */
export function cniConfigList(paths: ContainerdPaths, { networkName, podCidr, mtu, hostPorts }: CniSettings): string {
  return JSON.stringify(
    {
      cniVersion: '0.4.0',
      name: networkName,
      plugins: [
        {
          type: 'ptp',
          // What leaves the Pods' range is masqueraded once for all Pods, not by a chain for each of them.
          ipMasq: false,
          mtu,
          ipam: { type: 'host-local', dataDir: paths.cniState, ranges: [[{ subnet: podCidr }]], routes: [{ dst: '0.0.0.0/0' }] },
        },
        ...(hostPorts ? [{ type: 'portmap', capabilities: { portMappings: true }, snat: true }] : []),
      ],
    },
    null,
    2,
  )
}

/** Any name is asked first from the registry at this address, and then where it really belongs. */
export function registryHosts(mirrorAddress: string): string {
  return `[host."http://${mirrorAddress}"]
  capabilities = ["pull", "resolve"]
`
}

const toml = (text: string) => JSON.stringify(text)
