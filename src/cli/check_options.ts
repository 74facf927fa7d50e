/** The words of `poise check`: each is read into what the plan of a check needs. */
import { InvalidArgumentError, Option, type Command } from 'commander'
import { NODES_MAX } from '../host/address_ranges.ts'
import type { ClientKind } from '../check/observation.ts'
import type { CheckWords } from '../check/plan_check.ts'
import { parseRollout, type RolloutWords } from '../check/plan_change.ts'
import { parseServiceChoice, type ServiceChoice } from '../check/plan_entrance.ts'
import { SEVERITIES, type Severity } from '../check/static/rule.ts'
import { parseWorkload, type WorkloadName } from '../check/workload.ts'
import { collectOutputFile, parseReportFormat, REPORT_FORMATS, type OutputFile, type ReportFormat } from './check_outputs.ts'
import { duration } from './options.ts'

/** Of the throw-away cluster. auto: real containers where this machine can have them. */
const RUNTIMES = ['auto', 'containerd', 'simulated'] as const
export type CheckRuntime = (typeof RUNTIMES)[number]

export interface CheckOptions {
  filename: string[]
  recursive: boolean
  rollout?: RolloutWords
  workload?: WorkloadName
  service?: ServiceChoice
  clients?: readonly ClientKind[]
  path: string
  rate: number
  repeat: number
  warmUp: number
  settle: number
  timeout: number
  requestTimeout: number
  slow?: number
  runtime: CheckRuntime
  nodes: number
  imageArchive: string[]
  keep: boolean
  seed?: string
  static: boolean
  failOn: Severity
  context?: string
  kubeconfig?: string
  namespace?: string
  url?: string
  output: ReportFormat
  outputFile: OutputFile[]
}

export function checkOptions(command: Command): Command {
  return command
    .option('-f, --filename <file>', 'manifests: a file, a directory, or - for standard input; may be given again', collect, [])
    .option('-R, --recursive', 'directories with those below them', false)
    .addOption(
      new Option('--rollout <change>', 'restart, image=[CONTAINER=]IMAGE, delete, delete=all, scale=N or drain (default: restart)').argParser(checkedRollout),
    )
    .option('--workload <kind/name>', 'what is changed (default: what the Service with the widest entrance leads to)', checkedWorkload)
    .option('--service <name[:port]>', 'where the load goes in (default: the Service that selects the Pods)', checkedService)
    .option('--clients <kind>', 'new, keep-alive, both, or direct to the Pods of a headless Service (default: both)', checkedClients)
    .option('--path <path>', 'what is asked for', checkedPath, '/')
    .option('--rate <number>', 'requests in a second, from all clients together', checkedRate, 200)
    .option('--repeat <count>', 'how often the change is made', checkedRepeat, 1)
    .addOption(new Option('--warm-up <duration>', 'load before the change').argParser(duration).default(2_000, '2s'))
    .addOption(new Option('--settle <duration>', 'load after everything has settled').argParser(duration).default(2_000, '2s'))
    .addOption(
      new Option('--timeout <duration>', 'how long to wait for Pods to become ready, and for the change to end').argParser(duration).default(120_000, '2m'),
    )
    .addOption(new Option('--request-timeout <duration>', 'when a request counts as lost').argParser(duration).default(5_000, '5s'))
    .option('--slow <duration>', 'when a request counts as slow (default: a second, or ten times what is usual before the change)', duration)
    .option('--runtime <runtime>', 'auto, containerd or simulated', checkedRuntime, 'auto')
    .option('--nodes <count>', 'of the throw-away cluster', checkedNodes, 2)
    .option('--image-archive <file>', 'an archive with images (docker save); may be given again', collect, [])
    .option('--keep', 'leave the cluster, until Ctrl-C, to look at it', false)
    .option('--seed <text>', 'makes what is left to chance in the cluster come out the same again')
    .option('--static', 'run nothing: look for what breaks the rules of grace in the manifests', false)
    .option('--fail-on <severity>', 'with --static: from error, warning or note on it ends with 1', checkedSeverity, 'warning')
    .option('--context <name>', "check on this cluster of the kubeconfig, in a namespace of the check's own")
    .option('--kubeconfig <file>', 'where --context is looked up')
    .option('-n, --namespace <name>', 'use this namespace, and leave it as it is then')
    .option('--url <url>', 'with --context: where the load goes in', checkedUrl)
    .option('-o, --output <format>', REPORT_FORMATS.join(', '), checkedFormat, 'human')
    .option('--output-file <format=file>', 'write the report into a file as well; may be given again', collectOutputFile, [])
}

export const wordsOf = (options: CheckOptions): CheckWords => ({
  rollout: options.rollout,
  workload: options.workload,
  service: options.service,
  clients: options.clients,
  namespace: options.namespace,
  path: options.path,
  ratePerSecond: options.rate,
  repeat: options.repeat,
  warmUpMs: options.warmUp,
  settleMs: options.settle,
  timeoutMs: options.timeout,
  requestTimeoutMs: options.requestTimeout,
  slowMs: options.slow,
})

const collect = (value: string, before: string[]): string[] => [...before, ...value.split(',').filter(Boolean)]

/** Turns a parser that answers undefined into one that says what would have been understood. */
const checked =
  <T>(parse: (text: string) => T | undefined, hint: string) =>
  (text: string): T => {
    const value = parse(text)
    if (value === undefined) throw new InvalidArgumentError(hint)
    return value
  }

const within = (low: number, high: number) => (text: string) => {
  const number = Number(text)
  return text.trim() !== '' && Number.isInteger(number) && number >= low && number <= high ? number : undefined
}

const RATE_MAX = 10_000
/** None lost in so many says: in fewer than one of 260, and takes hours. What a report keeps of each is small then. */
const REPEAT_MAX = 1_000

const CLIENTS: Readonly<Record<string, readonly ClientKind[]>> = { new: ['new'], 'keep-alive': ['keep-alive'], both: ['new', 'keep-alive'], direct: ['direct'] }

const checkedRollout = checked(parseRollout, 'use restart, image=[CONTAINER=]IMAGE, delete, delete=all, scale=N or drain.')
const checkedWorkload = checked(parseWorkload, 'use KIND/NAME, such as deployment/web.')
const checkedService = checked(parseServiceChoice, 'use NAME or NAME:PORT.')
const checkedClients = checked(text => (Object.hasOwn(CLIENTS, text) ? CLIENTS[text] : undefined), 'use new, keep-alive, both or direct.')
const checkedPath = checked(text => (text.startsWith('/') ? text : undefined), 'a path begins with /.')
const checkedRate = checked(within(1, RATE_MAX), `use a number from 1 to ${RATE_MAX}.`)
const checkedRepeat = checked(within(1, REPEAT_MAX), `use a number from 1 to ${REPEAT_MAX}.`)
const checkedNodes = checked(within(1, NODES_MAX), `use a number from 1 to ${NODES_MAX}.`)
const checkedSeverity = checked(text => SEVERITIES.find(one => one === text), `use ${SEVERITIES.join(', ')}.`)
export const checkedRuntime = checked(text => RUNTIMES.find(one => one === text), `use ${RUNTIMES.join(', ')}.`)
const checkedUrl = checked(text => (/^https?:\/\/[^/]/.test(text) ? text.replace(/\/+$/, '') : undefined), 'use an address such as http://shop.example.com.')
const checkedFormat = checked(parseReportFormat, `use ${REPORT_FORMATS.join(', ')}.`)
