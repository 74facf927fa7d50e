/** Talks to a cluster of another process: as the user of a kubeconfig context, or as the administrator of one of Poise's own. */
import { readFile } from 'node:fs/promises'
import { isReason } from '../api/status.ts'
import { NetworkError } from '../base/network.ts'
import { createClient } from '../client/api_client.ts'
import type { Client } from '../client/client.ts'
import { readClusterRecord } from '../host/cluster_record.ts'
import { connectToContext, type ContextConnection } from '../host/context_connection.ts'
import { clusterDirectories } from '../host/directories.ts'
import { createHttpsTransport } from '../host/http/https_transport.ts'
import { connectionOf } from '../host/kubeconfig.ts'
import { UserError } from './output.ts'

export async function connectFromKubeconfig(file: string): Promise<{ client: Client; close(): void }> {
  const { transport, close } = createHttpsTransport(connectionOf(await readFile(file, 'utf8')))
  return { client: createClient(transport), close }
}

/** Which cluster the user means. */
export interface ClusterChoice {
  readonly context?: string | undefined
  readonly kubeconfig?: string | undefined
  /** Of a cluster of Poise's. */
  readonly name?: string | undefined
}

/** By `--name`, else by kubectl's rules. Throws UserError and KubeconfigError, which say what to do next. */
export async function connectToChosen(
  env: Readonly<Record<string, string | undefined>>,
  { context, kubeconfig, name }: ClusterChoice,
): Promise<ContextConnection> {
  if (name === undefined) return connectToContext({ env, context, kubeconfig })
  if (context !== undefined || kubeconfig !== undefined) {
    throw new UserError('--name means a cluster of Poise, and --context and --kubeconfig mean any', { next: 'Give one of them.', exitCode: 2 })
  }
  const directories = clusterDirectories(env, name)
  const found = await readClusterRecord(directories.record)
  if (!found?.running) throw new UserError(`no cluster "${name}" is running`, { next: `Start it with: poise up --name ${name}` })
  return connectToContext({ env, kubeconfig: directories.kubeconfig })
}

/** What a request to somebody's cluster failed with, as a sentence and a next step; anything else as it is. */
export function explainRequest(error: unknown, { context, server }: Pick<ContextConnection, 'context' | 'server'>): unknown {
  if (error instanceof NetworkError) {
    const next = error.code === 'Tls' ? 'Mend the certificate authority of the context' : 'See whether the cluster runs, or choose another with --context'
    return new UserError(`the cluster of context ${context} (${server}) cannot be reached: ${error.message}`, { next: `${next}.` })
  }
  if (isReason(error, 'Unauthorized'))
    return new UserError(`the cluster of context ${context} does not take its credentials`, { next: 'Log in to the cluster again.' })
  if (isReason(error, 'Forbidden')) {
    return new UserError(`the user of context ${context} may not do this: ${(error as Error).message}`, {
      next: 'Ask for the right to do it (see: kubectl auth can-i --list), or choose another --context.',
    })
  }
  return error
}
