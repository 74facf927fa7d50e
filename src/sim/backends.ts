import type { BackendAddress, Backends } from '../apiserver/subresources/workload_proxy.ts'
import { encodeText } from '../base/bytes.ts'
import type { Network } from '../base/network.ts'
import type { Request } from '../base/transport.ts'

const BODY_BYTES_MAX = 10 * 1024 * 1024
const TIMEOUT_MS = 30_000

/** The API's proxies into the simulated network. Its servers read no bodies. */
export const createSimulatedBackends =
  (network: Network): Backends =>
  async ({ scheme, host, port }: BackendAddress, { method, path, query, headers, signal }: Request) => {
    const reply = await network.http({
      scheme,
      host,
      port,
      method,
      path: query.size > 0 ? `${path}?${query.toString()}` : path,
      headers: Object.entries(headers).flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]])),
      bodyBytesMax: BODY_BYTES_MAX,
      timeoutMs: TIMEOUT_MS,
      signal,
    })
    return { status: reply.status, headers: reply.headers, body: { is: 'bytes', bytes: encodeText(reply.body) } }
  }
