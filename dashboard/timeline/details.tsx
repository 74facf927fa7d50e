import type { JSX } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { Hint } from './chart_state.ts'
import type { Description } from './describe.ts'

const GAP_PX = 10

/** Beside what is pointed at; never in the way of the pointer, never outside of the window. */
export function Tooltip({ hint }: { hint: Hint }): JSX.Element {
  const ref = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const element = ref.current!
    const { width, height } = element.getBoundingClientRect()
    const { x, top, bottom } = hint.anchor
    const left = Math.min(Math.max(8, x - 24), innerWidth - width - 8)
    const isAbove = bottom + GAP_PX + height > innerHeight && top - GAP_PX - height > 0
    element.style.left = `${left}px`
    element.style.top = `${isAbove ? top - GAP_PX - height : bottom + GAP_PX}px`
  })
  return (
    <div ref={ref} class="tooltip" role="tooltip">
      <Facts description={hint.description} />
    </div>
  )
}

interface PinnedProps {
  readonly hint: Hint
  readonly zoomTo: () => void
  readonly close: () => void
}

export function Pinned({ hint, zoomTo, close }: PinnedProps): JSX.Element {
  return (
    <aside class="pinned-details" aria-label="Details">
      <Facts description={hint.description} />
      <p class="buttons">
        <button type="button" onClick={zoomTo}>
          Zoom to it
        </button>
        <button type="button" onClick={close}>
          Close <kbd>Esc</kbd>
        </button>
      </p>
    </aside>
  )
}

function Facts({ description: { title, of, facts } }: { description: Description }): JSX.Element {
  return (
    <>
      <p class="facts-title">
        <strong>{title}</strong> <span>{of}</span>
      </p>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  )
}
