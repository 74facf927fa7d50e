/** Small shapes. Each cause of loss has a shape and a colour of its own, so that nobody needs to tell colours apart. */
import type { JSX } from 'preact'

const SHAPES = [
  'M5 .6 9.6 9.2H.4Z', // triangle
  'M1 1h8v8H1Z', // square
  'M5 .2 9.8 5 5 9.8.2 5Z', // diamond
  'M5 9.4.4.8h9.2Z', // triangle, pointing down
  'M3.4.5h3.2v2.9h2.9v3.2H6.6v2.9H3.4V6.6H.5V3.4h2.9Z', // plus
  'M5 0 6.5 3.4 10 3.8 7.4 6.2 8.1 9.8 5 8 1.9 9.8 2.6 6.2 0 3.8 3.5 3.4Z', // star
  'M2.6.7h4.8L9.8 5 7.4 9.3H2.6L.2 5Z', // hexagon
  'M1.9.4 5 3.5 8.1.4 9.6 1.9 6.5 5l3.1 3.1-1.5 1.5L5 6.5 1.9 9.6.4 8.1 3.5 5 .4 1.9Z', // cross
] as const
const COLOURS = 5
/** The last one is that of what has no known cause. */
const KNOWN_SHAPES = SHAPES.length - 1

export interface CauseLook {
  readonly shape: string
  readonly className: string
}

/** By the order in which a page first names it. */
export function looksOf(causes: readonly string[]): ReadonlyMap<string, CauseLook> {
  const looks = new Map<string, CauseLook>()
  for (const cause of causes) {
    if (looks.has(cause)) continue
    const index = looks.size
    looks.set(cause, { shape: SHAPES[index % KNOWN_SHAPES]!, className: `cause-${index % COLOURS}` })
  }
  return looks
}

export const SLOW_LOOK: CauseLook = {
  shape: 'M5 .5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9Zm0 2.4a2.1 2.1 0 1 1 0 4.2 2.1 2.1 0 0 1 0-4.2Z',
  className: 'cause-slow',
} // ring
export const UNKNOWN_LOOK: CauseLook = { shape: SHAPES[7], className: 'cause-unknown' }

export const CauseMark = ({ look, size = 10 }: { look: CauseLook; size?: number }): JSX.Element => (
  <svg class={`mark ${look.className}`} viewBox="0 0 10 10" width={size} height={size} aria-hidden="true">
    <path d={look.shape} />
  </svg>
)

const ALARMS: Readonly<Record<string, string>> = { Kill: SHAPES[7], Probe: SHAPES[0], Term: SHAPES[3] }
export const AlarmMark = ({ type }: { type: string }): JSX.Element => (
  <svg class="mark" viewBox="0 0 10 10" width="9" height="9" aria-hidden="true">
    <path d={ALARMS[type] ?? SHAPES[2]} />
  </svg>
)

export const Chevron = ({ open }: { open: boolean }): JSX.Element => (
  <svg class={`chevron ${open ? 'open' : ''}`} viewBox="0 0 10 10" width="9" height="9" aria-hidden="true">
    <path d="M3 1l4.2 4L3 9" fill="none" stroke="currentColor" stroke-width="1.6" />
  </svg>
)
