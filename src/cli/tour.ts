/**
 * `poise tour`, and `npm start`: a Pod from its creation to its end, told as it happens.
 */
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { parseAllDocuments } from 'yaml'
import { Event } from '../api/kinds/event.ts'
import { Pod } from '../api/kinds/pod.ts'
import { summarizePod } from '../api/kinds/pod_columns.ts'
import { Service } from '../api/kinds/service.ts'
import { isReady } from '../api/pod.ts'
import { createCache } from '../client/reflector.ts'
import { describeImages, provideTourImages } from '../launch/tour_images.ts'
import type { RealCluster } from '../launch/real_cluster.ts'
import type { Cli } from './main.ts'
import { contextName, duration, nameOption } from './options.ts'
import { UserError } from './output.ts'
import { start, type UpOptions } from './start.ts'
import { listenForStop } from './stop_signal.ts'
import { parseRuntimeChoice } from '../launch/runtimes.ts'

const POD = { namespace: 'default', name: 'myapp-pod' }
/** Long enough to see that an init container really waits. */
const LOOK_MS = 1_500
const PATIENCE_MS = 60_000

export function addTourCommand(program: Command, cli: Cli): void {
  nameOption(program.command('tour'), { ...cli.env, POISE_CLUSTER_NAME: cli.env['POISE_CLUSTER_NAME'] ?? 'tour' })
    .description('see a Pod wait, start, run and leave gracefully')
    .option('--runtime <runtime>', 'auto, containerd or simulated', 'auto')
    .option('--wait <duration>', 'how long to wait for each stage', duration, PATIENCE_MS)
    .action(async ({ name, runtime, wait }: { name: string; runtime: string; wait: number }) => {
      const choice = parseRuntimeChoice(runtime)
      if (!choice) throw new UserError(`${JSON.stringify(runtime)} is not a runtime`, { next: 'Use auto, containerd or simulated.', exitCode: 2 })
      const options: UpOptions = {
        name,
        runtime: choice,
        store: 'memory',
        port: 0,
        address: '127.0.0.1',
        kubeconfig: undefined,
        switchContext: cli.interactive,
        detach: false,
        waitMs: wait,
        logLevel: 'info',
      }
      const stopping = listenForStop()
      const { cluster, stop } = await start(cli, options, stopping)
      try {
        const interrupted = stopping.asked.then(() => {
          throw new UserError('the tour was interrupted', { exitCode: 130 })
        })
        // Awaited only while the tour goes on; afterwards Ctrl-C is the way to end.
        interrupted.catch(() => undefined)
        await Promise.race([tour(cli, cluster, wait), interrupted])
        if (cli.interactive) {
          cli.output.result(
            `\nThe cluster stays up. In another terminal:\n\n  kubectl --context ${contextName(name)} get pods --watch\n  kubectl --context ${contextName(name)} apply -f examples/tour/pod.yaml -f examples/tour/services.yaml\n\nPress Ctrl-C to stop it.`,
          )
          await stopping.asked
        }
      } finally {
        await stop()
      }
    })
}

async function tour({ output }: Cli, cluster: RealCluster, patienceMs: number): Promise<void> {
  const { client, host, runtime } = cluster
  await provideTourImages(runtime, output.note)
  const story = createStory(output.result)
  output.result(`\nA Pod's life, on ${describeImages(runtime)}\n`)

  const pods = createCache(host, client, Pod, { namespace: POD.namespace })
  const events = createCache(host, client, Event, { namespace: POD.namespace })
  await Promise.all([pods.synced, events.synced])
  const stages = pods.onChange(({ object }) => object && story.stage(object))
  const said = events.onChange(({ object, previous }) => {
    if (object && !previous && object.involvedObject.name === POD.name) story.event(object)
  })
  const reaches = (what: string, holds: (pod: Pod | undefined) => boolean) => until(pods, what, patienceMs, holds)
  try {
    const [pod, ...services] = [...(await manifest('pod.yaml')), ...(await manifest('services.yaml'))]
    story.say('you', 'create a Pod with two init containers that wait for Services')
    await client.create(Pod, namespaced(pod))
    await reaches('the first init container to run', now => now?.status.initContainerStatuses?.[0]?.state?.running !== undefined)
    await pause(LOOK_MS)
    for (const service of services) {
      story.say('you', `create Service ${service.metadata.name}`)
      await client.create(Service, namespaced(service))
      const index = services.indexOf(service)
      await reaches(`init container ${index + 1} to end`, now => now?.status.initContainerStatuses?.[index]?.state?.terminated !== undefined)
    }
    await reaches('the Pod to be Ready', now => now !== undefined && isReady(now))
    story.say('', 'the Pod is Ready')
    await pause(LOOK_MS)
    story.say('you', 'delete the Pod (grace period 30 s)')
    await client.delete(Pod, POD)
    await reaches('the Pod to be gone', now => now === undefined)
    story.say('', 'the Pod is gone: preStop first, then TERM, and no KILL was needed')
    await Promise.all(services.map(service => client.delete(Service, { namespace: POD.namespace, name: service.metadata.name })))
    await pause(100)
  } finally {
    stages.stop()
    said.stop()
    pods.stop()
    events.stop()
  }
}

/** Prints what happens, with the seconds since the beginning. */
function createStory(print: (line: string) => void) {
  const beginning = performance.now()
  let lastStage = ''
  const line = (who: string, what: string) => print(`${((performance.now() - beginning) / 1000).toFixed(3).padStart(8)} s  ${who.padEnd(12)} ${what}`)
  return {
    say: line,
    stage(pod: Pod) {
      const { ready, total, status } = summarizePod(pod)
      const stage = `${status}  (${ready}/${total} ready)`
      if (stage !== lastStage) line('kubectl get', stage)
      lastStage = stage
    },
    event: ({ source, reportingComponent, reason, message }: Event) => line(source?.component || reportingComponent || '', `${reason}: ${message}`),
  }
}

async function until(
  pods: { get(key: typeof POD): Pod | undefined; onChange(listener: () => void): { stop(): void } },
  what: string,
  patienceMs: number,
  holds: (pod: Pod | undefined) => boolean,
): Promise<void> {
  let listening: { stop(): void } | undefined
  let timer: NodeJS.Timeout | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(
        () =>
          reject(
            new UserError(`waited ${patienceMs / 1000} s for ${what}`, { next: 'The last lines above say how far it came; the log (poise info) says more.' }),
          ),
        patienceMs,
      )
      const look = () => {
        if (holds(pods.get(POD))) resolve()
      }
      listening = pods.onChange(look)
      look()
    })
  } finally {
    clearTimeout(timer)
    listening?.stop()
  }
}

const pause = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))

const EXAMPLES = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'examples', 'tour')

async function manifest(file: string): Promise<{ metadata: { name: string } }[]> {
  return parseAllDocuments(await readFile(join(EXAMPLES, file), 'utf8')).map(document => document.toJS() as { metadata: { name: string } })
}

const namespaced = <T extends { metadata: object }>(object: T | undefined): never =>
  ({ ...object, metadata: { ...object?.metadata, namespace: POD.namespace } }) as never
