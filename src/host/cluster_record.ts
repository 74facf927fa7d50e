/** What runs, for other commands: written when a cluster is up, removed when it is stopped. */
import { readdir, readFile, rm } from 'node:fs/promises'
import { writeFileAtomically } from './atomic_file.ts'
import { processStart } from './process_start.ts'

export interface ClusterRecord {
  readonly name: string
  readonly pid: number
  /** Tells this process from a later one with the same number: ticks since boot at its start. */
  readonly startTicks: string
  readonly server: string
  readonly runtime: 'containerd' | 'simulated'
  /** In the order of the nodes; none, when containers are simulated. */
  readonly containerdSockets: readonly string[]
  /** `memory`, or the directory. */
  readonly store: string
  /** The user's files that may hold the cluster's context. */
  readonly kubeconfig: readonly string[]
  readonly version: string
  readonly nodes: readonly string[]
  readonly startedAt: string
}

export async function writeClusterRecord(file: string, record: Omit<ClusterRecord, 'pid' | 'startTicks'>): Promise<void> {
  const full: ClusterRecord = { ...record, pid: process.pid, startTicks: await processStart(process.pid) }
  await writeFileAtomically(file, `${JSON.stringify(full, null, 2)}\n`, 0o600)
}

/** The record and whether its process lives; undefined when no cluster of that name was ever left running. */
export async function readClusterRecord(file: string): Promise<{ record: ClusterRecord; running: boolean } | undefined> {
  try {
    const record = JSON.parse(await readFile(file, 'utf8')) as ClusterRecord
    return { record, running: record.pid > 0 && record.startTicks !== '' && (await processStart(record.pid)) === record.startTicks }
  } catch {
    return undefined
  }
}

export const removeClusterRecord = (file: string): Promise<void> => rm(file, { force: true })

export const listClusterNames = async (directory: string): Promise<string[]> =>
  (await readdir(directory, { withFileTypes: true }).catch(() => []))
    .filter(entry => entry.isDirectory())
    .map(entry => entry.name)
    .sort()
