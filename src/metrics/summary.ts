/** Reads what a kubelet answers to `/stats/summary?only_cpu_and_memory=true`. Figures it leaves out are not there. */
import { decodeText } from '../base/bytes.ts'
import type { Response } from '../base/transport.ts'
import type { NodeReading, Reading } from './readings.ts'

interface Figures {
  readonly startTime?: string | null
  readonly cpu?: { readonly time: string; readonly usageCoreNanoSeconds?: number }
  readonly memory?: { readonly workingSetBytes?: number }
}

interface Summary {
  readonly node: Figures
  readonly pods?: readonly {
    readonly podRef: { readonly name: string; readonly namespace: string }
    readonly containers?: readonly (Figures & { readonly name: string })[]
  }[]
}

/** Throws when the answer is no summary. */
export function readSummary({ status, body }: Response): NodeReading {
  if (status !== 200) throw new Error(`the kubelet answered with status ${status}`)
  const summary = (body.is === 'object' ? body.object : body.is === 'bytes' ? JSON.parse(decodeText(body.bytes)) : undefined) as Summary | undefined
  if (!summary?.node) throw new Error('the kubelet did not answer with a summary')
  return {
    node: reading(summary.node),
    pods: new Map(
      (summary.pods ?? []).map(({ podRef, containers = [] }) => [
        `${podRef.namespace}/${podRef.name}`,
        new Map(
          containers.flatMap(container => {
            const read = reading(container)
            return read ? [[container.name, read] as const] : []
          }),
        ),
      ]),
    ),
  }
}

function reading({ cpu, memory, startTime }: Figures): Reading | undefined {
  if (cpu?.usageCoreNanoSeconds === undefined || memory?.workingSetBytes === undefined) return undefined
  return { at: new Date(cpu.time).getTime(), cpuNanoSeconds: cpu.usageCoreNanoSeconds, memoryBytes: memory.workingSetBytes, startedAt: startTime ?? undefined }
}
