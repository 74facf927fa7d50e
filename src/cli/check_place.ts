/**
 * Where a check happens, and the words that mean nothing there: they are refused, so that nobody takes them for heeded.
 *
 *   --static  ▷  --simulate or --replay  ▷  --context or --kubeconfig  ▷  a throw-away cluster
 */
import type { Command } from 'commander'
import { isSomebodyElses } from './check_site.ts'
import type { CheckOptions } from './check_options.ts'
import type { SimulateOptions } from './check_simulate.ts'
import { UserError } from './output.ts'

export type CheckPlace = 'manifests' | 'simulation' | 'context' | 'throw-away cluster'

type Name = keyof (CheckOptions & SimulateOptions)

const OF_A_SIMULATION: readonly Name[] = ['seeds', 'models', 'propagation']
const OF_A_CLUSTER: readonly Name[] = ['context', 'kubeconfig', 'url', 'keep', 'runtime', 'imageArchive', 'repeat']
const OF_A_LOAD: readonly Name[] = [
  'rollout',
  'workload',
  'service',
  'clients',
  'path',
  'rate',
  'warmUp',
  'settle',
  'timeout',
  'requestTimeout',
  'slow',
  'nodes',
  'seed',
  'namespace',
]

const MEANINGLESS: Readonly<Record<CheckPlace, { readonly names: readonly Name[]; readonly to: string; readonly next: string }>> = {
  manifests: { names: ['simulate', 'replay', ...OF_A_CLUSTER, ...OF_A_LOAD], to: '--static', next: 'Nothing is run there: leave one of the two out.' },
  simulation: {
    names: OF_A_CLUSTER,
    to: '--simulate',
    next: 'A simulation has clusters of its own, without containers: leave one of the two out.',
  },
  context: { names: ['runtime', 'nodes', 'imageArchive', 'seed'], to: 'a cluster that is there already', next: 'Leave it out, or leave --context out.' },
  'throw-away cluster': { names: ['url'], to: 'a throw-away cluster', next: 'Name the cluster that it leads to with --context.' },
}

/** Throws a UserError for a word that would not be heeded there. */
export function placeOf(options: CheckOptions & SimulateOptions, command: Command): CheckPlace {
  const place = chosenPlace(options)
  const given = (names: readonly Name[]) => {
    const found = names.find(name => command.getOptionValueSource(name) === 'cli')
    return found && command.options.find(option => option.attributeName() === found)!.long
  }
  const alone = place === 'simulation' ? undefined : given(OF_A_SIMULATION)
  if (alone) throw new UserError(`${alone} is about a simulation`, { next: `Add --simulate, or leave ${alone} out.` })
  if (place !== 'manifests' && given(['failOn']))
    throw new UserError('--fail-on is about manifests that are only read', { next: 'Add --static, or leave it out.' })
  const { names, to, next } = MEANINGLESS[place]
  const idle = given(names)
  if (idle) throw new UserError(`${to} does not go with ${idle}`, { next })
  return place
}

function chosenPlace(options: CheckOptions & SimulateOptions): CheckPlace {
  if (options.static) return 'manifests'
  if (options.simulate || options.replay !== undefined) return 'simulation'
  return isSomebodyElses(options) ? 'context' : 'throw-away cluster'
}
