/** The lines of an opened Pod: rows of the model that never overlap share one, so that a life fits on a screen. */
import type { Bar, PodLane, Row } from '../../src/timeline/model.ts'

export interface Line {
  readonly key: string
  readonly name: string
  readonly bars: readonly Bar[]
}

export function linesOf({ rows }: PodLane): Line[] {
  const lines = new Map<string, { key: string; name: string; bars: Bar[] }>()
  for (const row of rows) {
    const { key, name } = lineOf(row)
    const line = lines.get(key) ?? { key, name, bars: [] }
    lines.set(key, line)
    line.bars.push(...row.bars)
  }
  return [...lines.values()].map(line => ({ ...line, bars: line.bars.toSorted((a, b) => a.fromMs - b.fromMs || b.toMs - a.toMs) }))
}

function lineOf({ id, type, name, subject, container }: Row): { key: string; name: string } {
  switch (type) {
    case 'Scheduling':
    case 'Delivery':
    case 'Volumes':
    case 'Sandbox':
    case 'SandboxStop':
      return { key: 'set-up', name: 'set up, take down' }
    case 'ImagePull':
    case 'ContainerStart':
    case 'InitContainer':
    case 'Container':
      return { key: `container/${container}`, name: container ?? 'container' }
    case 'Term':
    case 'Kill':
      return { key: `signals/${container}`, name: `${container ?? ''} TERM, KILL`.trim() }
    default:
      return { key: id, name: subject ? `${name} ${subject}` : name }
  }
}

/** What must not be overlooked while the Pod is one line: failures, signals, kills. */
export const alarmsOf = ({ rows }: PodLane): Bar[] =>
  rows
    .filter(({ type }) => type !== 'Ready')
    .flatMap(({ type, bars }) => bars.filter(({ tone }) => tone === 'bad' || type === 'Term'))
    .sort((a, b) => a.fromMs - b.fromMs)
