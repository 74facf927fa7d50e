/** Figures as people read them. */
import type { Millis } from '../base/clock.ts'

/** `12 ms`, `1.25 s`: with as many digits as mean something. */
export const milliseconds = (ms: Millis): string => (ms < 1_000 ? `${ms < 10 ? trim(ms.toFixed(1)) : Math.round(ms)} ms` : seconds(ms))

export const seconds = (ms: Millis): string => `${trim((ms / 1000).toFixed(ms < 10_000 ? 2 : 1))} s`

/** `18.5 %`; a share that is not nothing never reads as nothing. */
export const percent = (share: number): string => (share > 0 && share < 0.0005 ? 'under 0.1 %' : `${trim((share * 100).toFixed(1))} %`)

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

const trim = (number: string): string => (number.includes('.') ? number.replace(/\.?0+$/, '') : number)
