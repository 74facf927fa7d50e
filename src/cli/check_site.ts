/** The site of a check: a throw-away cluster, or somebody's. */
import { isReason } from '../api/status.ts'
import { messageOf } from '../base/error_message.ts'
import { startContextSite } from '../check/context_site.ts'
import { CheckProblem } from '../check/problem.ts'
import { startRealSite } from '../check/real_site.ts'
import { startSimulatedSite } from '../check/simulated_site.ts'
import type { CheckSite } from '../check/site.ts'
import { inspectMachine, MachineNotReady } from '../host/containerd/machine.ts'
import type { ContextConnection } from '../host/context_connection.ts'
import { stateDirectory } from '../host/directories.ts'
import { createLog } from '../host/log.ts'
import type { CheckOptions } from './check_options.ts'
import { connectToChosen, explainRequest } from './connection.ts'
import type { Cli } from './main.ts'
import { splitNext } from './failure.ts'
import { explainFullDisk, makeStateDirectory } from './state_directory.ts'

/** The check runs on a cluster that is there already. A file alone means the current context in it. */
export const isSomebodyElses = ({ context, kubeconfig }: SiteWords): boolean => context !== undefined || kubeconfig !== undefined

/** What decides where a check happens. */
export type SiteWords = Pick<CheckOptions, 'runtime' | 'nodes' | 'imageArchive'> & Partial<Pick<CheckOptions, 'seed' | 'context' | 'kubeconfig' | 'url'>>

/**
 * Opens it, hands it to `use`, and closes it, whatever becomes of that.
 * @param images what containers of the check will need
 * @param signal ends the start of a cluster
 */
export async function onSite<T>(
  options: SiteWords,
  images: readonly string[],
  cli: Cli,
  signal: AbortSignal,
  use: (site: CheckSite) => Promise<T>,
): Promise<T> {
  const { output } = cli
  const isOurs = !isSomebodyElses(options)
  const started = output.step(isOurs ? `Starting a cluster with ${options.nodes === 1 ? 'one node' : `${options.nodes} nodes`}` : 'Connecting to the cluster')
  const site = await openSite(options, images, cli, signal).catch((error: unknown) => {
    started('failed')
    throw isOurs ? explainFullDisk(error, stateDirectory(cli.env)) : error
  })
  started()
  try {
    return await use(site)
  } finally {
    const done = isOurs ? output.step('Removing the cluster') : () => {}
    await site.close().then(
      () => done(),
      (error: unknown) => {
        done('failed')
        output.note(`What is left of the cluster: ${messageOf(error)}`)
      },
    )
  }
}

async function openSite(options: SiteWords, images: readonly string[], { env, output }: Cli, signal: AbortSignal): Promise<CheckSite> {
  const log = createLog({ level: 'error' })
  const { nodes, seed, imageArchive: imageArchives } = options
  if (isSomebodyElses(options)) return startContextSite({ connection: await connectAndAsk(env, options, signal), url: options.url, log })
  const because = await whySimulated(options)
  if (because === false) {
    await makeStateDirectory(stateDirectory(env))
    return startRealSite({ env, nodes, imageArchives, images, log, signal, ...(seed !== undefined && { seed }) })
  }
  if (imageArchives.length > 0) output.note('Images from archives are not needed where containers are simulated.')
  if (because) output.note(`Containers are simulated: ${because}`)
  return startSimulatedSite({ nodes, log, ...(seed !== undefined && { seed }), ...(because && { because }) })
}

/** Somebody's cluster, which has answered. */
async function connectAndAsk(env: Cli['env'], options: SiteWords, signal: AbortSignal): Promise<ContextConnection> {
  const connection = await connectToChosen(env, options)
  try {
    await connection.client.request({ method: 'GET', path: '/version', signal })
  } catch (error) {
    // Who may not ask for that may do the rest.
    if (isReason(error, 'Forbidden')) return connection
    connection.close()
    throw explainRequest(error, connection)
  }
  return connection
}

/** False: they are real. Otherwise why not, if nobody has asked for it. */
async function whySimulated({ runtime }: SiteWords): Promise<string | undefined | false> {
  if (runtime === 'simulated') return undefined
  try {
    await inspectMachine()
    return false
  } catch (error) {
    if (!(error instanceof MachineNotReady)) throw error
    const { what, next } = splitNext(error.message)
    if (runtime === 'containerd') throw new CheckProblem(what, next)
    return what
  }
}
