/**
 * The rules of one node as nftables has them: text for one transaction from what is there to what is wanted.
 *
 *   service-ips     10.96.0.5 . tcp . 80  ─▶ goto service/default/web/tcp ─▶ dnat to one of the Pods, at random
 *   service-ports   tcp . 30080           ─▶ goto external/default/web/tcp ─▶ mark for masquerade, the same
 *   refused-*       what has no endpoints ─▶ reject, or drop
 *
 * One lookup finds the Service, however many there are. Only the first packet of a connection passes here: the kernel's
 * connection tracking keeps the others on their way, so no change of rules cuts an open connection.
 */
import type { RuleProgrammer } from './proxy.ts'
import type { Destination, ServicePort, Target } from './service_ports.ts'

/** What one port of a Service needs. */
interface PortObjects {
  /** `service-ips` and so on: what is looked up, and where it leads. */
  readonly elements: ReadonlyMap<string, string>
  readonly chains: ReadonlyMap<string, readonly string[]>
  /** Sets that remember which client went where, with their timeout. */
  readonly sets: ReadonlyMap<string, number>
}

export interface NftablesOptions {
  /** Of this cluster and node alone, so that nobody else's rules are touched: `poise0-proxy`. */
  readonly table: string
  /** Requests from these to external addresses stay inside the cluster, whatever the policy for outsiders. */
  readonly podCidr: string
  readonly serviceCidr: string
  /** Who else than the machine itself may use node ports: a range such as the cluster's own, or everybody. */
  readonly nodePortsFrom: string
}

/** As kube-proxy's, which other programs know to leave alone. */
const MASQUERADE_MARK = '0x4000'

/**
 * Programs through `run`, which carries out one transaction or throws. After a failure nothing is known of what holds:
 * the next step must be `replace`.
 */
export function createNftablesRules(
  options: NftablesOptions,
  run: (transaction: string) => Promise<void>,
  forget: (flows: readonly StaleFlow[]) => Promise<void> = async () => {},
): RuleProgrammer {
  let current = new Map<string, ServicePort>()
  /** How many ports have a target at this address: it is in the set of hairpins as long as one does. */
  let uses = new Map<string, number>()

  const plan = (changes: ReadonlyMap<string, ServicePort | undefined>): string[] => {
    const lines = renderChange(options, current, changes)
    const touched = new Map<string, number>()
    const count = (port: ServicePort | undefined, by: number) => {
      for (const address of addressesOf(port)) {
        if (!touched.has(address)) touched.set(address, uses.get(address) ?? 0)
        uses.set(address, (uses.get(address) ?? 0) + by)
      }
    }
    for (const [name, port] of changes) {
      count(current.get(name), -1)
      count(port, 1)
      if (port) current.set(name, port)
      else current.delete(name)
    }
    for (const [address, before] of touched) {
      const after = uses.get(address)!
      if (after === 0) uses.delete(address)
      if (before === 0 && after > 0) lines.push(`add element ip ${options.table} hairpins { ${address} . ${address} }`)
      if (before > 0 && after === 0) lines.push(`delete element ip ${options.table} hairpins { ${address} . ${address} }`)
    }
    return lines
  }

  return {
    async replace(ports) {
      current = new Map()
      uses = new Map()
      await run(`${renderFrame(options)}\n${plan(new Map(ports.map(port => [port.name, port]))).join('\n')}\n`)
    },
    async change(changes) {
      const stale = staleFlows(current, changes)
      const lines = plan(changes)
      if (lines.length > 0) await run(`${lines.join('\n')}\n`)
      if (stale.length > 0) await forget(stale)
    },
  }
}

/**
 * A flow of UDP has no end of its own: as long as packets come, the kernel sends them where the first one went.
 * Without a target: those that came when there was none, and were sent nowhere.
 */
export interface StaleFlow {
  readonly address: string | undefined
  readonly port: number
  readonly target: string | undefined
}

function staleFlows(current: ReadonlyMap<string, ServicePort>, changes: ReadonlyMap<string, ServicePort | undefined>): StaleFlow[] {
  return [...changes].flatMap(([name, next]) => {
    const before = current.get(name)
    const known = next ?? before
    if (known?.protocol !== 'udp') return []
    const { clusterIP, port, externalAddresses, nodePort } = known
    const inside = goneTargets(before?.internal, next?.internal)
    const outside = goneTargets(before?.external, next?.external)
    return [
      ...inside.map(target => ({ address: clusterIP, port, target })),
      ...externalAddresses.flatMap(address => outside.map(target => ({ address, port, target }))),
      ...(nodePort === undefined ? [] : outside.map(target => ({ address: undefined, port: nodePort, target }))),
    ]
  })
}

