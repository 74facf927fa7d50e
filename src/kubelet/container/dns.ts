/** Name resolution of a Pod: what its /etc/resolv.conf says (behaviour 9.6), and what did not fit into it. */
import type { Pod } from '../../api/kinds/pod.ts'
import type { PodSandboxConfig } from '../../runtime/runtime.ts'
import type { KubeletContext } from '../context.ts'

export interface PodDns {
  readonly dns: NonNullable<PodSandboxConfig['dns']>
  /** For Events with reason DNSConfigForming. */
  readonly complaints: readonly string[]
}

/** Of resolvers: what is beyond these they ignore, or worse. */
const SERVERS_MAX = 3
const SEARCHES_MAX = 32
const SEARCH_CHARACTERS_MAX = 2048
const DOMAIN_CHARACTERS_MAX = 253

export function podDns(context: Pick<KubeletContext, 'clusterDns' | 'clusterDomain' | 'machine'>, pod: Pod): PodDns {
  const config = pod.spec.dnsConfig ?? {}
  const base = baseOf(context, pod)
  const wantedServers = [...new Set([...base.servers, ...(config.nameservers ?? [])])]
  const wantedSearches = [...new Set([...base.searches, ...(config.searches ?? [])])]
  const servers = wantedServers.slice(0, SERVERS_MAX)
  const searches = fittingSearches(wantedSearches)
  const named = (config.options ?? []).map(({ name = '', value }) => (value === undefined ? name : `${name}:${value}`))
  const overridden = new Set((config.options ?? []).map(({ name }) => name))
  return {
    dns: { servers, searches, options: [...base.options.filter(option => !overridden.has(option.split(':')[0])), ...named] },
    complaints: [
      ...(servers.length < wantedServers.length
        ? [`Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${servers.join(' ')}`]
        : []),
      ...(searches.length < wantedSearches.length
        ? [`Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${searches.join(' ')}`]
        : []),
    ],
  }
}

function baseOf({ clusterDns, clusterDomain, machine }: Pick<KubeletContext, 'clusterDns' | 'clusterDomain' | 'machine'>, pod: Pod): PodDns['dns'] {
  const policy = effectivePolicy(pod)
  if (policy === 'None') return { servers: [], searches: [], options: [] }
  if (policy === 'Default' || clusterDns.length === 0) return machine.dns
  return {
    servers: clusterDns,
    searches: [`${pod.metadata.namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain, ...machine.dns.searches],
    options: ['ndots:5'],
  }
}

/** On the machine's network the machine's resolver is used, unless cluster DNS is asked for by name. */
function effectivePolicy({ spec }: Pod): 'None' | 'Default' | 'ClusterFirst' {
  if (spec.dnsPolicy === 'None' || spec.dnsPolicy === 'Default') return spec.dnsPolicy
  if (spec.dnsPolicy === 'ClusterFirstWithHostNet') return 'ClusterFirst'
  return spec.hostNetwork ? 'Default' : 'ClusterFirst'
}

/** The first ones, as many as fit on the line. */
function fittingSearches(wanted: readonly string[]): string[] {
  const fitting: string[] = []
  let characters = -1
  for (const domain of wanted.slice(0, SEARCHES_MAX).filter(name => name.length <= DOMAIN_CHARACTERS_MAX)) {
    characters += domain.length + 1
    if (characters > SEARCH_CHARACTERS_MAX) break
    fitting.push(domain)
  }
  return fitting
}
