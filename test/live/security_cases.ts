/** What a security context, and what else a Pod says of its surroundings, makes of a container: as the kernel tells it in there. */
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { parseResolverFile } from '../../src/host/machine.ts'
import type { VolumeCase } from './volume_cases.ts'

const SORTED_GROUPS = `id -G | tr ' ' '\\n' | sort -n | tr '\\n' ' '`
const status = (what: string): string => `sed -n 's/^${what}:[^0-9a-f]*//p' /proc/self/status`
const ids = `id -u; id -g; ${SORTED_GROUPS}`

const users: readonly VolumeCase[] = [
  { title: 'runAsUser and runAsGroup', script: ids, says: '1000\n3000\n3000', securityContext: { runAsUser: 1000, runAsGroup: 3000 } },
  { title: "runAsUser alone: the group is root's", script: ids, says: '1000\n0\n0', securityContext: { runAsUser: 1000 } },
  ...(["the Pod's user, groups and fsGroup", "the container's own word goes first"] as const).map((title, i) => ({
    title,
    script: ids,
    says: i === 0 ? '1000\n3000\n2000 3000 4000' : '1001\n3001\n2000 3001 4000',
    podSecurityContext: { runAsUser: 1000, runAsGroup: 3000, fsGroup: 2000, supplementalGroups: [4000] },
    securityContext: i === 0 ? undefined : { runAsUser: 1001, runAsGroup: 3001 },
  })),
  { title: "the image's user by name, with the groups the image gives it", script: ids, says: '65534\n65534\n50000 65534', image: 'user-by-name' },
  { title: "the image's user by number; its group is not asked for, as in Kubernetes", script: ids, says: '1000\n0\n0', image: 'user-by-number' },
  { title: 'runAsNonRoot with an image of a numeric user', script: 'id -u', says: '1000', image: 'user-by-number', securityContext: { runAsNonRoot: true } },
]

const DEFAULT_CAPABILITIES = 0xa80425fbn
const NET_ADMIN = 1n << 12n
const NET_BIND_SERVICE = 1n << 10n
const mask = (capabilities: bigint): string => capabilities.toString(16).padStart(16, '0')
const capabilities = (title: string, says: string, securityContext?: object): VolumeCase => ({ title, script: status('CapEff'), says, securityContext })
const ours = (what: string): string => new RegExp(`^${what}:\\s*(\\S+)`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))![1]!

const rights: readonly VolumeCase[] = [
  capabilities("capabilities: the runtime's default", mask(DEFAULT_CAPABILITIES)),
  capabilities('capabilities: one more', mask(DEFAULT_CAPABILITIES | NET_ADMIN), { capabilities: { add: ['NET_ADMIN'] } }),
  capabilities('capabilities: none', mask(0n), { capabilities: { drop: ['ALL'] } }),
  capabilities('capabilities: one alone', mask(NET_BIND_SERVICE), { capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } }),
  {
    title: 'privileged: all the machine has, without a filter, and it may mount',
    script: `${status('CapEff')}; ${status('Seccomp')}; mount -t tmpfs tmpfs /mnt 2>&1 || { mkdir -p /tmp/m && mount -t tmpfs tmpfs /tmp/m; } && echo mounted; [ -e /dev/kmsg ] && echo devices`,
    says: new RegExp(`^${ours('CapEff')}\n0\n(mount: .*\n)?mounted\ndevices$`),
    securityContext: { privileged: true },
  },
  {
    title: 'not privileged: /proc/sys is read-only, and what is masked is empty',
    script: `(echo 1 >/proc/sys/net/ipv4/ip_forward) 2>&1; wc -c </proc/keys; mount -t tmpfs tmpfs /tmp 2>&1; ls /sys/firmware | wc -l`,
    says: /Read-only file system\n0\nmount: .*(denied|permitted).*\n0$/,
  },
  {
    title: 'readOnlyRootFilesystem',
    script: 'touch /x 2>&1; true',
    says: 'touch: /x: Read-only file system',
    securityContext: { readOnlyRootFilesystem: true },
  },
  { title: 'allowPrivilegeEscalation is allowed by default', script: status('NoNewPrivs'), says: '0' },
  { title: 'allowPrivilegeEscalation: false', script: status('NoNewPrivs'), says: '1', securityContext: { allowPrivilegeEscalation: false } },
]

const profile = (type: string, localhostProfile?: string) => ({ seccompProfile: { type, localhostProfile } })
const seccomp: readonly VolumeCase[] = [
  { title: 'seccomp: none by default', script: status('Seccomp'), says: '0' },
  { title: 'seccomp: Unconfined', script: status('Seccomp'), says: '0', securityContext: profile('Unconfined') },
  { title: 'seccomp: RuntimeDefault', script: status('Seccomp'), says: '2', securityContext: profile('RuntimeDefault') },
  {
    title: "seccomp: Localhost, from the kubelet's directory of profiles",
    script: `${status('Seccomp')}; mkdir /tmp/x 2>&1; true`,
    says: "2\nmkdir: can't create directory '/tmp/x': Operation not permitted",
    securityContext: profile('Localhost', 'profiles/no-mkdir.json'),
  },
  { title: 'seccomp: of the Pod', script: status('Seccomp'), says: '2', podSecurityContext: profile('RuntimeDefault') },
  {
    title: "seccomp: the container's goes before the Pod's",
    script: status('Seccomp'),
    says: '0',
    podSecurityContext: profile('RuntimeDefault'),
    securityContext: profile('Unconfined'),
  },
]

/** For the case above: everything but making directories. */
export const NO_MKDIR = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }] }

export const ALLOWED_UNSAFE_SYSCTLS = ['kernel.msg*']

