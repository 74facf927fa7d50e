/** `poise timeline`: what happened to Pods, and when, on any cluster. */
import { writeFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { InvalidArgumentError, type Command } from 'commander'
import { stringify } from 'yaml'
import { parseLabelSelector } from '../api/label_selector.ts'
import { ApiError } from '../api/status.ts'
import { timelineModel } from '../timeline/model.ts'
import { renderTimelinePage } from '../timeline/page/render.ts'
import { drawSvg } from '../timeline/svg.ts'
import { drawText } from '../timeline/text.ts'
import { connectToChosen, explainRequest } from './connection.ts'
import type { Cli } from './main.ts'
import { checkedName, duration } from './options.ts'
import { UserError } from './output.ts'
import { readPageAssets } from './page_assets.ts'
import { followTimelines } from './timeline_follow.ts'
import { chosen, filterFor, TIMELINE_FORMATS, type Question, type TimelineFormat, type TimelineOptions } from './timeline_question.ts'
import { HOW_REBUILT, readTimelines, type ReadTimelines } from './timeline_source.ts'
import { explainNothing, parseTargets } from './timeline_target.ts'
import { terminalOf } from './terminal.ts'

export function addTimelineCommand(program: Command, cli: Cli): void {
  program
    .command('timeline')
    .description('what happened to Pods, and when: of this or of any cluster')
    .argument('[what...]', 'pod/x, deploy/x, rs/x, sts/x, ds/x, job/x or svc/x (default: all Pods of the namespace)')
    .option('-n, --namespace <name>', "the namespace (default: the context's)")
    .option('-A, --all-namespaces', 'all namespaces', false)
    .option('-l, --selector <labels>', 'Pods with these labels: app=web,tier!=cache', checkedSelector)
    .option('-f, --follow', 'go on: redraw on a terminal, else print a line for each thing that has ended', false)
    .option('--since <duration>', 'only Pods to which something happened since then: 10m', duration)
    .option('-o, --output <format>', 'text, json, yaml, svg or html (default: what the name of --output-file says, else text)', checkedFormat)
    .option('--output-file <file>', 'write it there')
    .option('--wide', 'every Pod in detail, and every span with its instants', false)
    .option('--ascii', 'no characters but those of ASCII', false)
    .option('--context <name>', 'the context of the kubeconfig (default: the current one)')
    .option('--kubeconfig <file>', 'this kubeconfig and no other')
    .option('--name <name>', "a cluster of Poise's", checkedName)
    .action(async (words: string[], options: TimelineOptions) => {
      const targets = parseTargets(words)
      const format = formatOf(options)
      if (options.follow && (format === 'svg' || format === 'html' || format === 'yaml' || options.outputFile)) {
        throw new UserError(`--follow goes with the outputs text and json on standard output`, { next: 'Leave it out, and draw once.', exitCode: 2 })
      }
      if (options.allNamespaces && targets.length > 0)
        throw new UserError('one cannot name an object and ask for all namespaces', {
          next: 'Say which namespace with -n, or select by labels with -l.',
          exitCode: 2,
        })
      const connection = await connectToChosen(cli.env, options)
      const namespace = options.allNamespaces ? undefined : (options.namespace ?? connection.namespace)
      try {
        const question = { connection, targets, namespace, options }
        await (options.follow ? followTimelines(cli, question, format) : drawOnce(cli, question, format))
      } catch (error) {
        throw explainRequest(error, connection)
      } finally {
        connection.close()
      }
    })
}

async function drawOnce(cli: Cli, question: Question, format: TimelineFormat): Promise<void> {
  const { output } = cli
  const { options, namespace } = question
  const read = await readTimelines(question.connection.client, {
    ...(namespace !== undefined && { namespace }),
    ...(options.selector && { labelSelector: options.selector }),
  })
  const timelines = chosen(read.timelines, await filterFor(question), options.since)
  if (timelines.length === 0 && question.targets.length > 0 && options.since === undefined) {
    throw await explainNothing(question.connection.client, namespace ?? '', question.targets, read.timelines)
  }
  if (!read.isRecorded && timelines.length > 0) output.note(HOW_REBUILT)
  for (const blindSpot of read.blindSpots) output.note(blindSpot)
  if (timelines.length === 0 && format === 'text') {
    const since = options.since === undefined ? '' : ' to which anything happened in that time'
    return output.note(`No Pods${namespace === undefined ? '' : ` in namespace ${namespace}`}${since}.`)
  }
  const text = render(cli, question, format, { ...read, timelines })
  if (options.outputFile === undefined) {
    if (cli.interactive && (format === 'html' || format === 'svg')) {
      throw new UserError(`a terminal cannot show ${format}`, { next: `Write it to a file: --output-file timeline.${format}`, exitCode: 2 })
    }
    return output.result(text)
  }
  await writeFile(options.outputFile, text.endsWith('\n') ? text : `${text}\n`).catch((error: Error) => {
    throw new UserError(`the timeline could not be written: ${error.message}`, { next: 'Name a file in a directory that exists, with --output-file.' })
  })
  output.note(`Timeline (${format}) in ${options.outputFile}`)
}

function render(cli: Cli, question: Question, format: TimelineFormat, { timelines, isRecorded, blindSpots }: ReadTimelines): string {
  const list = { apiVersion: 'timeline.poise.dev/v1alpha1', kind: 'PodTimelineList', metadata: {}, items: timelines }
  const options = { nowWallMs: Date.now() }
  switch (format) {
    case 'json':
      return JSON.stringify(list, null, 2)
    case 'yaml':
      return stringify(list)
    case 'html':
      return renderTimelinePage(
        { title: titleOf(question), notes: [...(isRecorded ? [] : [HOW_REBUILT]), ...blindSpots], runs: [{ name: 'Pods', timelines, marks: [], ...options }] },
        readPageAssets(),
      )
    case 'svg':
      return drawSvg(timelineModel(timelines, options), { title: titleOf(question) })
    case 'text':
      return drawText(timelineModel(timelines, options), { ...terminalOf(cli, question.options), wide: question.options.wide })
  }
}

function titleOf({ targets, namespace, connection }: Question): string {
  const what = targets.map(({ kind, name }) => `${kind.kind} ${name}`).join(', ') || 'Pods'
  return `${what}${namespace === undefined ? '' : ` in ${namespace}`} (${connection.context})`
}

function formatOf({ output, outputFile = '' }: TimelineOptions): TimelineFormat {
  const extension = extname(outputFile).slice(1).replace(/^yml$/, 'yaml').replace(/^htm$/, 'html')
  return output ?? TIMELINE_FORMATS.find(format => format === extension) ?? 'text'
}

function checkedFormat(text: string): TimelineFormat {
  const format = TIMELINE_FORMATS.find(one => one === text)
  if (!format) throw new InvalidArgumentError(`use ${TIMELINE_FORMATS.join(', ')}.`)
  return format
}

function checkedSelector(text: string): string {
  try {
    parseLabelSelector(text)
    return text
  } catch (error) {
    throw new InvalidArgumentError(error instanceof ApiError || error instanceof Error ? error.message : String(error))
  }
}
