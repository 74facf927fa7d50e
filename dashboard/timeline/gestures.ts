/** Wheel, pinch and drag over a chart. The page itself scrolls by the wheel as anywhere, but over the axis and with Ctrl. */
import type { RefObject } from 'preact'
import { useEffect } from 'preact/hooks'
import type { Change } from './keys.ts'
import { pan, spanOf, timeAt, zoom, type View } from './view.ts'

/** A pointer that moved less was a click. */
const CLICK_PX = 4
const WHEEL_PX_PER_DOUBLING = 300

export function useGestures(chart: RefObject<HTMLElement | null>, domain: View, setView: (change: Change) => void): void {
  useEffect(() => {
    const element = chart.current
    if (!element) return undefined
    // Wheels and fingers tell more often than a screen is drawn.
    let waiting: Change[] = []
    let frame = 0
    const change = (next: Change): void => {
      waiting.push(next)
      if (waiting.length > 1) return
      frame = requestAnimationFrame(() => {
        const changes = waiting
        waiting = []
        setView(view => changes.reduce((seen, one) => one(seen), view))
      })
    }
    const pointers = new Map<number, number>()
    let moved = 0
    const plot = (): DOMRect => element.querySelector('[data-plot]')!.getBoundingClientRect()
    const timeOf = (view: View, x: number): number => timeAt(view, (x - plot().left) / plot().width)
    const onWheel = (event: WheelEvent): void => {
      const target = event.target as Element
      if (target.closest('.gutter')) return
      const pixels = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1
      const sideways = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX
      const isZoom = event.ctrlKey || event.metaKey || (!event.shiftKey && Boolean(target.closest('.overview-row, .axis-row, .requests')))
      if (isZoom && event.deltaY !== 0) {
        event.preventDefault()
        // A pinch on a touchpad comes as small steps with Ctrl.
        const factor = 2 ** ((-event.deltaY * pixels * (event.ctrlKey && Math.abs(event.deltaY) < 50 ? 3 : 1)) / WHEEL_PX_PER_DOUBLING)
        const isOverview = Boolean(target.closest('.overview-row'))
        change(view => zoom(view, factor, isOverview ? (view.fromMs + view.toMs) / 2 : timeOf(view, event.clientX), domain))
      } else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
        event.preventDefault()
        change(view => pan(view, ((sideways * pixels) / plot().width) * spanOf(view), domain))
      }
    }
    const onPointerDown = (event: PointerEvent): void => {
      const target = event.target as Element
      // The drag before may have had no click at its end: a finger makes none, nor does a mouse that is let go elsewhere.
      if (pointers.size === 0) moved = 0
      if (event.button !== 0 || !target.closest('.plot') || target.closest('.overview-row')) return
      pointers.set(event.pointerId, event.clientX)
    }
    const onPointerMove = (event: PointerEvent): void => {
      const before = pointers.get(event.pointerId)
      if (before === undefined) return
      const { width } = plot()
      const others = [...pointers].filter(([id]) => id !== event.pointerId).map(([, x]) => x)
      pointers.set(event.pointerId, event.clientX)
      moved += Math.abs(event.clientX - before)
      if (moved < CLICK_PX) return
      element.classList.add('dragging')
      const other = others[0]
      if (other === undefined) return change(view => pan(view, (-(event.clientX - before) / width) * spanOf(view), domain))
      const [apart, wasApart] = [Math.abs(event.clientX - other), Math.abs(before - other)]
      if (apart > 10 && wasApart > 10) change(view => zoom(view, apart / wasApart, timeOf(view, (event.clientX + other) / 2), domain))
    }
    const onPointerUp = (event: PointerEvent): void => {
      pointers.delete(event.pointerId)
      if (pointers.size === 0) element.classList.remove('dragging')
    }
    /** The end of a drag is no click on what happens to lie there. */
    const onClick = (event: MouseEvent): void => {
      if (moved < CLICK_PX || event.detail === 0) return
      moved = 0
      event.stopPropagation()
      event.preventDefault()
    }
    element.addEventListener('wheel', onWheel, { passive: false })
    element.addEventListener('pointerdown', onPointerDown)
    addEventListener('pointermove', onPointerMove)
    addEventListener('pointerup', onPointerUp)
    addEventListener('pointercancel', onPointerUp)
    element.addEventListener('click', onClick, true)
    return () => {
      cancelAnimationFrame(frame)
      element.removeEventListener('wheel', onWheel)
      element.removeEventListener('pointerdown', onPointerDown)
      removeEventListener('pointermove', onPointerMove)
      removeEventListener('pointerup', onPointerUp)
      removeEventListener('pointercancel', onPointerUp)
      element.removeEventListener('click', onClick, true)
    }
  }, [domain, setView])
}
