/** What a node is short of, in words that its user can act on: the node's own conditions are Kubernetes' and say little. */
import { statfs } from 'node:fs/promises'
import { Node } from '../api/kinds/node.ts'
import type { Client } from '../client/client.ts'
import type { Output } from './output.ts'

export interface Pressure {
  readonly node: string
  /** `DiskPressure`. */
  readonly condition: string
  /** What it means here, and what to do. */
  readonly advice: string
}

/** @param directory where the cluster has its files */
export async function readPressures(client: Client, directory: string): Promise<Pressure[]> {
  const [{ items }, { bavail, bsize }] = await Promise.all([client.list(Node), statfs(directory)])
  return describePressures(items, directory, bavail * bsize)
}

/** Before the first command is tried. Whoever cannot be asked is left alone: what comes next will say why. */
export async function tellPressures(output: Output, client: Client, directory: string): Promise<void> {
  for (const { advice } of await readPressures(client, directory).catch(() => [])) output.note(advice)
}

export const describePressures = (nodes: readonly Node[], directory: string, freeBytes: number): Pressure[] =>
  nodes.flatMap(({ metadata: { name = '' }, status }) =>
    (status?.conditions ?? []).flatMap(({ type, status: holds }) => {
      const advice = holds === 'True' ? ADVICE[type] : undefined
      return advice ? [{ node: name, condition: type, advice: `Node ${name} is short of ${advice(directory, freeBytes)}` }] : []
    }),
  )

const AGAIN = 'It looks every 10 s, and takes Pods again five minutes after it last was short.'

const ADVICE: Readonly<Record<string, (directory: string, freeBytes: number) => string>> = {
  MemoryPressure: () =>
    `memory: it takes only Pods that ask for memory, and evicts those that use more than they asked for. Next: end what you do not need on this machine. ${AGAIN}`,
  DiskPressure: (directory, freeBytes) =>
    `disk: ${gibibytes(freeBytes)} are left where ${directory} is. It takes no Pods, removes images that can be pulled again, and then evicts Pods. Next: make room there. ${AGAIN}`,
  PIDPressure: () => `processes: it takes no Pods, and evicts those it has. Next: end what you do not need on this machine. ${AGAIN}`,
}

const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`
