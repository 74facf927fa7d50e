/** What keys do to the view, wherever in a chart the focus is; and what they do where nothing else needs the arrows. */
import { pan, spanOf, zoom, type View } from './view.ts'

export const ZOOM_STEP = 1.6
const PAN_STEP = 1 / 8

export type Change = (view: View) => View

export function keyChange(key: string, isShift: boolean, domain: View): Change | undefined {
  switch (key) {
    case '+':
    case '=':
      return zoomBy(ZOOM_STEP, domain)
    case '-':
    case '_':
      return zoomBy(1 / ZOOM_STEP, domain)
    case '0':
      return () => domain
    case 'ArrowLeft':
    case 'ArrowRight':
      return isShift ? panBy(key === 'ArrowLeft' ? -PAN_STEP : PAN_STEP, domain) : undefined
    default:
      return undefined
  }
}

export function scrollKeyChange(key: string, domain: View): Change | undefined {
  switch (key) {
    case 'ArrowLeft':
      return panBy(-PAN_STEP, domain)
    case 'ArrowRight':
      return panBy(PAN_STEP, domain)
    case 'PageUp':
      return panBy(-1, domain)
    case 'PageDown':
      return panBy(1, domain)
    case 'Home':
      return panBy(-Infinity, domain)
    case 'End':
      return panBy(Infinity, domain)
    case 'ArrowUp':
      return zoomBy(ZOOM_STEP, domain)
    case 'ArrowDown':
      return zoomBy(1 / ZOOM_STEP, domain)
    default:
      return undefined
  }
}

export const zoomBy =
  (factor: number, domain: View): Change =>
  view =>
    zoom(view, factor, (view.fromMs + view.toMs) / 2, domain)

/** So many widths of the view; at most to the edge. */
const panBy =
  (widths: number, domain: View): Change =>
  view =>
    pan(view, Math.max(-spanOf(domain), Math.min(spanOf(domain), widths * spanOf(view))), domain)