function goneTargets(before: Destination | undefined, next: Destination | undefined): (string | undefined)[] {
  const [old, kept] = [before, next].map(destination => new Set(destination?.is === 'targets' ? destination.targets.map(({ address }) => address) : []))
  const gone: (string | undefined)[] = [...old!].filter(address => !kept!.has(address))
  return old!.size === 0 && kept!.size > 0 ? [undefined] : gone
}

/** The table of this name without any port, whatever was in it. */
function renderFrame({ table, serviceCidr, nodePortsFrom }: NftablesOptions): string {
  return `
    add table ip ${table}
    delete table ip ${table}
    table ip ${table} {
      map service-ips { type ipv4_addr . inet_proto . inet_service : verdict; }
      map service-ports { type inet_proto . inet_service : verdict; }
      map refused-ips { type ipv4_addr . inet_proto . inet_service : verdict; }
      map refused-ports { type inet_proto . inet_service : verdict; }
      # A Pod that reaches itself would answer itself directly, and drop the answer.
      set hairpins { type ipv4_addr . ipv4_addr; }
      chain services { ip daddr . meta l4proto . th dport vmap @service-ips; }
      chain node-ports { ip daddr != 127.0.0.0/8 fib daddr type local meta l4proto . th dport vmap @service-ports; }
      chain refuse { reject; }
      chain refusals {
        ip daddr . meta l4proto . th dport vmap @refused-ips
        ip daddr != 127.0.0.0/8 fib daddr type local meta l4proto . th dport vmap @refused-ports
        ct status & dnat == 0 ip daddr ${serviceCidr} fib daddr type != local reject
      }
      chain prerouting { type nat hook prerouting priority dstnat; policy accept; jump services; ip saddr ${nodePortsFrom} jump node-ports; }
      chain output { type nat hook output priority -100; policy accept; jump services; jump node-ports; }
      chain postrouting {
        type nat hook postrouting priority srcnat; policy accept;
        ip saddr . ip daddr @hairpins masquerade
        meta mark & ${MASQUERADE_MARK} != 0 meta mark set meta mark & 0xffffbfff masquerade
      }
      chain filter-input { type filter hook input priority filter - 10; policy accept; ct state new jump refusals; }
      chain filter-forward { type filter hook forward priority filter - 10; policy accept; ct state new jump refusals; }
      chain filter-output { type filter hook output priority filter - 10; policy accept; ct state new jump refusals; }
    }
  `
}

export const renderRemoval = ({ table }: Pick<NftablesOptions, 'table'>): string => `add table ip ${table}\ndelete table ip ${table}\n`

/** From the ports there are to the changed ones; undefined removes one. */
function renderChange(options: NftablesOptions, current: ReadonlyMap<string, ServicePort>, changes: ReadonlyMap<string, ServicePort | undefined>): string[] {
  const { table } = options
  const before = merge([...changes.keys()].flatMap(name => current.get(name) ?? []).map(port => objectsOf(port, options)))
  const after = merge([...changes.values()].flatMap(port => port ?? []).map(port => objectsOf(port, options)))
  const isKept = (name: string) => before.chains.get(name)?.join('\n') === after.chains.get(name)?.join('\n')
  const changedChains = [...after.chains].filter(([name]) => !isKept(name))
  const goneChains = [...before.chains.keys()].filter(name => !after.chains.has(name))
  const goneSets = [...before.sets.keys()].filter(name => !after.sets.has(name))
  return [
    ...[...before.elements].filter(([key, verdict]) => after.elements.get(key) !== verdict).map(([key]) => `delete element ip ${table} ${elementText(key)}`),
    ...[...after.sets].filter(([name]) => !before.sets.has(name)).map(([name, seconds]) => `add set ip ${table} ${name} ${affinitySet(seconds)}`),
    ...changedChains.flatMap(([name]) => (before.chains.has(name) ? [`flush chain ip ${table} ${name}`] : [`add chain ip ${table} ${name}`])),
    ...changedChains.flatMap(([name, rules]) => rules.map(rule => `add rule ip ${table} ${name} ${rule}`)),
    ...[...after.elements]
      .filter(([key, verdict]) => before.elements.get(key) !== verdict)
      .map(([key, verdict]) => `add element ip ${table} ${elementText(key, verdict)}`),
    ...goneChains.map(name => `flush chain ip ${table} ${name}`),
    ...goneChains.map(name => `delete chain ip ${table} ${name}`),
    ...goneSets.map(name => `delete set ip ${table} ${name}`),
  ]
}

