/** A bar, a stage or a mark that can be pointed at, reached by keys, and pinned. */
import type { ComponentChildren, CSSProperties, JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type { Millis } from '../../src/base/clock.ts'
import { useChart, type Hint } from './chart_state.ts'
import { spoken, type Description } from './describe.ts'

interface SpotProps {
  readonly id: string
  readonly className: string
  readonly style: CSSProperties
  readonly fromMs: Millis
  readonly toMs: Millis
  readonly describe: () => Description
  readonly children?: ComponentChildren
}

export function Spot({ id, className, style, fromMs, toMs, describe, children }: SpotProps): JSX.Element {
  const { focusId, pinned, show, pin, focus, zoomTo } = useChart()
  // It does not depend on the view, and is asked for with every step of a zoom.
  const label = useMemo(() => spoken(describe()), [id])
  const hint = (element: HTMLElement, x?: number): Hint => {
    const box = element.getBoundingClientRect()
    return {
      id,
      description: describe(),
      anchor: { x: x ?? Math.max(box.left, 0) + Math.min(box.width, 40) / 2, top: box.top, bottom: box.bottom },
      range: { fromMs, toMs },
    }
  }
  return (
    <button
      type="button"
      class={`spot ${className}${pinned?.id === id ? ' pinned' : ''}`}
      style={style}
      data-id={id}
      tabIndex={focusId === id ? 0 : -1}
      aria-label={label}
      aria-pressed={pinned?.id === id}
      onPointerEnter={event => event.pointerType === 'mouse' && show(hint(event.currentTarget, event.clientX))}
      onPointerLeave={() => show(undefined)}
      onFocus={event => {
        focus(id)
        if (event.currentTarget.matches(':focus-visible')) show(hint(event.currentTarget))
      }}
      onBlur={() => show(undefined)}
      onClick={event => pin(pinned?.id === id ? undefined : hint(event.currentTarget))}
      onDblClick={() => zoomTo(fromMs, toMs)}
    >
      {children}
    </button>
  )
}
