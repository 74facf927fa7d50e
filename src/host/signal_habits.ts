/**
 * What the first process of a container would do with the signal that stops it: read from the kernel, which knows for every
 * process what it catches, and nothing is sent.
 */
import { readFile } from 'node:fs/promises'
import { constants } from 'node:os'
import { createCriClient } from './cri/client.ts'
import { ContainerStatusRequest, ContainerStatusResponse, ImageStatusRequest, ImageStatusResponse } from './cri/messages.ts'

export interface FirstProcess {
  /** TERM, QUIT, as the image has it. */
  readonly stopSignal: string
  /** Undefined: it has ended, or nobody could look. */
  readonly isCaught: boolean | undefined
  readonly command: readonly string[]
}

const CALL_MS = 5_000
const DEFAULT_SIGNAL = 'TERM'

/** Of running containers, by their ids; those that have ended meanwhile are left out. */
export async function readSignalHabits(socketPath: string, containerIds: readonly string[]): Promise<ReadonlyMap<string, FirstProcess>> {
  const client = createCriClient(socketPath)
  const limits = { timeoutMs: CALL_MS }
  const read = async (containerId: string): Promise<[string, FirstProcess] | undefined> => {
    const container = await client.call(
      '/runtime.v1.RuntimeService/ContainerStatus',
      ContainerStatusRequest,
      ContainerStatusResponse,
      { containerId, verbose: true },
      limits,
    )
    const { pid } = JSON.parse(container.info['info'] ?? '{}') as { pid?: number }
    if (!pid) return undefined
    const image = await client.call(
      '/runtime.v1.ImageService/ImageStatus',
      ImageStatusRequest,
      ImageStatusResponse,
      { image: { image: container.status?.imageRef ?? '' }, verbose: true },
      limits,
    )
    const { imageSpec } = JSON.parse(image.info['info'] ?? '{}') as { imageSpec?: { config?: { StopSignal?: string } } }
    const stopSignal = (imageSpec?.config?.StopSignal || DEFAULT_SIGNAL).replace(/^SIG/, '')
    const [status, commandLine] = await Promise.all([readFile(`/proc/${pid}/status`, 'utf8'), readFile(`/proc/${pid}/cmdline`, 'utf8')])
    // A process that has ended and was not waited for has neither.
    if (commandLine === '') return undefined
    return [containerId, { stopSignal, isCaught: isHeard(status, stopSignal), command: commandLine.replace(/\0$/, '').split('\0') }]
  }
  try {
    const found = await Promise.all(containerIds.map(id => read(id).catch(() => undefined)))
    return new Map(found.flatMap(entry => (entry ? [entry] : [])))
  } finally {
    client.close()
  }
}

/**
 * From /proc/PID/status. Without a handler a signal ends a process, except the first one of a pid namespace: for that one the
 * kernel drops it. (Where containers share their processes, the first is the sandbox's.) A program may still catch a signal and
 * come to nothing: Node.js without a listener of its own does so, and then asks for the end that the kernel does not give it.
 */
export function isHeard(status: string, stopSignal: string): boolean | undefined {
  const number = numberOf(stopSignal)
  const caught = maskIn(status, 'SigCgt')
  const ignored = maskIn(status, 'SigIgn')
  const numbers = /^NSpid:\s*(.*)$/m.exec(status)?.[1]?.split(/\s+/)
  if (number === undefined || caught === undefined || ignored === undefined || !numbers) return undefined
  const bit = 1n << BigInt(number - 1)
  if ((caught & bit) !== 0n) return true
  if ((ignored & bit) !== 0n) return false
  return numbers.at(-1) !== '1'
}

const maskIn = (status: string, name: string): bigint | undefined => {
  const digits = new RegExp(`^${name}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1]
  return digits === undefined ? undefined : BigInt(`0x${digits}`)
}

function numberOf(signal: string): number | undefined {
  if (/^\d+$/.test(signal)) return Number(signal)
  const realTime = /^RTMIN(?:\+(\d+))?$/.exec(signal)
  if (realTime) return REAL_TIME_FIRST + Number(realTime[1] ?? 0)
  return (constants.signals as Readonly<Record<string, number>>)[`SIG${signal}`]
}

/** As programs count them: the C library keeps the two before for itself. */
const REAL_TIME_FIRST = 34