function objectsOf(port: ServicePort, options: NftablesOptions): PortObjects {
  const { name, protocol, clusterIP, port: number, internal, external, externalAddresses, nodePort } = port
  const id = name.replace(':', '/')
  const elements = new Map<string, string>()
  const chains = new Map<string, readonly string[]>()
  const sets = new Map<string, number>()
  const lead = (map: 'ips' | 'ports', key: string, destination: Destination, chain: string) => {
    if (destination.is === 'targets') elements.set(`service-${map} ${key}`, `goto ${chain}`)
    else elements.set(`refused-${map} ${key}`, destination.is === 'drop' ? 'drop' : 'goto refuse')
  }
  const isReachedFromOutside = externalAddresses.length > 0 || nodePort !== undefined
  if (internal.is === 'targets') addService(port, `service/${id}`, internal.targets, chains, sets)
  lead('ips', `${clusterIP} . ${protocol} . ${number}`, internal, `service/${id}`)
  if (isReachedFromOutside) {
    if (external.is === 'targets') chains.set(`external/${id}`, externalRules(port, `service/${id}`, external.targets, options))
    for (const address of externalAddresses) lead('ips', `${address} . ${protocol} . ${number}`, external, `external/${id}`)
    if (nodePort !== undefined) lead('ports', `${protocol} . ${nodePort}`, external, `external/${id}`)
  }
  return { elements, chains, sets }
}

/** Without affinity one rule does it all. With it, each target has a chain and a set of the clients that went there. */
function addService(
  { protocol, affinitySeconds }: ServicePort,
  chain: string,
  targets: readonly Target[],
  chains: Map<string, readonly string[]>,
  sets: Map<string, number>,
): void {
  if (affinitySeconds === undefined) return void chains.set(chain, [dnatRule(protocol, targets)])
  const own = targets.map(target => ({ target, chain: `${chain}/${target.address}/${target.port}`, set: `${chain}/${target.address}/${target.port}/clients` }))
  for (const { target, chain: targetChain, set } of own) {
    sets.set(set, affinitySeconds)
    chains.set(targetChain, [`update @${set} { ip saddr }`, dnatRule(protocol, [target])])
  }
  const choice = own.map(({ chain: targetChain }, index) => `${index} : goto ${targetChain}`).join(', ')
  chains.set(chain, [...own.map(({ chain: targetChain, set }) => `ip saddr @${set} goto ${targetChain}`), `numgen random mod ${own.length} vmap { ${choice} }`])
}

function externalRules({ protocol, keepsSource, internal }: ServicePort, serviceChain: string, targets: readonly Target[], { podCidr }: NftablesOptions) {
  const mark = `meta mark set meta mark or ${MASQUERADE_MARK}`
  if (!keepsSource) return internal.is === 'targets' ? [mark, `goto ${serviceChain}`] : [mark, dnatRule(protocol, targets)]
  const inside = internal.is === 'targets' ? [`ip saddr ${podCidr} goto ${serviceChain}`, `fib saddr type local ${mark} goto ${serviceChain}`] : []
  return [...inside, dnatRule(protocol, targets)]
}

function dnatRule(protocol: string, targets: readonly Target[]): string {
  const [first] = targets
  if (targets.length === 1) return `meta l4proto ${protocol} dnat to ${first!.address}:${first!.port}`
  const choice = targets.map(({ address, port }, index) => `${index} : ${address} . ${port}`).join(', ')
  return `meta l4proto ${protocol} dnat ip to numgen random mod ${targets.length} map { ${choice} }`
}

const addressesOf = (port: ServicePort | undefined): Set<string> =>
  new Set(
    port ? [port.internal, port.external].flatMap(destination => (destination.is === 'targets' ? destination.targets.map(({ address }) => address) : [])) : [],
  )

const affinitySet = (seconds: number): string => `{ type ipv4_addr; flags dynamic, timeout; timeout ${seconds}s; }`

/** `service-ips 10.96.0.5 . tcp . 80` as nft wants it. */
function elementText(key: string, verdict?: string): string {
  const space = key.indexOf(' ')
  return `${key.slice(0, space)} { ${key.slice(space + 1)}${verdict === undefined ? '' : ` : ${verdict}`} }`
}

const merge = (parts: readonly PortObjects[]): PortObjects => ({
  elements: new Map(parts.flatMap(({ elements }) => [...elements])),
  chains: new Map(parts.flatMap(({ chains }) => [...chains])),
  sets: new Map(parts.flatMap(({ sets }) => [...sets])),
})
