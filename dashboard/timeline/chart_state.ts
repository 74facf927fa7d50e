/** What a chart knows, handed to its parts; and the rows that the arrow keys walk. */
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Millis } from '../../src/base/clock.ts'
import type { Description } from './describe.ts'
import type { RunData } from './run_data.ts'
import { placeOf, type View } from './view.ts'

export interface ChartState {
  readonly run: RunData
  readonly view: View
  readonly widthPx: number
  /** The one button that Tab reaches; arrows move it. */
  readonly focusId: string
  readonly pinned: Hint | undefined
  show(hint: Hint | undefined): void
  pin(hint: Hint | undefined): void
  focus(id: string): void
  zoomTo(fromMs: Millis, toMs: Millis): void
}

export interface Hint {
  readonly id: string
  readonly description: Description
  /** Where it stands on the screen. */
  readonly anchor: { readonly x: number; readonly top: number; readonly bottom: number }
  readonly range: View
}

export const ChartContext = createContext<ChartState | undefined>(undefined)
export function useChart(): ChartState {
  const state = useContext(ChartContext)
  if (!state) throw new Error('a part of a chart stands outside of it')
  return state
}

export interface NavItem {
  readonly id: string
  readonly fromMs: Millis
  readonly toMs: Millis
}

/** The header, if it has one, comes first. */
export interface NavRow {
  readonly header: string | undefined
  readonly items: readonly NavItem[]
}

export type Step = 'left' | 'right' | 'up' | 'down' | 'first' | 'last'

/** Where an arrow key leads: along a row, or to what lies at the same time in the next one. Undefined: nowhere. */
export function nextFocus(rows: readonly NavRow[], id: string, step: Step): NavItem | string | undefined {
  const index = rows.findIndex(({ header, items }) => header === id || items.some(item => item.id === id))
  const row = rows[index]
  if (!row) return rows.map(({ header, items }) => header ?? items[0]).find(Boolean)
  const at = row.items.findIndex(item => item.id === id)
  switch (step) {
    case 'left':
      return at <= 0 ? row.header : row.items[at - 1]
    case 'right':
      return row.items[at + 1]
    case 'first':
      return row.header ?? row.items[0]
    case 'last':
      return row.items.at(-1)
    case 'up':
    case 'down': {
      const there = rows.slice(step === 'up' ? 0 : index + 1, step === 'up' ? index : undefined).filter(({ header, items }) => header ?? items[0])
      const next = step === 'up' ? there.at(-1) : there[0]
      if (!next) return undefined
      const from = row.items[at]
      if (!from) return next.header ?? next.items[0]
      return nearest(next.items, from) ?? next.header
    }
  }
}

function nearest(items: readonly NavItem[], { fromMs }: NavItem): NavItem | undefined {
  const distance = (item: NavItem): Millis =>
    item.fromMs <= fromMs && item.toMs >= fromMs ? 0 : Math.min(Math.abs(item.fromMs - fromMs), Math.abs(item.toMs - fromMs))
  return items.reduce<NavItem | undefined>((best, item) => (best && distance(best) <= distance(item) ? best : item), undefined)
}

/** As a share of the width; what reaches out of the view is cut there, so that no element gets wider than a screen. */
export const percent = (view: View, atMs: Millis): number => Math.min(100, Math.max(0, placeOf(view, atMs) * 100))
export const stretch = (view: View, fromMs: Millis, toMs: Millis): { left: string; width: string } => {
  const left = percent(view, fromMs)
  return { left: `${left}%`, width: `${percent(view, toMs) - left}%` }
}
/** Where it is cut, it has no edge. */
export const cuts = (view: View, fromMs: Millis, toMs: Millis): string => `${fromMs < view.fromMs ? ' cut-left' : ''}${toMs > view.toMs ? ' cut-right' : ''}`
