/**
 * What Pods reach by cluster IP although no Pod serves it: the API server and the name server.
 *
 *   10.96.0.1:443  ─▶ rules for Service traffic ─▶ 10.244.0.1:6443  the API server
 *   10.96.0.10:53  ─▶            "              ─▶ 10.244.0.1:53    the name server
 *
 * They listen on the machine's end of the Pod network, which is of this machine only.
 */
import { keyText } from '../api/meta.ts'
import type { Host } from '../base/host.ts'
import { createEventRecorder } from '../client/events.ts'
import { API_PORT, DNS_PORT } from '../cluster/built_in_services.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { controllerManagerUser } from '../cluster/identities.ts'
import { startLoadBalancerController } from '../controllers/load_balancer.ts'
import { createDnsForward } from '../host/dns_forward.ts'
import { serveDns, type RespondDns } from '../host/dns_server.ts'
import type { RunningServer } from '../host/http/server.ts'
import { createLoopbackForwards } from '../host/loopback_forwards.ts'
import { loopbackForwards } from '../network/proxy/loopback.ts'

/** For programs on this machine: node ports at 127.0.0.1, and load balancers at addresses of their own. */
export function leadLoopback({
  host,
  cluster,
  nodeAddress,
  addresses,
}: {
  readonly host: Host
  readonly cluster: Pick<Cluster, 'services' | 'client'>
  readonly nodeAddress: string
  readonly addresses: readonly string[]
}): () => Promise<void> {
  const { services } = cluster
  const client = cluster.client(controllerManagerUser)
  const events = createEventRecorder(host, client, { component: 'service-controller' })
  const balancers = startLoadBalancerController(host, client, { services, addresses, events })
  const forwards = createLoopbackForwards(host.log.child({ component: 'loopback' }))
  const listener = services.onChange(({ key, object }) => void forwards.set(keyText(key), object ? loopbackForwards(object, nodeAddress) : []))
  return async () => {
    listener.stop()
    await balancers.stop()
    forwards.close()
  }
}

/** Resolves when both answer, to what ends them. */
export async function serveInside({
  host,
  address,
  listen,
  respond,
  nameServers,
}: {
  readonly host: Host
  /** Of the machine; see `setUpClusterNetwork`. */
  readonly address: string
  readonly listen: (address: string, port: number) => Promise<RunningServer>
  readonly respond: RespondDns
  /** The machine's own: asked for names outside of the cluster. */
  readonly nameServers: readonly string[]
}): Promise<() => Promise<void>> {
  const api = await listen(address, API_PORT)
  const dns = await serveDns(
    address,
    DNS_PORT,
    respond,
    host.log.child({ component: 'dns' }),
    nameServers.length > 0 ? createDnsForward(nameServers) : undefined,
  )
  return async () => {
    await dns.close()
    await api.close()
  }
}
