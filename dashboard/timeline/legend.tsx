import type { JSX } from 'preact'
import { CauseMark } from './marks.tsx'
import type { CauseLine } from './requests.tsx'
import { STAGE_NAMES } from './describe.ts'
import type { StageKind, Tone } from '../../src/timeline/model.ts'

const STAGES: readonly StageKind[] = ['pending', 'init', 'starting', 'ready', 'unready', 'terminating', 'ended']
const TONES: readonly (readonly [Tone, string])[] = [
  ['wait', 'waiting'],
  ['work', 'set up, taken down'],
  ['init', 'init container'],
  ['run', 'container'],
  ['hook', 'hook'],
  ['good', 'Ready, success'],
  ['bad', 'failure, KILL'],
  ['leaving', 'terminating'],
  ['rules', 'a node follows'],
]

export const Legend = ({ lines }: { lines: readonly CauseLine[] }): JSX.Element => (
  <details class="legend" open>
    <summary>Legend</summary>
    <ul>
      {STAGES.map(kind => (
        <li key={kind}>
          <i class={`swatch stage stage-${kind}`} /> {STAGE_NAMES[kind]}
        </li>
      ))}
    </ul>
    <ul>
      {TONES.map(([tone, name]) => (
        <li key={tone}>
          <i class={`swatch bar tone-${tone}`} /> {name}
        </li>
      ))}
      <li>
        <i class="swatch bar tone-run derived" /> exact to the second
      </li>
      <li>
        <i class="swatch bar tone-unknown start-unknown end-unknown">?</i> nobody can say when
      </li>
    </ul>
    {lines.length > 0 ? (
      <ul>
        {lines.map(({ key, name, look }) => (
          <li key={key}>
            <CauseMark look={look} /> {name}
          </li>
        ))}
      </ul>
    ) : null}
    <p>Below the line of a Pod: what EndpointSlices say of it, and how long each node took to follow.</p>
  </details>
)
