/** How well every piece of text on a page stands out from what lies behind it, as WCAG 2 reckons: 4.5 is enough for anybody. */
import type { Page } from 'playwright-core'

export interface Contrast {
  readonly text: string
  readonly ratio: number
}

/** The worst first, each kind of text (by its class and tag) once. */
export const contrastsOf = (page: Page): Promise<Contrast[]> =>
  page.evaluate(() => {
    const canvas = document.createElement('canvas')
    canvas.width = canvas.height = 1
    const context = canvas.getContext('2d', { willReadFrequently: true })!
    type Colour = [number, number, number, number]
    /** Whatever notation the browser computes: the canvas says what it looks like. */
    const read = (css: string): Colour => {
      context.clearRect(0, 0, 1, 1)
      context.fillStyle = css
      context.fillRect(0, 0, 1, 1)
      const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data
      return [red!, green!, blue!, alpha! / 255]
    }
    const over = (top: Colour, below: Colour): Colour => [0, 1, 2].map(at => top[at]! * top[3] + below[at]! * (1 - top[3])).concat(1) as Colour
    const behind = (element: Element | null): Colour => {
      if (!element) return matchMedia('(prefers-color-scheme: dark)').matches ? [0, 0, 0, 1] : [255, 255, 255, 1]
      const style = getComputedStyle(element)
      const own = read(style.backgroundColor)
      const ground = own[3] >= 0.999 ? own : over(own, behind(element.parentElement))
      // The stripes of a pattern take at most so much of the colour of its edge.
      return style.backgroundImage === 'none' ? ground : over([...(read(style.borderTopColor).slice(0, 3) as [number, number, number]), 0.3], ground)
    }
    const luminance = ([red, green, blue]: Colour): number => {
      const [r, g, b] = [red, green, blue].map(value => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4))
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
    }
    const worst = new Map<string, { text: string; ratio: number }>()
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement!
      const text = node.textContent!.trim()
      if (text === '' || element.closest('script, noscript, .sr-only, .skip') || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
        continue
      const style = getComputedStyle(element)
      const ground = behind(element)
      const [light, dark] = [luminance(over(read(style.color), ground)), luminance(ground)].sort((a, b) => b - a)
      const ratio = (light! + 0.05) / (dark! + 0.05)
      const kind = `${element.tagName} ${element.className} ${element.parentElement?.className ?? ''}`
      if (ratio < (worst.get(kind)?.ratio ?? Infinity)) worst.set(kind, { text: `${kind}: ${text.slice(0, 40)}`, ratio: Math.round(ratio * 100) / 100 })
    }
    return [...worst.values()].sort((a, b) => a.ratio - b.ratio)
  })