const sysctls: readonly VolumeCase[] = [
  {
    title: 'sysctls: the safe ones, and one the node allows',
    script: 'sysctl -n net.ipv4.ip_local_port_range kernel.shm_rmid_forced kernel.msgmax net.ipv4.ip_unprivileged_port_start',
    says: '30000\t40000\n1\n4096\n80',
    podSecurityContext: {
      sysctls: [
        { name: 'net.ipv4.ip_local_port_range', value: '30000 40000' },
        { name: 'kernel.shm_rmid_forced', value: '1' },
        { name: 'kernel/msgmax', value: '4096' },
        { name: 'net.ipv4.ip_unprivileged_port_start', value: '80' },
      ],
    },
  },
]

const NAMESPACES = `for n in net pid ipc; do readlink /proc/self/ns/$n; done`
const hostNamespaces = ['net', 'pid', 'ipc'].map(name => readlinkSync(`/proc/self/ns/${name}`))

const namespaces: readonly VolumeCase[] = [
  {
    title: 'hostNetwork, hostPID and hostIPC',
    script: `${NAMESPACES}; [ -d /proc/${process.pid} ] && echo sees us; hostname; head -1 /etc/hosts`,
    says: [...hostNamespaces, 'sees us', hostname(), '# Kubernetes-managed hosts file (host network).'].join('\n'),
    pod: { hostNetwork: true, hostPID: true, hostIPC: true },
  },
  {
    title: 'of its own: network, processes and IPC, unless the Pod says otherwise',
    script: `for n in ${hostNamespaces.join(' ')}; do case "$(${NAMESPACES})" in *$n*) echo shared;; esac; done; tr '\\0' ' ' </proc/1/cmdline | cut -c1-2`,
    says: 'sh',
  },
  {
    title: "shareProcessNamespace: the first process is the sandbox's",
    script: `tr '\\0' ' ' </proc/1/cmdline | grep -q 'exit .code' || echo not this one`,
    says: 'not this one',
    pod: { shareProcessNamespace: true },
  },
]

const LOCAL =
  '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters'
const HOSTS = `address=$(hostname -i | cut -d' ' -f1); hostname; sed "s/^$address/ADDRESS/" /etc/hosts`

const names: readonly VolumeCase[] = [
  {
    title: 'KubeletManagedEtcHosts: written by the kubelet',
    script: 'head -1 /etc/hosts',
    says: '# Kubernetes-managed hosts file.',
  },
  {
    title: 'KubeletManagedEtcHosts: left alone where the container mounts its own',
    mounts: { '/etc/hosts': { hostPath: { path: '/etc/hosts', type: 'File' } } },
    script: 'grep -c Kubernetes-managed /etc/hosts; true',
    says: '0',
  },
  {
    title: 'hostname, subdomain and hostAliases',
    script: HOSTS,
    says: `h\n# Kubernetes-managed hosts file.\n${LOCAL}\nADDRESS\th.s.security.svc.cluster.local\th\n\n# Entries added by HostAliases.\n1.2.3.4\ta.example\tb.example\n1.2.3.5\tc.example`,
    pod: {
      hostname: 'h',
      subdomain: 's',
      hostAliases: [
        { ip: '1.2.3.4', hostnames: ['a.example', 'b.example'] },
        { ip: '1.2.3.5', hostnames: ['c.example'] },
      ],
    },
  },
  {
    title: 'setHostnameAsFQDN',
    script: 'hostname',
    says: 'h.s.security.svc.cluster.local',
    pod: { hostname: 'h', subdomain: 's', setHostnameAsFQDN: true },
  },
]

const resolver = parseResolverFile(readFileSync('/etc/resolv.conf', 'utf8'))
const line = (keyword: string, words: readonly string[]): string[] => (words.length > 0 ? [`${keyword} ${words.join(' ')}`] : [])
const ofMachine = [
  ...line('search', resolver.searches),
  ...resolver.servers.slice(0, 3).map(server => `nameserver ${server}`),
  ...line('options', resolver.options),
].join('\n')
const ofCluster = (options = 'ndots:5'): RegExp => {
  const searches = ['security.svc.cluster.local', 'svc.cluster.local', 'cluster.local', ...resolver.searches]
  return new RegExp(`^search ${searches.join(' ')}\nnameserver 10(\\.\\d+){3}\noptions ${options}$`)
}
const dns = (title: string, says: string | RegExp, pod: object): VolumeCase => ({ title: `DNS policy: ${title}`, script: 'cat /etc/resolv.conf', says, pod })

const nameServers: readonly VolumeCase[] = [
  dns('ClusterFirst', ofCluster(), { dnsPolicy: 'ClusterFirst' }),
  dns('ClusterFirst with options of its own, which go before', ofCluster('ndots:2 edns0'), {
    dnsConfig: { options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }] },
  }),
  dns("ClusterFirst on the machine's network is the machine's", ofMachine, { hostNetwork: true, dnsPolicy: 'ClusterFirst' }),
  dns('ClusterFirstWithHostNet', ofCluster(), { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }),
  dns('Default', ofMachine, { dnsPolicy: 'Default' }),
  dns('None', 'search ns1.example my.suffix\nnameserver 1.1.1.1\nnameserver 1.1.1.2\noptions ndots:1 edns0', {
    dnsPolicy: 'None',
    dnsConfig: { nameservers: ['1.1.1.1', '1.1.1.2'], searches: ['ns1.example', 'my.suffix'], options: [{ name: 'ndots', value: '1' }, { name: 'edns0' }] },
  }),
]

export const SECURITY_CASES: readonly VolumeCase[] = [...users, ...rights, ...seccomp, ...sysctls, ...namespaces, ...names, ...nameServers]
